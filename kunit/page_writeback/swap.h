/* SPDX-License-Identifier: GPL-2.0 */
/* Swap over a RAM disk: see swap.c. Only with CONFIG_PAGE_WRITEBACK_SWAP. */
#ifndef _PAGE_WRITEBACK_SWAP_H
#define _PAGE_WRITEBACK_SWAP_H

#include <linux/mm_types.h>

int pwb_swap_on(void);
int pwb_swap_off(void);
int pwb_swap_add(struct page *page);
int pwb_swap_write(struct page *page);
int pwb_swap_read(struct page *page);
void pwb_swap_unuse(struct page *page);
void pwb_swap_free(struct page *page);

#endif /* _PAGE_WRITEBACK_SWAP_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Huge pages of shmem: see huge.c. Only with CONFIG_TRANSPARENT_HUGEPAGE. */
#ifndef _PAGE_WRITEBACK_HUGE_H
#define _PAGE_WRITEBACK_HUGE_H

#include <linux/fs.h>
#include <linux/mm_types.h>

struct file *pwb_huge_file_get(void);
void pwb_huge_file_put(struct file *file);
struct page *pwb_huge_page(struct file *file);

#endif /* _PAGE_WRITEBACK_HUGE_H */

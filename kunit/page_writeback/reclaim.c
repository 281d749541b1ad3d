// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim comes upon the page. While it is under writeback, it can only mark it:
 * the end of writeback then moves the page to where reclaim looks next. Later
 * it takes a page without writeback out of its file, and frees it.
 *
 * What was moved, and what is put back, is in a batch of this CPU that holds a
 * reference. Reclaim begins by emptying that, as others do when they end.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/swap.h>

#include "actors.h"
#include "../../internal.h"

/* G: as MADV_PAGEOUT does. */
void pwb_actor_reclaim(void *data, int self)
{
	struct pwb_world *world = data;
	LIST_HEAD(pages);
	struct page *page;

	lru_add_drain();
	page = pwb_find(world);
	if (!page)
		return;
	if (compat_isolate_lru(page))
		list_add(&page->lru, &pages);
	put_page(page);
	ilv_note("reclaim_pages()");
	reclaim_pages(&pages);
	lru_add_drain();
}

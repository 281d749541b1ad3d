// SPDX-License-Identifier: GPL-2.0
/* The page moves to another frame while its writeback ends. */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "catalogue.h"
#include "../../internal.h"

static struct compat_migrate_folio *
pwb_migrate_target(struct compat_migrate_folio *folio, unsigned long private)
{
	return (struct compat_migrate_folio *)alloc_page(GFP_KERNEL);
}

/* M: as the migrate_pages() system call and compaction for CMA do. */
void pwb_actor_migrate(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find(world);
	LIST_HEAD(pages);

	if (!page)
		return;
	ilv_note("migrate_pages()");
	if (compat_isolate_lru(page)) {
		list_add(&page->lru, &pages);
		inc_node_page_state(page, NR_ISOLATED_ANON +
					  folio_is_file_lru(page_folio(page)));
	}
	put_page(page);
	if (compat_migrate_pages(&pages, pwb_migrate_target))
		putback_movable_pages(&pages);
	/* The batch of pages on their way to the LRU list holds a reference. */
	lru_add_drain();
}

const struct pwb_scenario pwb_migrate_scenarios[] = {
	/*
	 * H1 and H2: (1) E clears PG_writeback, (2) M moves the page and frees
	 * its frame, (3) R gets the frame for another file, puts it under
	 * writeback and waits, (4) E looks for waiters, and wakes R.
	 */
	{
		.program = PWB_PROGRAM("migrate", pwb_setup, pwb_teardown,
				       PWB_OP_END, PWB_OP_MIGRATE, PWB_OP_REUSE),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) |
			 PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT_AGAIN),
	},

	{}
};

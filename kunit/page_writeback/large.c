// SPDX-License-Identifier: GPL-2.0
/*
 * Folios of more than one page, in the page cache of a file that allows them.
 * The frame under test is the first of several, which come and go together: all
 * of their struct pages are watched, for what is known of a large folio is in
 * those of its tail pages as well.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "catalogue.h"
#include "../compat.h"

/* Such ones are kept apart for each CPU: who frees one gets the same again. */
#define PWB_LARGE_ORDER		2

static int pwb_large_init(struct pwb_world *world)
{
	world->order = PWB_LARGE_ORDER;
	compat_allow_large_folios(world->file[0]);
	compat_allow_large_folios(world->file[1]);
	return 0;
}

static int pwb_large_setup(void *data)
{
	struct pwb_world *world = data;

	world->page = alloc_pages(GFP_KERNEL | __GFP_COMP, PWB_LARGE_ORDER);
	return world->page ? pwb_setup_frame(world) : -ENOMEM;
}

static int pwb_large_untagged_setup(void *data)
{
	struct pwb_world *world = data;

	mapping_set_no_writeback_tags(world->file[0]);
	return pwb_large_setup(data);
}

#define PWB_LACKS	(COMPAT_HAS_LARGE_FOLIOS ? NULL : "not on this line")

const struct pwb_scenario pwb_large_scenarios[] = {
	/*
	 * H1: (1) F and T wait for the writeback, (2) E ends it, (3) T frees
	 * the folio, (4) E looks for waiters, or counts its pages.
	 */
	{
		.program = PWB_PROGRAM("large_truncate", pwb_large_setup,
				       pwb_teardown, PWB_OP_END,
				       PWB_OP_TRUNCATE, PWB_OP_FDATAWAIT),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) |
			 PWB_NEEDS(FDATAWAIT),
		.lacks = PWB_LACKS,
		.init = pwb_large_init,
	},

	/*
	 * H2: as before, but (3) R gets the folio for another file, puts it
	 * under writeback and waits, (4) E wakes R.
	 */
	{
		.program = PWB_PROGRAM("large_reuse", pwb_large_setup,
				       pwb_teardown, PWB_OP_END,
				       PWB_OP_TRUNCATE, PWB_OP_REUSE),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) |
			 PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT_AGAIN),
		.lacks = PWB_LACKS,
		.init = pwb_large_init,
	},

	/*
	 * H1 and H2 as in stale_reuse, where no lock keeps the folio: (0) K was
	 * killed, and PG_waiters is set for nobody.
	 */
	{
		.program = PWB_PROGRAM("large_untagged", pwb_large_untagged_setup,
				       pwb_teardown, PWB_OP_END, PWB_OP_KILLED,
				       PWB_OP_TRUNCATE, PWB_OP_REUSE),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) |
			 PWB_NEEDS(REUSED) | PWB_NEEDS(STALE),
		.lacks = PWB_LACKS,
		.init = pwb_large_init,
	},

	{}
};

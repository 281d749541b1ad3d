// SPDX-License-Identifier: GPL-2.0
/*
 * Folios that are not to stay in memory once they are written: the end of
 * writeback drops them itself, if it can have the lock. It has business with
 * the folio for longer than any other end, and is one more to remove it.
 *
 * The filesystem is told of each folio that has left its file: none may be under
 * writeback then, be it the next.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "catalogue.h"
#include "../compat.h"

static void pwb_dropbehind_free_folio(struct compat_aops_folio *arg)
{
	struct folio *folio = (struct folio *)arg;
	struct pwb_world *world = pwb_world_of(&folio->page);

	if (!world)
		return;
	if (ilv_self() == world->ender)
		pwb_saw(world, PWB_SAW_DROPPED);
	if (!folio_test_writeback(folio))
		return;
	ilv_violation(world->writebacks > 1 ? PWB_LATE_WAKE : PWB_EARLY_RETURN);
	/* Freed in this state it would take the allocator down with it. */
	pwb_end_orphan(world);
}

static const struct address_space_operations pwb_dropbehind_aops = {
	.dirty_folio	= noop_dirty_folio,
	.free_folio	= pwb_dropbehind_free_folio,
};

static int pwb_dropbehind_init(struct pwb_world *world)
{
	world->file[0]->a_ops = &pwb_dropbehind_aops;
	world->drops = true;
	return 0;
}

static int pwb_dropbehind_setup(void *data)
{
	struct pwb_world *world = data;
	int ret = pwb_setup(world);

	if (!ret)
		folio_set_dropbehind(pwb_folio(world));
	return ret;
}

#define PWB_LACKS	(COMPAT_HAS_DROPBEHIND ? NULL : "not on this line")

const struct pwb_scenario pwb_dropbehind_scenarios[] = {
	/*
	 * H1: (1) E clears PG_writeback, (2) T frees the page before E has
	 * looked for PG_dropbehind, or while E wants the lock, (3) R gets the
	 * frame for another file. Or E itself is the one who frees it.
	 */
	{
		.program = PWB_PROGRAM("dropbehind", pwb_dropbehind_setup,
				       pwb_teardown, PWB_OP_END,
				       PWB_OP_TRUNCATE, PWB_OP_REUSE),
		.covered = true,
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) |
			 PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT_AGAIN) |
			 PWB_NEEDS(DROPPED),
		.lacks = PWB_LACKS,
		.init = pwb_dropbehind_init,
	},

	/*
	 * (1) E clears PG_writeback, (2) S puts the page under writeback again,
	 * (3) W waits for that, (4) E must leave the page where it is.
	 */
	{
		.program = PWB_PROGRAM("dropbehind_rearm", pwb_dropbehind_setup,
				       pwb_teardown, PWB_OP_END,
				       PWB_OP_REARM, PWB_OP_WAIT),
		.covered = true,
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(REARMED) |
			 PWB_NEEDS(WAIT) | PWB_NEEDS(WAIT_AGAIN) |
			 PWB_NEEDS(DROPPED),
		.lacks = PWB_LACKS,
		.init = pwb_dropbehind_init,
	},

	{}
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Those who wait for writeback inside a larger operation, with the page locked,
 * and then do what only a page without writeback may suffer: truncation of a
 * part of the page, which clears that part, and invalidation.
 *
 * What they wait for they do not say. The filesystem knows: its methods are
 * called under the page lock after the wait, when no writeback may be seen.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>

#include "catalogue.h"

static void pwb_invalidate_folio(struct compat_aops_folio *arg,
				 compat_aops_size offset,
				 compat_aops_size length)
{
	struct folio *folio = (struct folio *)arg;

	if (folio_test_writeback(folio))
		ilv_violation(PWB_LATE_WAKE);
	if (!offset && length == PAGE_SIZE)
		folio_detach_private(folio);
}

/* To refuse keeps a page that is under writeback from being freed. */
static int pwb_launder_folio(struct compat_aops_folio *arg)
{
	struct folio *folio = (struct folio *)arg;

	folio_clear_dirty(folio);
	if (!folio_test_writeback(folio))
		return 0;
	ilv_violation(PWB_LATE_WAKE);
	return -EIO;
}

static const struct address_space_operations pwb_context_aops = {
	.dirty_folio		= noop_dirty_folio,
	.invalidate_folio	= pwb_invalidate_folio,
	.launder_folio		= pwb_launder_folio,
};

static int pwb_context_init(struct pwb_world *world)
{
	world->file[0]->a_ops = &pwb_context_aops;
	return 0;
}

/* The file's page has something private, so invalidate_folio() is called. */
static int pwb_partial_setup(void *data)
{
	struct pwb_world *world = data;
	int ret = pwb_setup(world);

	if (!ret)
		folio_attach_private(pwb_folio(world), PWB_PRIVATE);
	return ret;
}

/* It was dirtied again while under writeback, so launder_folio() is called. */
static int pwb_dirty_setup(void *data)
{
	struct pwb_world *world = data;
	int ret = pwb_setup(world);

	if (!ret)
		folio_set_dirty(pwb_folio(world));
	return ret;
}

/* P: truncate the file in the middle of the page. */
void pwb_actor_partial(void *data, int self)
{
	struct pwb_world *world = data;

	truncate_inode_pages(world->file[0], PAGE_SIZE / 2);
}

/* I: as before or after direct I/O. */
void pwb_actor_invalidate(void *data, int self)
{
	struct pwb_world *world = data;

	invalidate_inode_pages2_range(world->file[0], 0, -1);
}

const struct pwb_scenario pwb_context_scenarios[] = {
	/*
	 * H3 in truncation: (1) E clears PG_writeback, (2) S puts the page
	 * under writeback again, (3) P locks it and waits, (4) E wakes P, which
	 * clears half of what is being written.
	 */
	{
		.program = PWB_PROGRAM("partial", pwb_partial_setup,
				       pwb_teardown, PWB_OP_END,
				       PWB_OP_REARM, PWB_OP_PARTIAL),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(REARMED) |
			 PWB_NEEDS(WAIT_AGAIN),
		.init = pwb_context_init,
	},

	/*
	 * H3 in invalidation, as before; (4) E wakes I, which takes the page
	 * out of the file while it is being written. And H1: without S, I frees
	 * the page as soon as PG_writeback is clear.
	 */
	{
		.program = PWB_PROGRAM("invalidate", pwb_dirty_setup,
				       pwb_teardown, PWB_OP_END,
				       PWB_OP_REARM, PWB_OP_INVALIDATE),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(REARMED) |
			 PWB_NEEDS(WAIT_AGAIN) | PWB_NEEDS(FREED),
		.init = pwb_context_init,
	},

	{}
};

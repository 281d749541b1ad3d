// SPDX-License-Identifier: GPL-2.0
/*
 * One end of writeback, one step: the counters, the tag in the page cache, and
 * the superblock's list of inodes under writeback.
 *
 * To be judged when all actors sleep or are done: whatever they were in the
 * middle of is over, and what is counted must be what is there.
 */
#include <linux/backing-dev.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/writeback.h>

#include "pwb.h"
#include "../compat.h"

#define PWB_FOLDING_US	20000

static const char *const pwb_count_names[] = {
	[PWB_NR_WRITEBACK]	= "NR_WRITEBACK is off",
	[PWB_NR_PENDING]	= "NR_ZONE_WRITE_PENDING is off",
	[PWB_NR_WRITTEN]	= "NR_WRITTEN is off",
	[PWB_WB_WRITEBACK]	= "WB_WRITEBACK is off",
	[PWB_WB_WRITTEN]	= "WB_WRITTEN is off",
};

static void pwb_count(const struct pwb_world *world, long *count)
{
	struct bdi_writeback *wb = &inode_to_bdi(world->file[0]->host)->wb;
	struct pglist_data *node = page_pgdat(world->page);
	struct zone *zone = page_zone(world->page);

	count[PWB_NR_WRITEBACK] = compat_node_stat(node, NR_WRITEBACK);
	count[PWB_NR_PENDING] = compat_zone_stat(zone, NR_ZONE_WRITE_PENDING);
	count[PWB_NR_WRITTEN] = compat_node_stat(node, NR_WRITTEN);
	count[PWB_WB_WRITEBACK] = wb_stat_sum(wb, WB_WRITEBACK);
	count[PWB_WB_WRITTEN] = wb_stat_sum(wb, WB_WRITTEN);
}

/*
 * Is a counter off? For a moment it may be, while another CPU adds its share to the
 * sum: give it time, until one was off in the end.
 */
static bool pwb_is_off(struct pwb_world *world, enum pwb_counter i, long expected)
{
	unsigned int us = world->was_off ? 0 : PWB_FOLDING_US;
	long count[PWB_NR_COUNTS];

	for (;;) {
		pwb_count(world, count);
		if (likely(count[i] - world->count[i] == expected))
			return false;
		if (!us--)
			break;
		udelay(1);
	}
	world->was_off = true;
	return true;
}

static void pwb_accounting_is_off(const char *what)
{
	ilv_note(what);
	ilv_violation(PWB_ACCOUNTING);
}

/**
 * pwb_accounting_start() - take the counts that the next schedule starts from
 * @world: the world, with no page under writeback
 */
void pwb_accounting_start(struct pwb_world *world)
{
	memset(world->begun, 0, sizeof(world->begun));
	pwb_count(world, world->count);
}

/**
 * pwb_accounting_digest() - a hash of what was counted in this schedule
 * @world: the world
 * @hash: what it depends on beside that
 */
u64 pwb_accounting_digest(const struct pwb_world *world, u64 hash)
{
	long count[PWB_NR_COUNTS];
	unsigned int i;

	pwb_count(world, count);
	for (i = 0; i < PWB_NR_COUNTS; i++)
		count[i] -= world->count[i];
	return ilv_hash(hash, count, sizeof(count));
}

/**
 * pwb_begin_writeback() - put the page under test under writeback
 * @world: the world
 *
 * The page must be locked, and not under writeback.
 */
void pwb_begin_writeback(struct pwb_world *world)
{
	struct folio *folio = pwb_folio(world);

	if (world->accounted)
		world->begun[mapping_use_writeback_tags(world->page->mapping)] +=
			compat_nr_counted(folio);
	folio_start_writeback(folio);
}

/**
 * pwb_accounting_check() - is all that is counted as it should be?
 * @world: the world
 * @file: the file that the page is in, if it is under writeback; or NULL
 */
void pwb_accounting_check(struct pwb_world *world,
			  const struct address_space *file)
{
	long begun = world->begun[0] + world->begun[1];
	long pages = file ? compat_nr_counted(pwb_folio(world)) : 0;
	long tagged = pages && mapping_use_writeback_tags((void *)file) ? pages : 0;
	long under = pages + pwb_neighbour_busy(world);
	long dirty = mapping_tagged(world->file[0], PAGECACHE_TAG_DIRTY);
	long expected[] = {
		[PWB_NR_WRITEBACK]	= under,
		[PWB_NR_PENDING]	= under + dirty,
		[PWB_NR_WRITTEN]	= begun - under,
		[PWB_WB_WRITEBACK]	= tagged,
		[PWB_WB_WRITTEN]	= world->begun[1] - tagged,
	};
	long count[PWB_NR_COUNTS];
	unsigned int i;

	if (!world->accounted)
		return;
	pwb_count(world, count);
	for (i = 0; i < PWB_NR_COUNTS; i++)
		if (unlikely(count[i] - world->count[i] != expected[i]) &&
		    pwb_is_off(world, i, expected[i]))
			pwb_accounting_is_off(pwb_count_names[i]);

	for (i = 0; i < 2; i++) {
		struct inode *inode = world->file[i]->host;
		bool wanted = tagged && world->file[i] == file;

		if (mapping_tagged(world->file[i], PAGECACHE_TAG_WRITEBACK) !=
		    wanted)
			pwb_accounting_is_off("PAGECACHE_TAG_WRITEBACK is off");
		if (list_empty(&inode->i_wb_list) == wanted)
			pwb_accounting_is_off("i_wb_list is off");
	}
}

/**
 * pwb_accounting_repair() - let the next schedule not inherit a broken list
 * @world: the world, with no page under writeback
 */
void pwb_accounting_repair(struct pwb_world *world)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (unlikely(!list_empty(&world->file[i]->host->i_wb_list)))
			sb_clear_inode_writeback(world->file[i]->host);
}

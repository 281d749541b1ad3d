// SPDX-License-Identifier: GPL-2.0
/*
 * Another page whose waiters queue in the same bucket of the table of page wait
 * queues, with an ender and waiters of its own. Nothing but the bucket is shared:
 * it is in a file of its own, without writeback tags.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>

#include "actors.h"
#include "../compat.h"

#define PWB_NEIGHBOUR_TRIES	(COMPAT_PAGE_WAIT_BUCKETS * 32)

static bool pwb_same_bucket(const struct page *a, const struct page *b)
{
	unsigned int bits = ilog2(COMPAT_PAGE_WAIT_BUCKETS);

	return hash_ptr((void *)a, bits) == hash_ptr((void *)b, bits);
}

static int pwb_neighbour_add(struct pwb_world *world, struct page *page)
{
	struct inode *inode = new_inode(world->file[0]->host->i_sb);
	int ret;

	if (!inode)
		return -ENOMEM;
	inode->i_mode = S_IFREG;
	mapping_set_no_writeback_tags(inode->i_mapping);
	ret = compat_filemap_add(inode->i_mapping, page_folio(page), 0);
	if (ret) {
		iput(inode);
		return ret;
	}
	unlock_page(page);
	/* Where it was in a list is not for the digest. */
	INIT_LIST_HEAD(&page->lru);
	world->neighbour = page;
	return 0;
}

/**
 * pwb_neighbour_put() - give the neighbour back
 * @world: the world
 */
void pwb_neighbour_put(struct pwb_world *world)
{
	struct page *page = world->neighbour;

	world->neighbour = NULL;
	if (!page)
		return;
	/* With its file goes what that holds. */
	iput(page->mapping->host);
	put_page(page);
}

/**
 * pwb_neighbour_get() - have a neighbour for the frame that is under test now
 * @world: the world; the neighbour it has is kept if it is one still
 *
 * Return: 0 or a negative errno.
 */
int pwb_neighbour_get(struct pwb_world *world)
{
	unsigned int tries = PWB_NEIGHBOUR_TRIES;
	struct page *page, *next;
	LIST_HEAD(others);
	int ret = -ENOMEM;

	if (world->neighbour && pwb_same_bucket(world->neighbour, world->page))
		return 0;
	pwb_neighbour_put(world);
	while (tries--) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			break;
		if (pwb_same_bucket(page, world->page)) {
			ret = pwb_neighbour_add(world, page);
			if (ret)
				__free_page(page);
			break;
		}
		list_add(&page->lru, &others);
	}
	list_for_each_entry_safe(page, next, &others, lru)
		__free_page(page);
	return ret;
}

static void pwb_neighbour_begin(struct pwb_world *world)
{
	if (world->accounted)
		world->begun[0]++;
	lock_page(world->neighbour);
	set_page_writeback(world->neighbour);
	unlock_page(world->neighbour);
}

/**
 * pwb_neighbour_setup() - put the neighbour under writeback, and watch it
 * @world: the world, all else of it set up
 *
 * Return: 0 or a negative errno.
 */
int pwb_neighbour_setup(struct pwb_world *world)
{
	int ret;

	folio_clear_waiters(page_folio(world->neighbour));
	pwb_neighbour_begin(world);
	ret = ilv_watch(world->neighbour, sizeof(world->neighbour->flags));
	return ret < 0 ? ret : 0;
}

/**
 * pwb_neighbour_busy() - is there a neighbour under writeback?
 * @world: the world
 */
bool pwb_neighbour_busy(const struct pwb_world *world)
{
	return world->neighbour && PageWriteback(world->neighbour);
}

/**
 * pwb_neighbour_end() - end the neighbour's writeback, where no actor will
 * @world: the world
 *
 * Return: whether there was one.
 */
bool pwb_neighbour_end(struct pwb_world *world)
{
	if (!pwb_neighbour_busy(world))
		return false;
	end_page_writeback(world->neighbour);
	return true;
}

/**
 * pwb_neighbour_wake() - wake all that wait for the neighbour
 * @world: the world
 */
void pwb_neighbour_wake(struct pwb_world *world)
{
	if (!world->neighbour)
		return;
	pwb_neighbour_begin(world);
	folio_set_waiters(page_folio(world->neighbour));
	end_page_writeback(world->neighbour);
}

/* N: the completion of the neighbour's I/O. */
void pwb_actor_neighbour_end(void *data, int self)
{
	struct pwb_world *world = data;

	world->neighbour_ender = self;
	end_page_writeback(world->neighbour);
}

/* O: wait for the neighbour's writeback; there is no other that could begin. */
void pwb_actor_neighbour_wait(void *data, int self)
{
	struct pwb_world *world = data;

	world->wait[self].neighbour = true;
	pwb_will_wait(world, self, PG_writeback);
	ilv_note("wait_on_page_writeback() for the neighbour");
	wait_on_page_writeback(world->neighbour);
	if (PageWriteback(world->neighbour))
		ilv_violation(PWB_EARLY_RETURN);
	if (ilv_sleeps(self))
		pwb_saw(world, PWB_SAW_NEIGHBOUR);
	world->wait[self].waiting = false;
}

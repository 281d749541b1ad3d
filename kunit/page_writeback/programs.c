// SPDX-License-Identifier: GPL-2.0
/*
 * The world of programs: that of the scenarios, and what some of the catalogue's
 * entries need beside. The first file is of a filesystem that writes pages, wants
 * them stable meanwhile, and is asked before a page leaves the file.
 *
 * It then notes a page that is under writeback, and ends that writeback, for a
 * page that is freed in this state would take the allocator down with it.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/string.h>
#include <linux/writeback.h>

#include "catalogue.h"

static int pwb_unfairness;	/* as it was before */

/* Somebody has waited for the end of writeback, and not long enough. */
static void pwb_still_under_writeback(const struct pwb_world *world)
{
	ilv_violation(world->writebacks > 1 ? PWB_LATE_WAKE : PWB_EARLY_RETURN);
}

static void pwb_invalidate_folio(struct compat_aops_folio *arg,
				 compat_aops_size offset,
				 compat_aops_size length)
{
	struct folio *folio = (struct folio *)arg;
	struct pwb_world *world = pwb_world_of(&folio->page);
	bool whole = !offset && length == PAGE_SIZE;

	if (world && folio_test_writeback(folio)) {
		pwb_still_under_writeback(world);
		if (whole)
			folio_end_writeback(folio);
	}
	if (whole)
		folio_detach_private(folio);
}

static compat_aops_bool pwb_release_folio(struct compat_aops_folio *arg, gfp_t gfp)
{
	folio_detach_private((struct folio *)arg);
	return true;
}

/* It has left the file already. */
static void pwb_free_folio(struct compat_aops_folio *arg)
{
	struct folio *folio = (struct folio *)arg;
	struct pwb_world *world = pwb_world_of(&folio->page);

	if (!world || !folio_test_writeback(folio))
		return;
	pwb_still_under_writeback(world);
	pwb_end_orphan(world);
}

static int pwb_writepages(struct address_space *file,
			  struct writeback_control *wbc)
{
	struct page *page = find_lock_page(file, 0);
	struct pwb_world *world;

	if (!page)
		return 0;
	world = pwb_world_of(page);
	if (world && PageDirty(page)) {
		pwb_wait_locked(world, ilv_self(), page, PWB_LATE_WAKE);
		if (!PageWriteback(page) && clear_page_dirty_for_io(page))
			pwb_write_again(world);
	}
	unlock_page(page);
	put_page(page);
	return 0;
}

static const struct address_space_operations pwb_program_aops = {
	.dirty_folio		= noop_dirty_folio,
	.writepages		= pwb_writepages,
	.invalidate_folio	= pwb_invalidate_folio,
	.release_folio		= pwb_release_folio,
	.free_folio		= pwb_free_folio,
};

/* Y: the page is dirty again, and somebody calls fsync(). */
void pwb_actor_fsync(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find_lock(world);
	unsigned int begun;

	if (!page)
		return;
	filemap_dirty_folio(page->mapping, page_folio(page));
	unlock_page(page);
	put_page(page);

	ilv_note("filemap_fdatawrite_range()");
	filemap_fdatawrite_range(world->file[0], 0, LLONG_MAX);
	/* Whose writeback it is: it must be over. A later one need not. */
	begun = world->writebacks;
	pwb_will_wait(world, self, PG_writeback);
	ilv_note("filemap_fdatawait_range()");
	filemap_fdatawait_range(world->file[0], 0, LLONG_MAX);
	if (!world->free && world->life == 1 && world->writebacks == begun &&
	    PageWriteback(world->page))
		pwb_still_under_writeback(world);
	world->wait[self].waiting = false;
}

static int pwb_program_setup(void *data)
{
	struct pwb_world *world = data;
	int ret = pwb_get_frames(world);

	if (!ret && world->uses & PWB_USES_NEIGHBOUR)
		ret = pwb_neighbour_get(world);
	if (!ret)
		ret = pwb_setup_frame(world);
	if (ret)
		return ret;
	if (world->uses & PWB_USES_PRIVATE)
		folio_attach_private(pwb_folio(world), PWB_PRIVATE);
	if (world->uses & PWB_USES_UNREAD)
		ClearPageUptodate(world->page);
	if (world->uses & PWB_USES_RECLAIM)
		SetPageReclaim(world->page);
	return world->neighbour ? pwb_neighbour_setup(world) : 0;
}

/**
 * pwb_programs_init() - what all programs share
 * @world: the world, after pwb_world_init()
 */
void pwb_programs_init(struct pwb_world *world)
{
	struct inode *inode = world->file[0]->host;

	inode->i_sb->s_iflags |= SB_I_STABLE_WRITES;
	mapping_set_stable_writes(inode->i_mapping);
	inode->i_mapping->a_ops = &pwb_program_aops;
	/* Else the first schedule that makes the page dirty is unlike the rest. */
	__mark_inode_dirty(inode, I_DIRTY_PAGES);
	/* Each program sets it. */
	pwb_unfairness = compat_set_lock_unfairness(0);
}

/**
 * pwb_programs_exit() - undo pwb_programs_init(), before pwb_world_exit()
 * @world: the world
 */
void pwb_programs_exit(struct pwb_world *world)
{
	compat_set_lock_unfairness(pwb_unfairness);
	pwb_neighbour_put(world);
}

/**
 * pwb_program_begin() - the world for a program, and the program itself
 * @world: the world; between two schedules
 * @g: what the program is made of
 * @program: filled in
 */
void pwb_program_begin(struct pwb_world *world, const struct pwb_generated *g,
		       struct ilv_program *program)
{
	static const struct ilv_program template =
		PWB_PROGRAM(NULL, pwb_program_setup, pwb_teardown, PWB_OP_END);
	bool head = g->uses & PWB_USES_HEAD;
	unsigned int i;

	*program = template;
	program->name = g->name;
	program->nr_actors = 1 + g->nr;
	for (i = 0; i < g->nr; i++) {
		program->actors[1 + i] = pwb_catalogue[g->op[i]].actor;
		program->actors[1 + i].tag = g->name[strlen("p_E") + i];
	}
	program->world = world;
	program->digest = g->flags & PWB_UNKNOWN ? NULL : pwb_digest;

	world->uses = g->uses;
	world->reached = 0;
	if (world->head != head && world->buddy) {
		__free_page(world->buddy);
		world->buddy = NULL;
	}
	world->head = head;
	if (head)
		mapping_set_no_writeback_tags(world->file[1]);
	else
		clear_bit(AS_NO_WRITEBACK_TAGS, &world->file[1]->flags);
	if (!(g->uses & PWB_USES_NEIGHBOUR))
		pwb_neighbour_put(world);
	compat_set_lock_unfairness(g->uses & PWB_USES_FAIR ? 0 : pwb_unfairness);
}

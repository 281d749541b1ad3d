// SPDX-License-Identifier: GPL-2.0
/*
 * The actors: one real operation of the kernel each, as a filesystem or the
 * core of writeback would call it. This file is not instrumented; what an
 * actor does itself between two calls is one step.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/writeback.h>

#include "actors.h"
#include "../../internal.h"

/**
 * pwb_will_wait() - the calling actor is about to wait
 * @world: the world
 * @self: its index
 * @bit: for this bit of the page under test to be cleared
 */
void pwb_will_wait(struct pwb_world *world, int self, int bit)
{
	world->wait[self].waiting = true;
	world->wait[self].bit = bit;
	world->wait[self].life = world->life;
	world->wait[self].writeback = world->writebacks;
}

/* Only under the page lock can a new writeback begin, so none may be seen. */
static void pwb_wait_by(struct pwb_world *world, int self, struct page *page,
			enum pwb_rule rule, void (*wait)(struct folio *folio))
{
	bool again = world->life > 1 || world->writebacks > 1;
	unsigned int sleeps = ilv_sleeps(self);

	pwb_will_wait(world, self, PG_writeback);
	wait(page_folio(page));
	if (PageWriteback(page))
		ilv_violation(rule);
	if (ilv_sleeps(self) > sleeps)
		pwb_saw(world, again ? PWB_SAW_WAIT_AGAIN : PWB_SAW_WAIT);
	world->wait[self].waiting = false;
}

/**
 * pwb_wait_locked() - wait for the writeback of a page that the caller locked
 * @world: the world
 * @self: index of the actor
 * @page: the page
 * @rule: what is broken if it is under writeback afterwards
 */
void pwb_wait_locked(struct pwb_world *world, int self, struct page *page,
		     enum pwb_rule rule)
{
	ilv_note("wait_on_page_writeback()");
	pwb_wait_by(world, self, page, rule, folio_wait_writeback);
}

/* A lock was returned: it must be the caller's alone. */
static void pwb_locked(struct pwb_world *world, int self, struct page *page)
{
	if (!PageLocked(page) || world->locker != ILV_NOBODY)
		ilv_violation(PWB_EARLY_RETURN);
	world->locker = self;
}

/* Lock a page as somebody does who found it in its file. */
static void pwb_lock(struct pwb_world *world, int self, struct page *page)
{
	unsigned int sleeps = ilv_sleeps(self);

	pwb_will_wait(world, self, PG_locked);
	ilv_note("lock_page()");
	lock_page(page);
	if (ilv_sleeps(self) > sleeps)
		pwb_saw(world, PWB_SAW_LOCK_WAIT);
	world->wait[self].waiting = false;
	pwb_locked(world, self, page);
}

static void pwb_unlock(struct pwb_world *world, struct page *page)
{
	world->locker = ILV_NOBODY;
	unlock_page(page);
}

/**
 * pwb_find() - find the page under test in its file
 * @world: the world
 *
 * Return: the page, with a reference for the caller; or NULL if it has left the
 * file, be it that another page has taken its place there.
 */
struct page *pwb_find(struct pwb_world *world)
{
	struct page *page = find_get_page(world->file[0], 0);

	if (!page || page == world->page)
		return page;
	put_page(page);
	return NULL;
}

/**
 * pwb_find_lock() - as pwb_find(), and lock the page
 * @world: the world
 */
struct page *pwb_find_lock(struct pwb_world *world)
{
	struct page *page = find_lock_page(world->file[0], 0);

	if (!page || page == world->page)
		return page;
	unlock_page(page);
	put_page(page);
	return NULL;
}

static bool pwb_anyone_waits(const struct pwb_world *world)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(world->wait); i++)
		if (world->wait[i].waiting)
			return true;
	return false;
}

/* E: the completion of the I/O. It holds no reference of its own. */
void pwb_actor_end(void *data, int self)
{
	struct pwb_world *world = data;

	world->ending = true;
	end_page_writeback(world->page);
	world->ended = true;
}

/* T: truncate the file to nothing. */
void pwb_actor_truncate(void *data, int self)
{
	struct pwb_world *world = data;

	truncate_inode_pages(world->file[0], 0);
}

/**
 * pwb_reuse() - make the frame another file's page, write it, and wait for that
 * @world: the world; the caller has captured the frame
 * @self: index of the actor
 */
void pwb_reuse(struct pwb_world *world, int self)
{
	struct page *page = world->page;

	ilv_note("allocates the frame");
	if (compat_filemap_add(world->file[1], pwb_folio(world), 0)) {
		put_page(page);
		return;
	}
	pwb_begin_writeback(world);
	pwb_saw(world, PWB_SAW_REUSED);
	pwb_wait_locked(world, self, page, PWB_STRAY_WAKE);
	unlock_page(page);
	put_page(page);
}

/* R: as the next to allocate a page may. */
void pwb_actor_reuse(void *data, int self)
{
	struct pwb_world *world = data;

	if (pwb_capture(world))
		pwb_reuse(world, self);
}

/* C: the frame becomes the tail of a compound page. */
void pwb_actor_compound(void *data, int self)
{
	struct pwb_world *world = data;

	if (!pwb_capture(world))
		return;
	ilv_note("makes the frame a tail page");
	set_page_count(world->page, 0);
	prep_compound_page(world->buddy, 1);
	world->compound = true;
	pwb_saw(world, PWB_SAW_TAIL);
}

/**
 * pwb_write_again() - put the first file's page under writeback once more
 * @world: the world; the page is locked
 *
 * Leaves alone a page that is under writeback.
 */
void pwb_write_again(struct pwb_world *world)
{
	if (PageWriteback(world->page))
		return;
	ilv_note("set_page_writeback()");
	world->writebacks++;
	pwb_begin_writeback(world);
	pwb_saw(world, PWB_SAW_REARMED);
}

/* S: write the same page again, as writeback for memory cleaning would. */
void pwb_actor_rearm(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find_lock(world);

	if (!page)
		return;
	pwb_write_again(world);
	unlock_page(page);
	put_page(page);
}

/* W: wait for writeback with the page locked, as writeback for sync does. */
void pwb_actor_wait(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find(world);

	if (!page)
		return;
	pwb_lock(world, self, page);
	pwb_wait_locked(world, self, page, PWB_LATE_WAKE);
	pwb_unlock(world, page);
	put_page(page);
}

/* F: wait for writeback without the page lock, as fsync() does. */
void pwb_actor_fdatawait(void *data, int self)
{
	struct pwb_world *world = data;

	pwb_will_wait(world, self, PG_writeback);
	ilv_note("filemap_fdatawait_range()");
	filemap_fdatawait_range(world->file[0], 0, PAGE_SIZE - 1);
	if (ilv_sleeps(self))
		pwb_saw(world, PWB_SAW_FDATAWAIT);
	/* Whatever has begun since, the writeback he came for must be over. */
	if (!world->free && world->life == 1 && world->writebacks == 1 &&
	    PageWriteback(world->page))
		ilv_violation(PWB_EARLY_RETURN);
	world->wait[self].waiting = false;
}

/*
 * A killable wait for the end of writeback returned @ret: 0 only if the bit was seen
 * clear, and -EINTR only if the caller was killed. It was not clear if the first
 * writeback, for which the wait was, is still under way. A wait for a later one may get
 * the wakeup of the first; callers look at the bit again.
 */
static void pwb_check_return(struct pwb_world *world, struct page *page,
			     unsigned int begun, int ret)
{
	bool over = begun > 1 || world->writebacks > 1 || !PageWriteback(page);

	if (ret ? ret != -EINTR || !signal_pending(current) : !over)
		ilv_violation(PWB_WRONG_RETURN);
}

/**
 * pwb_wait_killed() - wait for writeback, be killed before falling asleep, and leave
 *		       PG_waiters behind
 * @world: the world
 * @page: the page
 */
void pwb_wait_killed(struct pwb_world *world, struct page *page)
{
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	ilv_note("killed while waiting");
	if (PageWriteback(page)) {
		unsigned int begun = world->writebacks;
		int ret = folio_wait_bit_killable(page_folio(page), PG_writeback);

		pwb_check_return(world, page, begun, ret);
		if (ret && folio_test_waiters(page_folio(page)) &&
		    !pwb_anyone_waits(world))
			pwb_saw(world, PWB_SAW_STALE);
	}
	flush_signals(current);
}

/* K: as who wants to read the page, and is killed. */
void pwb_actor_killed(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find(world);

	if (!page)
		return;
	pwb_wait_killed(world, page);
	put_page(page);
}

/* L: want the page lock. */
void pwb_actor_lock(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find(world);

	if (!page)
		return;
	pwb_lock(world, self, page);
	pwb_unlock(world, page);
	put_page(page);
}

/*
 * J: want the page lock, and be killed meanwhile. The signal is there before the wait
 * begins. One that comes later leads through the same code: it makes no difference
 * whether J slept before it looks at its wait queue entry for the last time.
 */
void pwb_actor_lock_killed(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find(world);
	int ret;

	if (!page)
		return;
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	pwb_will_wait(world, self, PG_locked);
	ilv_note("lock_page_killable(), killed");
	ret = folio_lock_killable(page_folio(page));
	world->wait[self].waiting = false;
	if (!ret) {
		pwb_locked(world, self, page);
		pwb_unlock(world, page);
	} else if (ret != -EINTR) {
		ilv_violation(PWB_WRONG_RETURN);
	} else {
		pwb_saw(world, PWB_SAW_GAVE_UP);
	}
	flush_signals(current);
	put_page(page);
}

/* Start a read into the locked page. Its end unlocks the page: see pwb_end_read(). */
static int pwb_start_read(compat_filler_data *unused, struct compat_aops_folio *arg)
{
	struct folio *folio = (struct folio *)arg;
	struct pwb_world *world = pwb_world_of(&folio->page);

	pwb_locked(world, ilv_self(), &folio->page);
	world->reading = true;
	ilv_note("starts the read");
	return 0;
}

/* B: read the page. The device does not fail, so the read must not. */
void pwb_actor_read(void *data, int self)
{
	struct pwb_world *world = data;
	unsigned int sleeps = ilv_sleeps(self);
	struct page *page;

	pwb_will_wait(world, self, PG_locked);
	ilv_note("read_cache_page()");
	page = read_cache_page(world->file[0], 0, pwb_start_read, NULL);
	world->wait[self].waiting = false;
	if (IS_ERR(page)) {
		ilv_violation(PTR_ERR(page) == -EIO ? PWB_LATE_LOCK_WAKE :
						      PWB_WRONG_RETURN);
		return;
	}
	if (ilv_sleeps(self) > sleeps)
		pwb_saw(world, PWB_SAW_READ_WAIT);
	put_page(page);
}

/* U: the completion of the read, if it has begun. */
void pwb_actor_read_end(void *data, int self)
{
	pwb_end_read(data);
}

/* D: want to know when the lock is dropped, and not keep the page for that. */
void pwb_actor_drop(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find(world);
	unsigned int sleeps = ilv_sleeps(self);

	if (!page || !COMPAT_HAS_PUT_AND_WAIT)
		return;
	pwb_will_wait(world, self, PG_locked);
	ilv_note("put_and_wait_on_page_locked()");
	world->dropped |= BIT(self);
	COMPAT_PUT_AND_WAIT(page);
	world->dropped &= ~BIT(self);
	if (ilv_sleeps(self) > sleeps)
		pwb_saw(world, PWB_SAW_LOCK_WAIT);
	world->wait[self].waiting = false;
}

/* Z: lock the page and wait, as before a write to it on a device with checksums. */
void pwb_actor_stable(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find(world);

	if (!page)
		return;
	pwb_lock(world, self, page);
	ilv_note("wait_for_stable_page()");
	if (page->mapping)
		pwb_wait_by(world, self, page, PWB_LATE_WAKE, folio_wait_stable);
	pwb_unlock(world, page);
	put_page(page);
}

/* A: the frame becomes the head of a compound page under writeback. */
void pwb_actor_head(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = world->page;

	if (!pwb_capture(world))
		return;
	ilv_note("makes the frame a head page");
	prep_compound_page(page, 1);
	world->compound = true;
	pwb_saw(world, PWB_SAW_HEAD);
	lock_page(page);
	/* Without tags nobody looks it up there. */
	page->mapping = world->file[1];
	pwb_begin_writeback(world);
	pwb_wait_locked(world, self, page, PWB_STRAY_WAKE);
	unlock_page(page);
}

/*
 * Write all dirty pages of a file for sync, with all its own assertions. Writing
 * a page itself is for the filesystem, which is not under test: done.
 */
static void pwb_sync(struct pwb_world *world, int self,
		     struct address_space *file)
{
	struct writeback_control wbc = {
		.sync_mode	= WB_SYNC_ALL,
		.nr_to_write	= LONG_MAX,
		.range_end	= LLONG_MAX,
	};
	bool again = world->life > 1 || world->writebacks > 1;
	unsigned int sleeps = ilv_sleeps(self);

	pwb_will_wait(world, self, PG_writeback);
	ilv_note("write_cache_pages()");
	compat_write_pages(file, &wbc);
	if (ilv_sleeps(self) > sleeps)
		pwb_saw(world, again ? PWB_SAW_WAIT_AGAIN : PWB_SAW_WAIT);
	world->wait[self].waiting = false;
}

/*
 * The page is dirty as well from here on, which is counted with what is under
 * writeback: the accounts of writeback alone are closed.
 */
static void pwb_dirty(struct pwb_world *world)
{
	world->accounted = false;
	filemap_dirty_folio(world->page->mapping, pwb_folio(world));
}

/* V: the page is dirty again, and the file is synced. */
void pwb_actor_sync(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = pwb_find_lock(world);

	if (!page)
		return;
	pwb_dirty(world);
	unlock_page(page);
	put_page(page);
	pwb_sync(world, self, world->file[0]);
}

/* X: the frame becomes another file's page, written, dirty again, synced. */
void pwb_actor_reuse_sync(void *data, int self)
{
	struct pwb_world *world = data;
	struct page *page = world->page;

	if (!pwb_capture(world))
		return;
	ilv_note("allocates the frame");
	if (!compat_filemap_add(world->file[1], pwb_folio(world), 0)) {
		folio_mark_uptodate(pwb_folio(world));
		pwb_begin_writeback(world);
		pwb_dirty(world);
		pwb_saw(world, PWB_SAW_REUSED);
		unlock_page(page);
		pwb_sync(world, self, world->file[1]);
	}
	put_page(page);
}

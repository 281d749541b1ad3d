// SPDX-License-Identifier: GPL-2.0
/*
 * The fixture: a pseudo filesystem with accounting writeback, two files, and a
 * page frame that is made anew for every schedule.
 *
 * The page allocator's tracepoints tell when the frame is freed and allocated.
 * Each allocation begins a new life of the frame.
 */
#include <linux/backing-dev.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/swap.h>
#include <linux/writeback.h>
#include <trace/events/kmem.h>

#include "page_checks.h"
#include "pwb.h"
#include "../../internal.h"

#define PWB_FS_MAGIC		0x70776266
#define PWB_CAPTURE_TRIES	32
#define PWB_MAX_RESCUES		4

static struct pwb_world *pwb_live;	/* for the probes */

static int pwb_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, PWB_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type pwb_fs = {
	.name			= "pwbfs",
	.init_fs_context	= pwb_fs_init,
	.kill_sb		= kill_anon_super,
};

static const struct address_space_operations pwb_aops = {
	.dirty_folio		= noop_dirty_folio,
};

/**
 * pwb_files_get() - two empty files on a filesystem with accounting writeback
 * @file: filled in
 *
 * Return: 0 or a negative errno.
 */
int pwb_files_get(struct address_space *file[2])
{
	struct vfsmount *mnt = kern_mount(&pwb_fs);
	struct inode *inode;
	unsigned int i;
	int ret;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	ret = super_setup_bdi(mnt->mnt_sb);
	if (ret)
		goto out;
	for (i = 0; i < 2; i++) {
		inode = new_inode(mnt->mnt_sb);
		if (!inode) {
			ret = -ENOMEM;
			goto out_inode;
		}
		inode->i_mode = S_IFREG;
		inode->i_mapping->a_ops = &pwb_aops;
		/* Done when an inode is first made dirty; these never are. */
		inode_attach_wb(inode, NULL);
		/* kern_unmount() needs the mount again. */
		inode->i_private = mnt;
		file[i] = inode->i_mapping;
	}
	return 0;

out_inode:
	if (i)
		iput(file[0]->host);
out:
	kern_unmount(mnt);
	return ret;
}

/**
 * pwb_files_put() - undo pwb_files_get()
 * @file: the files; no page in them may be locked or under writeback
 *
 * Return: NULL, or what is wrong with a file; then they are left behind, as the
 * kernel dies of an inode that is on a list when it is freed.
 */
const char *pwb_files_put(struct address_space *file[2])
{
	struct vfsmount *mnt = file[0]->host->i_private;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (!list_empty(&file[i]->host->i_wb_list))
			return "an inode without writeback is on the superblock's list";
		if (file[i]->nrpages)
			return "a page was left in its file";
	}
	for (i = 0; i < 2; i++)
		iput(file[i]->host);
	kern_unmount(mnt);
	return NULL;
}

/**
 * pwb_page_add() - put a new page into a file, uptodate, on the LRU list
 * @page: the page; the file takes a reference of its own
 * @file: the file
 * @index: page offset in the file
 *
 * Return: 0, with the page locked; or a negative errno.
 */
int pwb_page_add(struct page *page, struct address_space *file, pgoff_t index)
{
	struct folio *folio = page_folio(page);
	int ret = filemap_add_folio(file, folio, index, GFP_KERNEL);

	if (ret)
		return ret;
	folio_mark_uptodate(folio);
	/* The batch of pages on their way to the LRU list holds a reference. */
	lru_add_drain();
	return 0;
}

static bool pwb_taking_back;

static bool pwb_covers(const struct pwb_world *world, const struct page *page,
		       unsigned int order)
{
	return world && world->page >= page && world->page < page + (1 << order);
}

static void pwb_probe_alloc(void *data, struct page *page, unsigned int order,
			    gfp_t gfp_flags, int migratetype)
{
	struct pwb_world *world = READ_ONCE(pwb_live);

	if (!page || !pwb_covers(world, page, order) || pwb_taking_back)
		return;
	world->life++;
	world->free = false;
}

static void pwb_probe_free(void *data, struct page *page, unsigned int order)
{
	struct pwb_world *world = READ_ONCE(pwb_live);

	if (!pwb_covers(world, page, order))
		return;
	/* Not everywhere is preemption off in a probe. No other actor may come in between. */
	preempt_disable();
	pwb_freed(world);
	preempt_enable();
}

/**
 * pwb_world_of() - the world of the schedule that is being run, if it is the page's
 * @page: a page
 */
struct pwb_world *pwb_world_of(const struct page *page)
{
	struct pwb_world *world = READ_ONCE(pwb_live);

	return world && world->page == page ? world : NULL;
}

/**
 * pwb_xa_locked() - the lock of a file's pages is taken, or about to be dropped
 * @xa: the pages
 * @locked: which of the two
 * @nested: interrupts were off before it was taken
 *
 * Called by page_checks.h, with the lock held.
 */
void pwb_xa_locked(const struct xarray *xa, bool locked, bool nested)
{
	struct pwb_world *world = READ_ONCE(pwb_live);

	if (world && xa == &world->file[0]->i_pages) {
		world->xa_locked = locked;
		world->xa_depth = preempt_count();
		world->xa_nested = nested;
	}
}

/**
 * pwb_xa_other_cpu() - a lock of some file's pages is to be taken, or was, where
 *			interrupts are off already
 * @locked: which of the two
 *
 * Called by page_checks.h, by actors and others.
 */
void pwb_xa_other_cpu(bool locked)
{
	struct pwb_world *world = READ_ONCE(pwb_live);

	if (world && world->xa_other_cpu)
		world->xa_other_cpu(world, locked);
}

/**
 * pwb_world_init() - what all schedules of a scenario share
 * @world: filled in; @world->ender is left alone
 *
 * Return: 0 or a negative errno.
 */
int pwb_world_init(struct pwb_world *world)
{
	int ret = pwb_files_get(world->file);

	if (ret)
		return ret;
	ret = register_trace_mm_page_alloc(pwb_probe_alloc, NULL);
	if (ret)
		goto out_files;
	ret = register_trace_mm_page_free(pwb_probe_free, NULL);
	if (ret)
		goto out_alloc;
	return 0;

out_alloc:
	unregister_trace_mm_page_alloc(pwb_probe_alloc, NULL);
out_files:
	pwb_files_put(world->file);
	return ret;
}

/**
 * pwb_world_exit() - undo pwb_world_init()
 * @world: the world
 *
 * If an actor was given up, it may hold the page: the files are left behind. So they
 * are with a frame that can't be used again.
 */
void pwb_world_exit(struct pwb_world *world)
{
	unregister_trace_mm_page_free(pwb_probe_free, NULL);
	unregister_trace_mm_page_alloc(pwb_probe_alloc, NULL);
	tracepoint_synchronize_unregister();
	WRITE_ONCE(pwb_live, NULL);
	if (world->corrupt || world->file[0]->nrpages || world->file[1]->nrpages)
		return;
	if (world->buddy)
		__free_page(world->buddy);
	pwb_files_put(world->file);
}

/*
 * Allocate these very pages. The page freed last is the first to be allocated again, so
 * pages that were just freed are there after few tries. Returns @wanted or NULL.
 */
static struct page *pwb_alloc_this(const struct page *wanted, gfp_t gfp,
				   unsigned int order)
{
	struct page *page, *other[PWB_CAPTURE_TRIES];
	unsigned int n = 0;

	do {
		page = alloc_pages(gfp, order);
		if (!page || page == wanted)
			break;
		other[n++] = page;
		page = NULL;
	} while (n < PWB_CAPTURE_TRIES);
	while (n)
		__free_pages(other[--n], order);
	return page;
}

/*
 * Two frames side by side: those of the schedule before, if they can be had. Where
 * frames are shows on the stacks of the actors.
 */
static struct page *pwb_get_pair(const struct pwb_world *world)
{
	struct page *last = world->page ? world->page - !world->head : NULL;
	struct page *page = last ? pwb_alloc_this(last, GFP_KERNEL, 1) : NULL;

	return page ?: alloc_pages(GFP_KERNEL, 1);
}

/**
 * pwb_get_frames() - two frames that can form a compound page
 * @world: the world
 *
 * The first stays allocated from one schedule to the next, and the second,
 * freed last, is the next to be had.
 *
 * Return: 0 or a negative errno.
 */
int pwb_get_frames(struct pwb_world *world)
{
	struct page *page;

	if (world->buddy) {
		page = alloc_page(GFP_KERNEL);
		if (page == world->page)
			return 0;
		if (page)
			__free_page(page);
		__free_page(world->buddy);
	}
	world->buddy = NULL;
	page = pwb_get_pair(world);
	if (!page)
		return -ENOMEM;
	split_page(page, 1);
	world->page = world->head ? page : page + 1;
	world->buddy = world->head ? page + 1 : page;
	return 0;
}

/**
 * pwb_world_reset() - nothing has happened yet in this schedule
 * @world: the world
 */
void pwb_world_reset(struct pwb_world *world)
{
	world->compound = false;
	world->captured = false;
	world->ending = false;
	world->ended = false;
	world->neighbour_ender = ILV_NOBODY;
	world->locker = ILV_NOBODY;
	world->reading = false;
	world->dropped = 0;
	world->rescues = 0;
	world->frees = 0;
	world->corrupt = false;
	world->free = false;
	world->zero = 0;
	world->checked = 0;
	world->life = 1;
	world->writebacks = 1;
	memset(world->wait, 0, sizeof(world->wait));
	pwb_accounting_start(world);
	world->accounted = false;
	compat_restart_memcg_events();
}

/**
 * pwb_world_watch() - from here on, what is done to the frame counts
 * @world: the world
 *
 * Return: 0 or a negative errno.
 */
int pwb_world_watch(struct pwb_world *world)
{
	int ret = ilv_watch(world->page, world->narrow ?
			    sizeof(world->page->flags) :
			    sizeof(*world->page) << world->order);

	WRITE_ONCE(pwb_live, world);
	return ret < 0 ? ret : 0;
}

/**
 * pwb_setup_frame() - make the frame a page of the first file, under writeback,
 *		       that only the file holds a reference to
 * @world: the world; it has allocated @world->page
 *
 * Return: 0 or a negative errno.
 */
int pwb_setup_frame(struct pwb_world *world)
{
	int ret;

	pwb_world_reset(world);
	ret = pwb_page_add(world->page, world->file[0], 0);
	if (ret) {
		__free_page(world->page);
		return ret;
	}
	world->accounted = true;
	pwb_begin_writeback(world);
	folio_unlock(pwb_folio(world));
	put_page(world->page);
	return pwb_world_watch(world);
}

/**
 * pwb_setup() - as before, with a frame that may become a tail page
 * @data: the world
 *
 * Return: 0 or a negative errno.
 */
int pwb_setup(void *data)
{
	struct pwb_world *world = data;

	return pwb_get_frames(world) ?: pwb_setup_frame(world);
}

/**
 * pwb_setup_unread() - as pwb_setup(), with a page that is not up to date
 * @data: the world
 *
 * As one that was written in parts.
 *
 * Return: 0 or a negative errno.
 */
int pwb_setup_unread(void *data)
{
	struct pwb_world *world = data;
	int ret = pwb_setup(data);

	if (!ret)
		ClearPageUptodate(world->page);
	return ret;
}

/**
 * pwb_setup_untagged() - as pwb_setup(), in a file without writeback tags
 * @data: the world
 *
 * Return: 0 or a negative errno.
 */
int pwb_setup_untagged(void *data)
{
	struct pwb_world *world = data;

	mapping_set_no_writeback_tags(world->file[0]);
	return pwb_setup(data);
}

/**
 * pwb_capture() - allocate the frame under test, if it is free
 * @world: the world
 *
 * The page freed last is the first to be allocated again, so it is the first
 * try that succeeds, unless something else on this CPU has freed a page since.
 * The same goes for several that were one folio.
 *
 * Return: whether the frame now belongs to the caller, with one reference.
 */
bool pwb_capture(struct pwb_world *world)
{
	gfp_t gfp = GFP_KERNEL | (world->order ? __GFP_COMP : 0);

	if (!world->free)
		return false;
	world->captured = pwb_alloc_this(world->page, gfp, world->order);
	return world->captured;
}

/**
 * pwb_take_back() - take the frame under test off the allocator's list
 * @world: the world; the frame is free
 *
 * May be called in any context. Other than with pwb_capture(), no owner is noted. A
 * frame that is not there may be somebody else's, and no kernel can go on that way. One
 * whose references are known to be wrong was perhaps refused by the allocator.
 *
 * Return: whether the frame was there.
 */
bool pwb_take_back(struct pwb_world *world)
{
	gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN | (world->order ? __GFP_COMP : 0);
	bool there;

	pwb_taking_back = true;
	there = pwb_alloc_this(world->page, gfp, world->order);
	pwb_taking_back = false;
	if (!there && !world->corrupt)
		panic("page_writeback: the page allocator is corrupt");
	return there;
}

/* Is the frame the world's, and not free or somebody else's by now? */
static bool pwb_owns(const struct pwb_world *world)
{
	return !world->free && (world->life == 1 || world->captured);
}

/* Is the page under test under a writeback that an actor has left? */
static bool pwb_left(const struct pwb_world *world)
{
	return pwb_owns(world) && (!world->compound || world->head) &&
	       folio_test_writeback(pwb_folio(world));
}

/**
 * pwb_end_left() - end a writeback that no actor is going to end
 * @world: the world
 */
void pwb_end_left(struct pwb_world *world)
{
	if (!pwb_left(world))
		return;
	pwb_accounting_check(world, world->page->mapping);
	folio_end_writeback(pwb_folio(world));
}

/*
 * No page is under writeback. Which rule is broken if an actor sleeps? Actors inside
 * truncation and the like do not announce what they wait for. They lock the page before
 * they wait for writeback, so it is for the lock if the page is not locked. Otherwise
 * they have it, or wait for another actor here that does: in the end for writeback.
 */
static enum pwb_rule pwb_missed(const struct pwb_world *world, int sleeper)
{
	const unsigned long *flags = compat_page_flags(world->page);
	const struct pwb_wait *wait = &world->wait[sleeper];

	if (!ilv_asleep(sleeper))
		return PWB_NR_RULES;
	if (wait->neighbour)	/* which is not under writeback */
		return PWB_MISSED_WAKE;
	if (wait->waiting && test_bit(wait->bit, flags))
		return PWB_NR_RULES;
	if (wait->waiting ? wait->bit == PG_locked : !test_bit(PG_locked, flags))
		return PWB_LOST_LOCK_WAKE;
	return PWB_MISSED_WAKE;
}

/* A mask of the rules that are broken. */
static unsigned long pwb_missed_wakes(const struct pwb_world *world)
{
	unsigned long rules = 0;
	enum pwb_rule rule;
	int i;

	for (i = 0; i < ARRAY_SIZE(world->wait); i++) {
		rule = pwb_missed(world, i);
		if (rule == PWB_NR_RULES)
			continue;
		ilv_violation(rule);
		rules |= BIT(rule);
	}
	return rules;
}

/*
 * Writeback is of a page that is in a file. One that has left its own is lent it
 * again, without tags, as it is not to be found there. Returns whether it had any.
 */
static bool pwb_lend_file(struct pwb_world *world)
{
	struct address_space *file = world->file[0];

	world->page->mapping = file;
	return !test_and_set_bit(AS_NO_WRITEBACK_TAGS, &file->flags);
}

static void pwb_take_file(struct pwb_world *world, bool tags)
{
	world->page->mapping = NULL;
	if (tags)
		clear_bit(AS_NO_WRITEBACK_TAGS, &world->file[0]->flags);
}

/**
 * pwb_end_orphan() - end the writeback of a page that has left its file
 * @world: the world
 *
 * With the file went what was counted: the accounts are closed.
 */
void pwb_end_orphan(struct pwb_world *world)
{
	bool tags = pwb_lend_file(world);

	world->accounted = false;
	end_page_writeback(world->page);
	pwb_take_file(world, tags);
}

/**
 * pwb_end_read() - end a read that no actor is going to end
 * @world: the world
 *
 * Return: whether there was one.
 */
bool pwb_end_read(struct pwb_world *world)
{
	if (!world->reading)
		return false;
	world->reading = false;
	world->locker = ILV_NOBODY;
	compat_end_read(pwb_folio(world));
	return true;
}

/* Wake all that wait for PG_writeback, even of a page that left its file. */
static void pwb_wake_all(struct pwb_world *world)
{
	bool orphan = !world->page->mapping, tags = false;

	if (orphan)
		tags = pwb_lend_file(world);
	pwb_begin_writeback(world);
	folio_set_waiters(pwb_folio(world));
	folio_end_writeback(pwb_folio(world));
	if (orphan)
		pwb_take_file(world, tags);
}

/**
 * pwb_stuck() - let sleepers go on that no actor will wake
 * @data: the world
 *
 * A writeback that somebody waits for and no actor is going to end is ended
 * here. Where there is none, a wakeup was missed.
 */
bool pwb_stuck(void *data)
{
	struct pwb_world *world = data;
	struct folio *folio = pwb_folio(world);
	unsigned long missed;

	if (pwb_neighbour_end(world))
		return true;
	if (!pwb_owns(world))
		return false;
	if (pwb_left(world)) {
		pwb_end_left(world);
		return true;
	}
	if (pwb_end_read(world))
		return true;
	missed = pwb_missed_wakes(world);
	if (!missed)
		return false;
	if (world->rescues++ == PWB_MAX_RESCUES)
		return false;
	if (missed & BIT(PWB_MISSED_WAKE)) {
		pwb_wake_all(world);
		pwb_neighbour_wake(world);
	}
	if (folio_trylock(folio)) {
		folio_set_waiters(folio);
		folio_unlock(folio);
	}
	return true;
}

static u64 pwb_digest_file(u64 hash, const struct address_space *file,
			   const struct page *page)
{
	const struct inode *inode = file->host;
	u64 word[] = {
		file->i_pages.xa_flags,
		!!file->i_pages.xa_head,
		file->i_pages.xa_head == (void *)page,
		file->nrpages,
		file->flags,
		file->wb_err,
		list_empty(&inode->i_wb_list),
	};

	return ilv_hash(hash, word, sizeof(word));
}

/*
 * A page that nobody owns is on a list of the allocator's, and its neighbours
 * there are none of the actors' business.
 */
static u64 pwb_digest_page(u64 hash, const struct page *page, bool listed)
{
	struct page copy = *page;
	/* In place of the first, a tail page has its head, and bit 0 set. */
	unsigned long *head = (unsigned long *)&copy.lru.next;

	if (listed) {
		*head &= 1;
		copy.lru.prev = NULL;
	} else if (PageTail((struct page *)page)) {
		*head = 1;
	}
	return ilv_hash(hash, &copy, sizeof(copy));
}

/**
 * pwb_digest() - a hash of the world, but for what only other schedules see
 * @data: the world
 *
 * That is the rules' own notes, the frames, and the files. Of a wait queue the
 * entries are on the stacks of those who wait. Of the counters, what this
 * schedule has added.
 */
u64 pwb_digest(void *data)
{
	struct pwb_world *world = data;
	struct pwb_world copy = *world;
	u64 hash;

	/* Where the frames are makes no difference. */
	copy.page = NULL;
	copy.buddy = NULL;
	copy.neighbour = NULL;
	hash = ilv_hash(0, &copy, offsetof(struct pwb_world, reached));
	hash = pwb_accounting_digest(world, hash);
	hash = pwb_digest_page(hash, world->page, !pwb_owns(world));
	hash = pwb_digest_page(hash, world->buddy, false);
	if (world->neighbour)
		hash = pwb_digest_page(hash, world->neighbour, false);
	hash = pwb_digest_file(hash, world->file[0], world->page);
	return pwb_digest_file(hash, world->file[1], world->page);
}

/*
 * Nobody is left who could have it locked. But who drops a page that is no longer
 * his unlocks it in the end: a lock that is not taken, he takes that way.
 */
static void pwb_unlock_left(struct pwb_world *world)
{
	if (world->drops)
		clear_bit(PG_locked, compat_page_flags(world->page));
}

/**
 * pwb_teardown() - end what is left, free all pages, and see that they are
 * @data: the world
 */
void pwb_teardown(void *data)
{
	struct pwb_world *world = data;
	struct page *page = world->page;
	unsigned long flags;
	unsigned int i;

	pwb_end_read(world);
	pwb_unlock_left(world);
	pwb_end_left(world);
	pwb_unlock_left(world);
	pwb_neighbour_end(world);
	pwb_accounting_check(world, NULL);
	pwb_accounting_repair(world);

	for (i = 0; i < 2; i++)
		truncate_inode_pages(world->file[i], 0);
	lru_add_drain();
	if (world->compound) {
		if (world->head)
			page->mapping = NULL;
		put_page(world->head ? page : world->buddy);
		world->buddy = NULL;
	}

	/*
	 * Somebody put a reference that was not held. The allocator must not see it. An
	 * interrupt may take the frame at any other time.
	 */
	local_irq_save(flags);
	if (page_ref_count(page) && world->free) {
		ilv_violation(PWB_DOUBLE_FREE);
		set_page_count(page, 0);
	}
	local_irq_restore(flags);
	if (world->corrupt) {
		/* Not to be freed again: it stays the world's. */
		if (world->free)
			pwb_take_back(world);
		ilv_give_up();
	} else if (pwb_owns(world)) {
		ilv_violation(PWB_LEAK);
		while (!world->free && page_ref_count(page) > 0)
			put_page(page);
	}
	WRITE_ONCE(pwb_live, NULL);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the supported kernel lines, and nothing else. Each
 * entry names the line it was read from.
 */
#ifndef _MM_TESTS_COMPAT_H
#define _MM_TESTS_COMPAT_H

#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/sysctl.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/version.h>
#include <linux/vmstat.h>
#include <linux/writeback.h>

/* Later lines have what swap is to mm/ alone in a header of its own: 014bb1de4fc1. */
#if defined(CONFIG_PAGE_WRITEBACK_SWAP) && __has_include("../swap.h")
#include "../swap.h"
#if __has_include("linux/swap_ops.h")
#include <linux/swap_ops.h>
#endif
#endif

/* v7.3 keeps it among what is mm/'s own. */
void lru_add_drain(void);

/* v5.14 gave the panic notifiers a header of their own: f39650de687e. */
#if __has_include("linux/panic_notifier.h")
#include <linux/panic_notifier.h>
#endif

/*
 * v5.14: 6d2426b2f258 gave KUnit kunit_skip(), and a test a status. Before, say it
 * in a line that the tools know, and pass.
 */
#ifdef kunit_skip
/* Has no expectation of this test failed so far? */
#define compat_kunit_ok(test)						\
	(READ_ONCE((test)->status) != KUNIT_FAILURE)
#else
#define compat_kunit_ok(test)		READ_ONCE((test)->success)
#define kunit_skip(test, fmt, ...)					\
do {									\
	kunit_log(KERN_INFO, test, KUNIT_SUBTEST_INDENT "# SKIP %s: " fmt,	\
		  (test)->name, ##__VA_ARGS__);				\
	return;								\
} while (0)
#endif

/*
 * The sched_switch tracepoint's arguments, without the first (data). v5.18 added
 * the state: fa2c3254d7cf. It may be the one before a signal changed it.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
#define COMPAT_SCHED_SWITCH_ARGS(prev, next)				\
	bool preempt, struct task_struct *prev, struct task_struct *next
#else
#define COMPAT_SCHED_SWITCH_ARGS(prev, next)				\
	bool preempt, struct task_struct *prev, struct task_struct *next, \
	unsigned int prev_state
#endif

/*
 * The state a task is in, or is about to be put to sleep in. v5.14 renamed it,
 * and has an accessor to tell that by: 2f064a59a11f.
 */
#ifdef get_current_state
#define compat_task_state_ptr(task)	(&(task)->__state)
#else
#define compat_task_state_ptr(task)	(&(task)->state)
#endif
#define compat_task_state(task)		READ_ONCE(*compat_task_state_ptr(task))
/* set_current_state(), which can warn of TASK_PARKED. */
#define compat_set_current_state(value)					\
	smp_store_mb(*compat_task_state_ptr(current), value) /* as there */

/*
 * The limit on real-time tasks' share of the CPU, in microseconds a second, or
 * -1. Read on every tick, so that setting it takes effect at once. v5.18 took
 * the declaration out of the headers: d9ab0e63fa7f. v6.12 has no such limit any
 * more: 5f6bd380c7bd. Its successor, a deadline server, lets other tasks run
 * now and then, and the explorer's threads go on right where they were.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
extern int sysctl_sched_rt_runtime;

static inline int compat_set_rt_runtime(int us)
{
	return xchg(&sysctl_sched_rt_runtime, us);
}
#else
static inline int compat_set_rt_runtime(int us)
{
	return us;
}
#endif

/*
 * The largest order there is. MAX_ORDER was one more up to v6.3 (23baf831a32c), and
 * got this name in v6.8: 5e0a760b4441.
 */
#ifdef MAX_PAGE_ORDER
#define COMPAT_MAX_PAGE_ORDER		MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define COMPAT_MAX_PAGE_ORDER		MAX_ORDER
#else
#define COMPAT_MAX_PAGE_ORDER		(MAX_ORDER - 1)
#endif

/*
 * v5.16 has folios: 7b230db3b8d3. The suite is written in their terms, as of v7.2.
 * Before, a folio is a page that is no tail page; what a filesystem does about
 * dirty ones got its name in v5.18: 6f31a5a261db, 46de8b979492.
 */
#ifndef page_folio
struct folio {
	struct page page;
};

#define page_folio(p)			((struct folio *)compound_head(p))
#define dirty_folio			set_page_dirty
#define noop_dirty_folio		__set_page_dirty_no_writeback
#define invalidate_folio		invalidatepage
#define launder_folio			launder_page
#define release_folio			releasepage
#define free_folio			freepage
#define folio_lru_list(f)		page_lru(&(f)->page)
#define folio_mapped(f)			page_mapped(&(f)->page)
#define folio_is_file_lru(f)		page_is_file_lru(&(f)->page)
#define folio_set_swapbacked(f)		SetPageSwapBacked(&(f)->page)
#define folio_add_lru(f)		lru_cache_add(&(f)->page)
#define folio_putback_lru(f)		putback_lru_page(&(f)->page)
#define folio_free_swap(f)		try_to_free_swap(&(f)->page)
#define compat_charge(f)		mem_cgroup_charge(&(f)->page, NULL, GFP_KERNEL)

/* What the methods of a file get. */
#define compat_aops_folio		page
#define compat_filler_data		void
#define compat_aops_size		unsigned int
#define compat_aops_bool		int

/* How much a page counts for in what is counted of writeback: one, huge or not. */
#define compat_nr_counted(folio)	1

/* The page's file need not be asked for what its filesystem says. */
#define mapping_set_stable_writes(mapping)

/* Is it this page that somebody is to be woken for? */
#define compat_wait_key_is(key, p)	((key)->page == (p))

/* What is not to be had from outside of the page cache, or not at all, later. */
#define COMPAT_HAS_PUT_AND_WAIT		true
#define compat_page_error(page)		PageError(page)

/* What v5.11, v5.12 and v5.14 changed. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define folio_memcg(f)			((f)->page.mem_cgroup)
#else
#define folio_memcg(f)			page_memcg(&(f)->page)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define COMPAT_PUT_AND_WAIT		put_and_wait_on_page_locked
#else
static inline void compat_put_and_wait(struct page *page)
{
	put_and_wait_on_page_locked(page, TASK_UNINTERRUPTIBLE);
}

#define COMPAT_PUT_AND_WAIT		compat_put_and_wait
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define folio_lruvec(f)							\
	mem_cgroup_page_lruvec(&(f)->page, page_pgdat(&(f)->page))
#else
#define folio_lruvec(f)			mem_cgroup_page_lruvec(&(f)->page)
#endif

static inline int filemap_add_folio(struct address_space *mapping,
				    struct folio *folio, pgoff_t index, gfp_t gfp)
{
	return add_to_page_cache_lru(&folio->page, mapping, index, gfp);
}

static inline void folio_mark_uptodate(struct folio *folio)
{
	SetPageUptodate(&folio->page);
}

static inline void folio_start_writeback(struct folio *folio)
{
	set_page_writeback(&folio->page);
}

static inline void __folio_start_writeback(struct folio *folio, bool keep)
{
	if (keep)
		set_page_writeback_keepwrite(&folio->page);
	else
		set_page_writeback(&folio->page);
}

static inline void folio_end_writeback(struct folio *folio)
{
	end_page_writeback(&folio->page);
}

static inline bool folio_test_writeback(struct folio *folio)
{
	return PageWriteback(&folio->page);
}

static inline bool folio_test_waiters(struct folio *folio)
{
	return PageWaiters(&folio->page);
}

static inline void folio_set_waiters(struct folio *folio)
{
	SetPageWaiters(&folio->page);
}

static inline void folio_clear_waiters(struct folio *folio)
{
	ClearPageWaiters(&folio->page);
}

static inline int folio_lock_killable(struct folio *folio)
{
	return lock_page_killable(&folio->page);
}

static inline int folio_wait_bit_killable(struct folio *folio, int bit)
{
	return wait_on_page_bit_killable(&folio->page, bit);
}

static inline void folio_add_wait_queue(struct folio *folio,
					wait_queue_entry_t *waiter)
{
	add_page_wait_queue(&folio->page, waiter);
}

static inline bool filemap_dirty_folio(struct address_space *mapping,
				       struct folio *folio)
{
	return __set_page_dirty_nobuffers(&folio->page);
}

static inline void folio_clear_dirty(struct folio *folio)
{
	ClearPageDirty(&folio->page);
}

static inline void folio_set_dirty(struct folio *folio)
{
	SetPageDirty(&folio->page);
}

static inline void folio_attach_private(struct folio *folio, void *data)
{
	attach_page_private(&folio->page, data);
}

static inline void *folio_detach_private(struct folio *folio)
{
	return detach_page_private(&folio->page);
}

static inline void folio_wait_writeback(struct folio *folio)
{
	wait_on_page_writeback(&folio->page);
}

static inline void folio_wait_stable(struct folio *folio)
{
	wait_for_stable_page(&folio->page);
}

static inline void folio_wait_locked(struct folio *folio)
{
	wait_on_page_locked(&folio->page);
}

static inline bool folio_trylock(struct folio *folio)
{
	return trylock_page(&folio->page);
}

static inline void folio_unlock(struct folio *folio)
{
	unlock_page(&folio->page);
}

/* Add a page to a file, locked, but not to the LRU list. */
static inline int compat_filemap_add(struct address_space *mapping,
				     struct folio *folio, pgoff_t index)
{
	return add_to_page_cache(&folio->page, mapping, index, GFP_KERNEL);
}
#else
#define compat_aops_folio		folio
#define compat_filler_data		struct file
#define compat_aops_size		size_t
#define compat_aops_bool		bool
#define compat_nr_counted(folio)	folio_nr_pages(folio)
#define compat_wait_key_is(key, p)	(&(key)->folio->page == (p))
#define COMPAT_HAS_PUT_AND_WAIT		false
#define COMPAT_PUT_AND_WAIT		((void (*)(struct page *page))NULL)
#define compat_page_error(page)		false
#define compat_charge(f)		mem_cgroup_charge(f, NULL, GFP_KERNEL)

static inline int compat_filemap_add(struct address_space *mapping,
				     struct folio *folio, pgoff_t index)
{
	int ret;

	__folio_set_locked(folio);
	ret = __filemap_add_folio(mapping, folio, index, GFP_KERNEL, NULL);
	if (ret)
		__folio_clear_locked(folio);
	return ret;
}
#endif

/*
 * Write all dirty pages of a file, where writing a page is done at once. v6.3 has
 * folios written (d585bdbeb79a), v6.9 writeback_iter(), and by v7.2 there is no
 * write_cache_pages() any more.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline int compat_written(struct page *page,
				 struct writeback_control *wbc, void *data)
{
	unlock_page(page);
	return 0;
}
#else
static inline int compat_written(struct folio *folio,
				 struct writeback_control *wbc, void *data)
{
	folio_unlock(folio);
	return 0;
}
#endif

static inline void compat_write_pages(struct address_space *mapping,
				      struct writeback_control *wbc)
{
	write_cache_pages(mapping, wbc, compat_written, NULL);
}
#else
static inline void compat_write_pages(struct address_space *mapping,
				      struct writeback_control *wbc)
{
	struct folio *folio = NULL;
	int error = 0;

	while ((folio = writeback_iter(mapping, wbc, folio, &error)))
		folio_unlock(folio);
}
#endif

/* Put somebody on the wait queue of a folio; in v7.2 only those who wait can. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define COMPAT_HAS_ADD_WAIT_QUEUE	true
#define COMPAT_ADD_WAIT_QUEUE		folio_add_wait_queue
#else
#define COMPAT_HAS_ADD_WAIT_QUEUE	false
#define COMPAT_ADD_WAIT_QUEUE						\
	((void (*)(struct folio *folio, wait_queue_entry_t *waiter))NULL)
#endif

/* The end of a read that has not failed. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline void compat_end_read(struct folio *folio)
{
	folio_mark_uptodate(folio);
	folio_unlock(folio);
}
#else
#define compat_end_read(folio)		folio_end_read(folio, true)
#endif

/*
 * How often a waiter for the page lock may be passed over, before it is handed to
 * him. By v7.2 only the sysctl is left to set it by, out of a table in filemap.c.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define COMPAT_HAS_LOCK_UNFAIRNESS	true
static inline int compat_set_lock_unfairness(int n)
{
	return xchg(&sysctl_page_lock_unfairness, n);
}
#else
#define COMPAT_HAS_LOCK_UNFAIRNESS	false
static inline int compat_set_lock_unfairness(int n)
{
	return n;
}
#endif

/*
 * Folios of more than one page in any file that says so: v5.18. Here, since there
 * is folio_end_dropbehind(), of v6.18: see Kconfig.
 */
#ifdef CONFIG_PAGE_WRITEBACK_LARGE
#define COMPAT_HAS_LARGE_FOLIOS		true
#define compat_allow_large_folios(file)	mapping_set_large_folios(file)
#else
#define COMPAT_HAS_LARGE_FOLIOS		false
#define compat_allow_large_folios(file)	((void)(file))
#endif

/* v6.14: folios that are dropped as soon as they are written. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define COMPAT_HAS_DROPBEHIND		false
#define folio_set_dropbehind(folio)	((void)(folio))
#define folio_test_dropbehind(folio)	false
#else
#define COMPAT_HAS_DROPBEHIND		true
#endif

/* v6.18: and filesystems that drop them later, themselves. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define COMPAT_HAS_NO_DROPBEHIND	false
#define folio_end_writeback_no_dropbehind	folio_end_writeback
#else
#define COMPAT_HAS_NO_DROPBEHIND	true
#endif

/* Take a page off the LRU list; v6.3 turned the result round: be2d57563822. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define compat_isolate_lru(page)	(!isolate_lru_page(page))
#else
#define compat_isolate_lru(page)	folio_isolate_lru(page_folio(page))
#endif

/* Two newer names. */
#ifndef in_hardirq
#define in_hardirq()			in_irq()
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define hrtimer_setup(timer, what, clock, mode)				\
do {									\
	hrtimer_init(timer, clock, mode);				\
	(timer)->function = (what);					\
} while (0)
#endif

/* The flags of a page, be they a word or, since v6.18, a struct of one: 53fbef56e07d. */
#define compat_page_flags(page)		((unsigned long *)&(page)->flags)

/* What migrate_pages() deals in: folios since v6.5, 4e096ae1801e. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define compat_migrate_folio		page
#else
#define compat_migrate_folio		folio
#endif

/* Since v5.15 it can tell how many it has migrated: 5ac95884a784. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)
#define compat_migrate_pages(list, target)				\
	migrate_pages(list, target, NULL, 0, MIGRATE_SYNC, MR_SYSCALL)
#else
#define compat_migrate_pages(list, target)				\
	migrate_pages(list, target, NULL, 0, MIGRATE_SYNC, MR_SYSCALL, NULL)
#endif

/*
 * What moves from cgroup to cgroup, and whether the one who moves it has locked it.
 * v6.12 has folios; v6.3 leaves the lock to the caller.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define compat_move_folio		page
#else
#define compat_move_folio		folio
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define COMPAT_MOVES_LOCKED		false
#else
#define COMPAT_MOVES_LOCKED		true
#endif

/*
 * Bring a cgroup's own counters up to date. From v6.6 on they are what they were when
 * somebody asked last. May sleep.
 */
#ifdef CONFIG_MEMCG
static inline void compat_flush_memcg(struct mem_cgroup *memcg)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	cgroup_rstat_flush(memcg->css.cgroup);
#endif
}
#endif

/* v5.13 has a struct path there, and this for mounts: ffb37ca3bd16. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 13, 0)
#define file_open_root_mnt(mnt, name, flags, mode)			\
	file_open_root((mnt)->mnt_root, mnt, name, flags, mode)
#endif

/*
 * What the methods of a folder are called by. v5.12 wants to know whose ids
 * count (6521f8917082), v6.3 by which mapping (abf08576afe3). In v7.2, somebody
 * can ask to be told that a delegation is in the way.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define compat_vfs(op, ...)		vfs_##op(__VA_ARGS__)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define compat_vfs(op, ...)		vfs_##op(&init_user_ns, __VA_ARGS__)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define compat_vfs(op, ...)		vfs_##op(&nop_mnt_idmap, __VA_ARGS__)
#else
#define compat_vfs(op, ...)		vfs_##op(&nop_mnt_idmap, __VA_ARGS__, NULL)
#endif

/* Make and remove a folder. By v7.2, the locks are not the caller's business. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define start_creating_path		kern_path_create
#define end_creating_path		done_path_create

static inline struct dentry *compat_lookup(struct dentry *parent, const char *name)
{
	struct dentry *dentry;

	inode_lock_nested(d_inode(parent), I_MUTEX_PARENT);
	dentry = lookup_one_len(name, parent, strlen(name));
	if (IS_ERR(dentry))
		inode_unlock(d_inode(parent));
	return dentry;
}

static inline void compat_forget(struct dentry *parent, struct dentry *dentry)
{
	inode_unlock(d_inode(parent));
	dput(dentry);
}

static inline int compat_mkdir(struct dentry *parent, const char *name)
{
	struct dentry *dentry = compat_lookup(parent, name);
	int ret;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = compat_vfs(mkdir, d_inode(parent), dentry, 0755);
	compat_forget(parent, dentry);
	return ret;
}

static inline int compat_rmdir(struct dentry *parent, const char *name)
{
	struct dentry *dentry = compat_lookup(parent, name);
	int ret;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = compat_vfs(rmdir, d_inode(parent), dentry);
	compat_forget(parent, dentry);
	return ret;
}
#else
static inline int compat_mkdir(struct dentry *parent, const char *name)
{
	struct dentry *dentry = start_creating_noperm(parent, &QSTR(name));

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	dentry = compat_vfs(mkdir, d_inode(parent), dentry, 0755);
	end_creating(dentry);
	return PTR_ERR_OR_ZERO(dentry);
}

static inline int compat_rmdir(struct dentry *parent, const char *name)
{
	struct dentry *dentry = start_removing_noperm(parent, &QSTR(name));
	int ret;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = compat_vfs(rmdir, d_inode(parent), dentry);
	end_removing(dentry);
	return ret;
}
#endif

/* v7.3 has kernel threads look paths up in a root of their own, which is empty. */
#ifndef scoped_with_init_fs
#define scoped_with_init_fs()
#endif

/* Have the filesystem make the first page of a file, locked. */
static inline struct page *compat_write_begin(struct file *file)
{
	struct address_space *mapping = file->f_mapping;
	void *data;
	int ret;
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)	/* 9d6b0cd75784 */
	struct page *page;

	ret = mapping->a_ops->write_begin(file, mapping, 0, PAGE_SIZE, 0, &page,
					  &data);
	return ret ? NULL : page;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)	/* 1da86618bdce */
	struct page *page;

	ret = mapping->a_ops->write_begin(file, mapping, 0, PAGE_SIZE, &page,
					  &data);
	return ret ? NULL : page;
#else
	struct folio *folio;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)	/* and in v7.2 */
	ret = mapping->a_ops->write_begin(file, mapping, 0, PAGE_SIZE, &folio,
					  &data);
#else
	ret = mapping->a_ops->write_begin(NULL, mapping, 0, PAGE_SIZE, &folio,
					  &data);
#endif
	return ret ? NULL : folio_page(folio, 0);
#endif
}

/* What says that no room is set aside for a file; in v7.2 a type of its own. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define COMPAT_NORESERVE		VM_NORESERVE
#else
#define COMPAT_NORESERVE		mk_vma_flags(VMA_NORESERVE_BIT)
#endif

/*
 * A page of the swap cache: put it there, with its slot in use once; look it up;
 * write it; read it; and let go of the slot, or of slot and page. The pages were
 * in address spaces, v7.2 has the table of slots refer to them. Of its reads one
 * does not hear how they went.
 */
#ifdef CONFIG_PAGE_WRITEBACK_SWAP
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
/* Without a use of the slot: that comes with the page table entry that refers to it. */
static inline bool compat_swap_alloc(struct folio *folio)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
	return add_to_swap(&folio->page);
#else
	return add_to_swap(folio);
#endif
}

static inline bool compat_swap_add(struct folio *folio)
{
	bool added = compat_swap_alloc(folio);
	swp_entry_t entry = { .val = page_private(&folio->page) };

	return added && !WARN_ON(swap_duplicate(entry));
}

static inline struct page *compat_swap_find(swp_entry_t entry)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	return find_get_page(swap_address_space(entry), swp_offset(entry));
#else
	return find_get_page(swap_address_space(entry), swap_cache_index(entry));
#endif
}

static inline int compat_swap_write(struct folio *folio)
{
	struct writeback_control wbc = { .sync_mode = WB_SYNC_NONE };

	return swap_writepage(&folio->page, &wbc);
}

static inline int compat_swap_read(struct folio *folio)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)	/* 5169b844b7dd */
	return swap_readpage(&folio->page, true);
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	return swap_readpage(&folio->page, true, NULL);
#else
	swap_read_folio(folio, NULL);
	return 0;
#endif
}

static inline void compat_swap_unuse(struct folio *folio)
{
	swp_entry_t entry = { .val = page_private(&folio->page) };

	swap_free(entry);
}

#define compat_swap_zap(entry)		free_swap_and_cache(entry)
#else
static inline bool compat_swap_alloc(struct folio *folio)
{
	return !folio_alloc_swap(folio);
}

static inline bool compat_swap_add(struct folio *folio)
{
	return compat_swap_alloc(folio) && !WARN_ON(folio_dup_swap(folio, NULL));
}

static inline struct page *compat_swap_find(swp_entry_t entry)
{
	struct folio *folio = swap_cache_get_folio(entry);

	return folio ? folio_page(folio, 0) : NULL;
}

/* v7.3 gathers what is to be written or read until it is told to begin. */
#if __has_include("linux/swap_ops.h")
static inline int compat_swap_write(struct folio *folio)
{
	struct swap_io_ctx ctx = {};
	int ret = swap_writeout(&ctx, folio);

	swap_write_submit(&ctx);
	return ret;
}

static inline int compat_swap_read(struct folio *folio)
{
	struct swap_io_ctx ctx = {};

	swap_read_folio(&ctx, folio);
	swap_read_submit(&ctx);
	return 0;
}
#else
static inline int compat_swap_write(struct folio *folio)
{
	return swap_writeout(folio, NULL);
}

static inline int compat_swap_read(struct folio *folio)
{
	swap_read_folio(folio, NULL);
	return 0;
}
#endif

static inline void compat_swap_unuse(struct folio *folio)
{
	folio_lock(folio);
	folio_put_swap(folio, NULL);
	folio_unlock(folio);
}

#define compat_swap_zap(entry)		swap_put_entries_direct(entry, 1)
#endif
#endif /* CONFIG_PAGE_WRITEBACK_SWAP */

/* Replace the mappings of a huge page by swap entries; v5.16 has folios. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
#define compat_unmap(folio)		try_to_unmap(&(folio)->page, TTU_SPLIT_HUGE_PMD)
#else
#define compat_unmap(folio)		try_to_unmap(folio, TTU_SPLIT_HUGE_PMD)
#endif

/* Split a huge page that is on no LRU list; since v6.9 not always into single pages. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#define compat_split(page, tails)	split_huge_page_to_list(page, tails)
#else
#define compat_split(page, tails)	split_huge_page_to_list_to_order(page, tails, 0)
#endif

/* Call a system call of two arguments as the entry code does. */
#ifdef CONFIG_X86_64
#define compat_syscall(nr, a, b)					\
	sys_call_table[nr](&(struct pt_regs){ .di = (unsigned long)(a),	\
					      .si = (unsigned long)(b) })
#endif
#ifdef CONFIG_ARM64	/* v7.3 takes the first one from orig_x0 */
#define compat_syscall(nr, a, b)					\
	sys_call_table[nr](&(struct pt_regs){ .regs = {			\
		(unsigned long)(a), (unsigned long)(b) },		\
		.orig_x0 = (unsigned long)(a) })
#endif

/* v5.10: size of the hashed table of page wait queues in mm/filemap.c. */
#define COMPAT_PAGE_WAIT_BUCKETS	256

/* v5.14 has the zones' counters apart from the lists of pages: 28f836b6777b. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define compat_zonestats		pageset
#else
#define compat_zonestats		per_cpu_zonestats
#endif

/*
 * A counter of a node or a zone, exact as long as it stands still: with
 * the differences that the CPUs of an SMP kernel have not added to it yet.
 */
static inline long compat_node_stat(struct pglist_data *node,
				    enum node_stat_item item)
{
	long n = atomic_long_read(&node->vm_stat[item]);
#ifdef CONFIG_SMP
	int cpu;

	for_each_online_cpu(cpu)
		n += per_cpu_ptr(node->per_cpu_nodestats, cpu)->vm_node_stat_diff[item];
#endif
	return n;
}

static inline long compat_zone_stat(struct zone *zone, enum zone_stat_item item)
{
	long n = atomic_long_read(&zone->vm_stat[item]);
#ifdef CONFIG_SMP
	int cpu;

	for_each_online_cpu(cpu)
		n += per_cpu_ptr(zone->compat_zonestats, cpu)->vm_stat_diff[item];
#endif
	return n;
}

/* And of all nodes and zones. */
static inline long compat_node_state(enum node_stat_item item)
{
	struct pglist_data *node;
	long n = 0;

	for_each_online_pgdat(node)
		n += compat_node_stat(node, item);
	return n;
}

static inline long compat_zone_state(enum zone_stat_item item)
{
	struct zone *zone;
	long n = 0;

	for_each_populated_zone(zone)
		n += compat_zone_stat(zone, item);
	return n;
}

/*
 * Once in 1024 pages that are charged or uncharged on a CPU, whosoever they are,
 * v5.10 asks for the node of the page at hand; v5.16 and later look it up each time.
 * Begin to count anew, as mem_cgroup_event_ratelimit() does: what was charged before
 * a schedule must not show in it.
 */
#if defined(CONFIG_MEMCG) && LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
static inline void compat_restart_memcg_events(void)
{
	struct mem_cgroup *memcg = NULL;

	while ((memcg = mem_cgroup_iter(NULL, memcg, NULL))) {
		struct memcg_vmstats_percpu *s = raw_cpu_ptr(memcg->vmstats_percpu);

		s->targets[MEM_CGROUP_TARGET_THRESH] = s->nr_page_events + 128;
		s->targets[MEM_CGROUP_TARGET_SOFTLIMIT] = s->nr_page_events + 1024;
	}
}
#else
static inline void compat_restart_memcg_events(void)
{
}
#endif

#endif /* _MM_TESTS_COMPAT_H */

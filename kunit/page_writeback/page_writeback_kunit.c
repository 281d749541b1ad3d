// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback: what the end of writeback owes to those who wait for it, one
 * step after the other, without any race.
 */
#include <kunit/test.h>
#include <linux/backing-dev.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "pwb.h"
#include "waiter.h"
#include "../compat.h"

/* Past the 64 entries after which the walk of a wait queue takes a breather. */
#define PWB_MANY_WAITERS	200
/* By then some two of them have met in one of the buckets. */
#define PWB_MANY_PAGES		(COMPAT_PAGE_WAIT_BUCKETS + 1)
/* By then the page lock is handed over to who sleeps for it. */
#define PWB_MAX_UNFAIRNESS	16

/* What the last killable wait returned; each case has one at a time. */
static int pwb_returned;

static void pwb_wait_killable(struct page *page)
{
	allow_signal(SIGKILL);
	pwb_returned = folio_wait_bit_killable(page_folio(page), PG_writeback);
	flush_signals(current);
}

/* Keeps the page locked if it gets the lock. */
static void pwb_lock_killable(struct page *page)
{
	allow_signal(SIGKILL);
	pwb_returned = folio_lock_killable(page_folio(page));
	flush_signals(current);
}

/* Contents that must be stable while they are written. */
static void pwb_wait_stable(struct page *page)
{
	folio_wait_stable(page_folio(page));
}

/* The file under test, and a page of it; both freed by pwb_exit(). */
struct pwb_fixture {
	struct address_space *file[2];
};

static int pwb_init(struct kunit *test)
{
	struct pwb_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	test->priv = f;
	return pwb_files_get(f->file);
}

static void pwb_exit(struct kunit *test)
{
	struct pwb_fixture *f = test->priv;

	if (f && f->file[0])
		pwb_files_close(test, f->file);
}

/* A page under writeback, unlocked, with only the file's reference. */
static struct page *pwb_page(struct kunit *test, pgoff_t index)
{
	struct pwb_fixture *f = test->priv;

	return pwb_page_under_writeback(test, f->file[0], index);
}

static void wait_and_wake(struct kunit *test)
{
	struct page *page = pwb_page(test, 0);
	struct pwb_waiter *w = pwb_waiter_start(test, page, wait_on_page_writeback);

	pwb_expect_waiting(test, w);
	end_page_writeback(page);
	pwb_expect_returns(test, w);
	KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(page));
	KUNIT_EXPECT_EQ(test, 1, page_ref_count(page));
	/* Who comes late does not wait. */
	wait_on_page_writeback(page);
}

static void many_waiters(struct kunit *test)
{
	struct page *page = pwb_page(test, 0);
	struct pwb_waiter **w;
	unsigned int i;

	w = kunit_kzalloc(test, sizeof(*w) * PWB_MANY_WAITERS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w);
	for (i = 0; i < PWB_MANY_WAITERS; i++)
		w[i] = pwb_waiter_create(test, page, wait_on_page_writeback, PWB_ANY_CPU);
	for (i = 0; i < PWB_MANY_WAITERS; i++) {
		pwb_expect_asleep(test, w[i]);
		/* Each that is not may take the same time to tell. */
		KUNIT_ASSERT_TRUE(test, compat_kunit_ok(test));
	}
	end_page_writeback(page);
	for (i = 0; i < PWB_MANY_WAITERS; i++)
		pwb_expect_returns(test, w[i]);
	/* PG_waiters may be left behind for the next wakeup, and no longer. */
	lock_page(page);
	unlock_page(page);
	KUNIT_EXPECT_FALSE(test, folio_test_waiters(page_folio(page)));
}

static void lock_waiter_sleeps_on(struct kunit *test)
{
	struct page *page = pwb_page(test, 0);
	struct pwb_waiter *writeback, *lock;

	lock_page(page);
	lock = pwb_waiter_start(test, page, pwb_wait_for_lock);
	writeback = pwb_waiter_start(test, page, wait_on_page_writeback);
	end_page_writeback(page);
	pwb_expect_returns(test, writeback);
	pwb_expect_waiting(test, lock);
	unlock_page(page);
	pwb_expect_returns(test, lock);
}

/* Who drops his reference to wait does not keep the page. */
static void put_and_wait(struct kunit *test)
{
	struct pwb_waiter *w;
	struct page *page;

	if (!COMPAT_HAS_PUT_AND_WAIT)
		kunit_skip(test, "not on this line");

	page = pwb_page(test, 0);
	end_page_writeback(page);
	lock_page(page);
	get_page(page);
	w = pwb_waiter_start(test, page, COMPAT_PUT_AND_WAIT);
	KUNIT_EXPECT_EQ(test, 1, page_ref_count(page));
	unlock_page(page);
	pwb_expect_returns(test, w);
}

/* A signal ends a killable wait, and that of nobody else. */
static void killed_waiter(struct kunit *test)
{
	struct page *page = pwb_page(test, 0);
	struct pwb_waiter *killed, *w;

	killed = pwb_waiter_start(test, page, pwb_wait_killable);
	w = pwb_waiter_start(test, page, wait_on_page_writeback);
	send_sig(SIGKILL, killed->task, 1);
	pwb_expect_returns(test, killed);
	KUNIT_EXPECT_EQ(test, pwb_returned, -EINTR);
	pwb_expect_waiting(test, w);
	end_page_writeback(page);
	pwb_expect_returns(test, w);
}

/* A killable wait that nobody kills returns 0, once the writeback has ended. */
static void killable_waiter(struct kunit *test)
{
	struct page *page = pwb_page(test, 0);
	struct pwb_waiter *w = pwb_waiter_start(test, page, pwb_wait_killable);

	pwb_expect_waiting(test, w);
	end_page_writeback(page);
	pwb_expect_returns(test, w);
	KUNIT_EXPECT_EQ(test, pwb_returned, 0);
	KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(page));
}

/* The same for the page lock: 0 and the lock, or -EINTR and no lock. */
static void killable_lock(struct kunit *test)
{
	struct page *page = pwb_page(test, 0);
	struct pwb_waiter *w;

	end_page_writeback(page);
	lock_page(page);
	w = pwb_waiter_start(test, page, pwb_lock_killable);
	send_sig(SIGKILL, w->task, 1);
	pwb_expect_returns(test, w);
	KUNIT_EXPECT_EQ(test, pwb_returned, -EINTR);
	KUNIT_EXPECT_TRUE(test, (bool)PageLocked(page));

	w = pwb_waiter_start(test, page, pwb_lock_killable);
	unlock_page(page);
	pwb_expect_returns(test, w);
	KUNIT_EXPECT_EQ(test, pwb_returned, 0);
	KUNIT_EXPECT_TRUE(test, (bool)PageLocked(page));
	unlock_page(page);
}

/* Where contents must be stable, and only there, one waits for that. */
static void stable_page(struct kunit *test)
{
	struct pwb_fixture *f = test->priv;
	struct page *page = pwb_page(test, 0);
	struct pwb_waiter *w;

	pwb_expect_returns(test, pwb_waiter_create(test, page,
						   pwb_wait_stable,
						   PWB_ANY_CPU));
	f->file[0]->host->i_sb->s_iflags |= SB_I_STABLE_WRITES;
	mapping_set_stable_writes(f->file[0]);
	w = pwb_waiter_start(test, page, pwb_wait_stable);
	end_page_writeback(page);
	pwb_expect_returns(test, w);
}

static void pwb_take_lock(struct page *page)
{
	lock_page(page);
}

/*
 * Who sleeps for the page lock is not beaten to it for ever. He keeps it then:
 * else, on another CPU, he might have had it and be gone before we try.
 */
static void lock_handover(struct kunit *test)
{
	struct page *page = pwb_page(test, 0);
	struct pwb_waiter *w;
	unsigned int i;

	end_page_writeback(page);
	lock_page(page);
	w = pwb_waiter_start(test, page, pwb_take_lock);
	for (i = 0; i < PWB_MAX_UNFAIRNESS; i++) {
		unlock_page(page);
		if (!trylock_page(page))
			break;
		pwb_expect_asleep(test, w);
	}
	KUNIT_EXPECT_LT(test, i, (unsigned int)PWB_MAX_UNFAIRNESS);
	if (i == PWB_MAX_UNFAIRNESS)
		unlock_page(page);
	pwb_expect_returns(test, w);
	KUNIT_EXPECT_TRUE(test, (bool)PageLocked(page));
	unlock_page(page);
}

static void two_pages_one_bucket(struct kunit *test)
{
	unsigned int bucket[COMPAT_PAGE_WAIT_BUCKETS] = { 0 };
	struct pwb_waiter *w[2];
	struct page **page;
	unsigned int i, n, hash;

	page = kunit_kzalloc(test, sizeof(*page) * PWB_MANY_PAGES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	for (n = 0; n < PWB_MANY_PAGES; n++) {
		page[n] = pwb_page(test, n);
		hash = hash_ptr(page[n], ilog2(COMPAT_PAGE_WAIT_BUCKETS));
		if (bucket[hash])
			break;
		bucket[hash] = n + 1;
	}
	KUNIT_ASSERT_LT(test, n, (unsigned int)PWB_MANY_PAGES);
	swap(page[bucket[hash] - 1], page[0]);

	w[0] = pwb_waiter_start(test, page[0], wait_on_page_writeback);
	w[1] = pwb_waiter_start(test, page[n], wait_on_page_writeback);
	end_page_writeback(page[0]);
	pwb_expect_returns(test, w[0]);
	pwb_expect_waiting(test, w[1]);
	end_page_writeback(page[n]);
	pwb_expect_returns(test, w[1]);
	for (i = 1; i < n; i++)
		end_page_writeback(page[i]);
}

/* A page that reclaim wants back is moved to where reclaim takes pages from. */
static void marked_for_reclaim(struct kunit *test)
{
	struct page *page = pwb_page(test, 0);
	struct page *other = pwb_page(test, 1);
	struct folio *folio = page_folio(page);
	struct list_head *lru = &folio_lruvec(folio)->lists[folio_lru_list(folio)];
	struct pwb_waiter *w = pwb_waiter_start(test, page, wait_on_page_writeback);

	KUNIT_EXPECT_TRUE(test, (bool)PageLRU(page));
	list_move(&page->lru, lru);	/* alone on the machine: no lock */
	SetPageReclaim(page);
	end_page_writeback(page);
	pwb_expect_returns(test, w);
	lru_add_drain();
	KUNIT_EXPECT_FALSE(test, (bool)PageReclaim(page));
	KUNIT_EXPECT_PTR_EQ(test, lru->prev, &page->lru);
	KUNIT_EXPECT_EQ(test, 1, page_ref_count(page));
	end_page_writeback(other);
}

/* One end, one step: counters, tag, and the superblock's list. */
static void accounting(struct kunit *test)
{
	struct pwb_fixture *f = test->priv;
	struct inode *inode = f->file[0]->host;
	long writeback = compat_node_state(NR_WRITEBACK);
	long pending = compat_zone_state(NR_ZONE_WRITE_PENDING);
	long written = compat_node_state(NR_WRITTEN);
	struct page *page[2];

	page[0] = pwb_page(test, 0);
	page[1] = pwb_page(test, 1);
	KUNIT_EXPECT_EQ(test, writeback + 2, compat_node_state(NR_WRITEBACK));
	KUNIT_EXPECT_EQ(test, pending + 2,
			compat_zone_state(NR_ZONE_WRITE_PENDING));
	end_page_writeback(page[0]);
	KUNIT_EXPECT_TRUE(test, (bool)mapping_tagged(f->file[0],
						     PAGECACHE_TAG_WRITEBACK));
	KUNIT_EXPECT_FALSE(test, (bool)list_empty(&inode->i_wb_list));
	KUNIT_EXPECT_EQ(test, (s64)1,
			wb_stat_sum(&inode_to_bdi(inode)->wb, WB_WRITEBACK));
	end_page_writeback(page[1]);
	KUNIT_EXPECT_FALSE(test, (bool)mapping_tagged(f->file[0],
						      PAGECACHE_TAG_WRITEBACK));
	KUNIT_EXPECT_TRUE(test, (bool)list_empty(&inode->i_wb_list));
	KUNIT_EXPECT_EQ(test, (s64)0,
			wb_stat_sum(&inode_to_bdi(inode)->wb, WB_WRITEBACK));
	KUNIT_EXPECT_EQ(test, (s64)2,
			wb_stat_sum(&inode_to_bdi(inode)->wb, WB_WRITTEN));
	KUNIT_EXPECT_EQ(test, writeback, compat_node_state(NR_WRITEBACK));
	KUNIT_EXPECT_EQ(test, pending, compat_zone_state(NR_ZONE_WRITE_PENDING));
	KUNIT_EXPECT_EQ(test, written + 2, compat_node_state(NR_WRITTEN));
}

static bool pwb_tagged(struct kunit *test, xa_mark_t tag)
{
	struct pwb_fixture *f = test->priv;

	return xa_get_mark(&f->file[0]->i_pages, 0, tag);
}

/* What is being written is neither dirty nor to be written any more. */
static void tags_at_begin(struct kunit *test)
{
	struct pwb_fixture *f = test->priv;
	struct xarray *pages = &f->file[0]->i_pages;
	struct page *page = pwb_page(test, 0);
	unsigned int keep;

	for (keep = 0; keep < 2; keep++) {
		end_page_writeback(page);
		xa_lock_irq(pages);
		__xa_set_mark(pages, 0, PAGECACHE_TAG_DIRTY);
		__xa_set_mark(pages, 0, PAGECACHE_TAG_TOWRITE);
		xa_unlock_irq(pages);
		lock_page(page);
		__folio_start_writeback(page_folio(page), keep);
		unlock_page(page);
		KUNIT_EXPECT_TRUE(test, pwb_tagged(test, PAGECACHE_TAG_WRITEBACK));
		KUNIT_EXPECT_FALSE(test, pwb_tagged(test, PAGECACHE_TAG_DIRTY));
		KUNIT_EXPECT_EQ(test, !!keep,
				(int)pwb_tagged(test, PAGECACHE_TAG_TOWRITE));
	}
	end_page_writeback(page);
}

static void no_writeback_tags(struct kunit *test)
{
	struct pwb_fixture *f = test->priv;
	struct pwb_waiter *w;
	struct page *page;

	mapping_set_no_writeback_tags(f->file[0]);
	page = pwb_page(test, 0);
	KUNIT_EXPECT_FALSE(test, (bool)mapping_tagged(f->file[0],
						      PAGECACHE_TAG_WRITEBACK));
	w = pwb_waiter_start(test, page, wait_on_page_writeback);
	end_page_writeback(page);
	pwb_expect_returns(test, w);
	KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(page));
}

static struct kunit_case pwb_cases[] = {
	KUNIT_CASE(wait_and_wake),
	KUNIT_CASE(many_waiters),
	KUNIT_CASE(lock_waiter_sleeps_on),
	KUNIT_CASE(lock_handover),
	KUNIT_CASE(put_and_wait),
	KUNIT_CASE(killed_waiter),
	KUNIT_CASE(killable_waiter),
	KUNIT_CASE(killable_lock),
	KUNIT_CASE(stable_page),
	KUNIT_CASE(two_pages_one_bucket),
	KUNIT_CASE(marked_for_reclaim),
	KUNIT_CASE(accounting),
	KUNIT_CASE(tags_at_begin),
	KUNIT_CASE(no_writeback_tags),
	{}
};

static struct kunit_suite pwb_suite = {
	.name = "page_writeback",
	.init = pwb_init,
	.exit = pwb_exit,
	.test_cases = pwb_cases,
};

kunit_test_suite(pwb_suite);

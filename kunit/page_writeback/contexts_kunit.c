// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_contexts: writeback that ends in an interrupt, as the
 * completions of real devices do, with waiters on every CPU; and ends for pages
 * that are more than a frame of a file: huge, swapped out, charged to a cgroup
 * that is gone.
 *
 * No schedules here: what runs on another CPU, or in an interrupt, the explorer
 * does not hold.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "huge.h"
#include "memcg.h"
#include "pwb.h"
#include "swap.h"
#include "user.h"
#include "waiter.h"
#include "../compat.h"

/*
 * The waiters fall asleep first in every other round. In the others, the
 * interrupt comes a little later each time, over the while that it takes them.
 */
#define PWB_ROUNDS	40
/* Where timers go off at ticks alone, another round is the same once more. */
#define PWB_TICK_ROUNDS	4
#define PWB_ROUND_STEP	(5 * NSEC_PER_USEC)
#define PWB_PATTERN	0x5a

/**
 * struct pwb_completion - the end of a writeback in an interrupt
 * @timer: the interrupt
 * @page: the page
 * @hardirq: it was a hard interrupt
 * @softirq: or a soft one
 */
struct pwb_completion {
	struct hrtimer timer;
	struct page *page;
	bool hardirq;
	bool softirq;
};

static enum hrtimer_restart pwb_complete(struct hrtimer *timer)
{
	struct pwb_completion *c = container_of(timer, struct pwb_completion, timer);

	c->hardirq = in_hardirq();
	c->softirq = !c->hardirq && in_serving_softirq();
	end_page_writeback(c->page);
	return HRTIMER_NORESTART;
}

/* One writeback that ends in an interrupt, and a waiter on each CPU. */
static void pwb_interrupt_round(struct kunit *test, struct pwb_completion *c,
				enum hrtimer_mode mode, u64 delay, bool asleep)
{
	struct pwb_waiter **w;
	unsigned int cpu;

	w = kunit_kzalloc(test, sizeof(*w) * nr_cpu_ids, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w);
	for_each_online_cpu(cpu)
		w[cpu] = pwb_waiter_create(test, c->page, wait_on_page_writeback, cpu);
	for_each_online_cpu(cpu)
		if (asleep)
			pwb_expect_asleep(test, w[cpu]);

	hrtimer_setup(&c->timer, pwb_complete, CLOCK_MONOTONIC, mode);
	hrtimer_start(&c->timer, ns_to_ktime(delay), mode);
	for_each_online_cpu(cpu)
		pwb_expect_returns(test, w[cpu]);
	hrtimer_cancel(&c->timer);
	KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(c->page));
	KUNIT_EXPECT_EQ(test, 1, page_ref_count(c->page));
}

static void pwb_interrupt(struct kunit *test, enum hrtimer_mode mode,
			  bool hardirq)
{
	struct address_space **file = test->priv;
	long writeback = compat_node_state(NR_WRITEBACK);
	struct pwb_completion *c;
	unsigned int i, rounds;

	c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	rounds = hrtimer_resolution < TICK_NSEC ? PWB_ROUNDS : PWB_TICK_ROUNDS;
	for (i = 0; i < rounds; i++) {
		c->page = pwb_page_under_writeback(test, file[0], 0);
		pwb_interrupt_round(test, c, mode, i * PWB_ROUND_STEP, i % 2);
		KUNIT_EXPECT_EQ(test, hardirq, c->hardirq);
		KUNIT_EXPECT_NE(test, hardirq, c->softirq);
		truncate_inode_pages(file[0], 0);
	}
	KUNIT_EXPECT_EQ(test, writeback, compat_node_state(NR_WRITEBACK));
}

static void ends_in_hardirq(struct kunit *test)
{
	pwb_interrupt(test, HRTIMER_MODE_REL_HARD, true);
}

static void ends_in_softirq(struct kunit *test)
{
	pwb_interrupt(test, HRTIMER_MODE_REL_SOFT, false);
}

/* The page must be free in the end: nothing holds it but the file. */
static void charged_to_removed_cgroup(struct kunit *test)
{
	unsigned long end = jiffies + 5 * HZ;
	struct address_space **file = test->priv;
	struct mem_cgroup *memcg;
	struct pwb_waiter *w;
	struct mm_struct *mm;
	struct vfsmount *mnt;
	struct page *page;

	if (!IS_ENABLED(CONFIG_MEMCG))
		kunit_skip(test, "no memory cgroups");

	KUNIT_ASSERT_EQ(test, 0, pwb_cgroup_get(&mnt));
	KUNIT_ASSERT_EQ(test, 0, pwb_cgroup_enter(mnt));
	mm = pwb_mm_get();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mm);
	page = pwb_page_under_writeback(test, file[0], 0);
	memcg = get_mem_cgroup_from_mm(mm);
	pwb_mm_put(mm);
	KUNIT_ASSERT_PTR_EQ(test, memcg, pwb_cgroup_of(page));

	w = pwb_waiter_start(test, page, wait_on_page_writeback);
	KUNIT_EXPECT_EQ(test, 0, pwb_cgroup_leave(mnt));
	KUNIT_EXPECT_EQ(test, 0, pwb_cgroup_remove(mnt));
	/* A worker takes it down. */
	while (mem_cgroup_online(memcg) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_FALSE(test, mem_cgroup_online(memcg));
	pwb_expect_waiting(test, w);
	end_page_writeback(page);
	pwb_expect_returns(test, w);
	KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(page));
	KUNIT_EXPECT_EQ(test, 1, page_ref_count(page));
	mem_cgroup_put(memcg);
	mntput(mnt);
}

/* To a RAM disk and back, with the real end of the I/O. */
static void swapped_out(struct kunit *test)
{
	struct page *page;
	void *data;

	if (!IS_ENABLED(CONFIG_PAGE_WRITEBACK_SWAP))
		kunit_skip(test, "no swap");

	KUNIT_ASSERT_EQ(test, 0, pwb_swap_on());
	page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	data = page_address(page);
	memset(data, PWB_PATTERN, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, pwb_swap_add(page));
	KUNIT_EXPECT_EQ(test, 0, pwb_swap_write(page));
	KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(page));
	KUNIT_EXPECT_FALSE(test, (bool)compat_page_error(page));

	memset(data, 0, PAGE_SIZE);
	lock_page(page);
	KUNIT_EXPECT_EQ(test, 0, pwb_swap_read(page));
	folio_wait_locked(page_folio(page));
	KUNIT_EXPECT_TRUE(test, (bool)PageUptodate(page));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(data, PWB_PATTERN, PAGE_SIZE));

	KUNIT_EXPECT_EQ(test, 2, page_ref_count(page));
	pwb_swap_unuse(page);
	pwb_swap_free(page);
	KUNIT_EXPECT_EQ(test, 1, page_ref_count(page));
	put_page(page);
	KUNIT_EXPECT_EQ(test, 0, pwb_swap_off());
}

/*
 * Whoever finds a tail page in a file sees the head's writeback, locks the head,
 * and waits with those who came by the head. This line's functions that wait
 * for writeback or end it take no tail page themselves.
 */
static void huge_through_tail(struct kunit *test)
{
	struct pwb_waiter *writeback, *lock;
	struct page *head, *tail;
	struct file *file;

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
		kunit_skip(test, "no transparent huge pages");

	file = pwb_huge_file_get();
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	head = pwb_huge_page(file);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, head);
	tail = find_lock_page(file->f_mapping, 3);
	KUNIT_ASSERT_PTR_EQ(test, head + 3, tail);
	KUNIT_EXPECT_TRUE(test, (bool)PageTail(tail));
	KUNIT_EXPECT_TRUE(test, (bool)PageLocked(head));
	set_page_writeback(compound_head(tail));
	KUNIT_EXPECT_TRUE(test, (bool)PageWriteback(head));
	KUNIT_EXPECT_TRUE(test, (bool)PageWriteback(tail));

	writeback = pwb_waiter_start(test, compound_head(tail), wait_on_page_writeback);
	lock = pwb_waiter_start(test, tail, pwb_wait_for_lock);
	end_page_writeback(compound_head(tail));
	pwb_expect_returns(test, writeback);
	KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(tail));
	KUNIT_EXPECT_FALSE(test, (bool)completion_done(&lock->done));
	unlock_page(tail);
	pwb_expect_returns(test, lock);
	put_page(tail);
	pwb_huge_file_put(file);
}

static struct kunit_case pwb_context_cases[] = {
	KUNIT_CASE(ends_in_hardirq),
	KUNIT_CASE(ends_in_softirq),
	KUNIT_CASE(charged_to_removed_cgroup),
	KUNIT_CASE(swapped_out),
	KUNIT_CASE(huge_through_tail),
	{}
};

static struct kunit_suite pwb_context_suite = {
	.name = "page_writeback_contexts",
	.init = pwb_files_init,
	.exit = pwb_files_exit,
	.test_cases = pwb_context_cases,
};

kunit_test_suite(pwb_context_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_cost: how long an end of writeback takes, and what has to do with the
 * page lock.
 *
 * Only where it is asked for (page_writeback.cost=1). Under QEMU's "-icount
 * shift=0", where each instruction takes one nanosecond, that is the number of
 * instructions; anywhere else it depends on the weather. The objects under test
 * are not to be instrumented: without CONFIG_INTERLEAVE.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "pwb.h"
#include "suite.h"
#include "waiter.h"

#define PWB_COST_ENDS		256	/* several times a CPU's share of a counter */
#define PWB_COST_WAITERS	64

static bool cost;
module_param_cb(cost, &pwb_bool_ops, &cost, 0444);
MODULE_PARM_DESC(cost, "measure what an end of writeback costs");

static void pwb_cost_nothing(struct folio *folio)
{
	barrier();
}

static void pwb_cost_lock_killed(struct folio *folio)
{
	if (!folio_lock_killable(folio))
		folio_unlock(folio);
}

/* So many calls, in nanoseconds. If they may sleep, a tick of the clock may be among them. */
static u64 pwb_time_of(void (*call)(struct folio *folio), struct page **page,
		       unsigned int n)
{
	unsigned int i;
	u64 ns;

	ns = ktime_get_ns();
	for (i = 0; i < n; i++)
		call(page_folio(page[i]));
	return ktime_get_ns() - ns;
}

/* The same of calls that do not sleep, with nothing in between that is not theirs. */
static u64 pwb_cost_of(void (*call)(struct folio *folio), struct page **page,
		       unsigned int n)
{
	unsigned long flags;
	u64 ns;

	local_irq_save(flags);
	ns = pwb_time_of(call, page, n);
	local_irq_restore(flags);
	return ns;
}

static void pwb_report_cost(struct kunit *test, unsigned int n, u64 ns, u64 nothing)
{
	pwb_print(test, "cost %s: %u calls in %llu ns, as many of nothing in %llu ns",
		  test->name, n, ns, nothing);
}

/* An array for so many pointers. */
static void *pwb_cost_array(struct kunit *test, unsigned int n)
{
	void *array = kunit_kzalloc(test, n * sizeof(void *), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, array);
	return array;
}

/* What @call costs, for each page; with a waiter for each, unless @wait is NULL. */
static void pwb_measure(struct kunit *test, struct page **page, unsigned int n,
			void (*call)(struct folio *folio),
			void (*wait)(struct page *page))
{
	struct pwb_waiter **w = pwb_cost_array(test, n);
	u64 ns, nothing;
	unsigned int i;

	for (i = 0; i < n && wait; i++)
		w[i] = pwb_waiter_start(test, page[i], wait);
	nothing = pwb_cost_of(pwb_cost_nothing, page, n);
	ns = pwb_cost_of(call, page, n);
	pwb_report_cost(test, n, ns, nothing);
	for (i = 0; i < n && wait; i++)
		pwb_expect_returns(test, w[i]);
}

static void pwb_cost_end(struct kunit *test, unsigned int file, unsigned int n,
			 void (*wait)(struct page *page))
{
	struct address_space **files = test->priv;
	struct page **page;
	unsigned int i;

	if (!cost)
		kunit_skip(test, "not asked for");
	page = pwb_cost_array(test, n);
	for (i = 0; i < n; i++)
		page[i] = pwb_page_under_writeback(test, files[file], i);
	pwb_measure(test, page, n, folio_end_writeback, wait);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(page[i]));
	truncate_inode_pages(files[file], 0);
}

static void nobody_waits(struct kunit *test)
{
	pwb_cost_end(test, 0, PWB_COST_ENDS, NULL);
}

static void nobody_waits_untagged(struct kunit *test)
{
	struct address_space **files = test->priv;

	mapping_set_no_writeback_tags(files[1]);
	pwb_cost_end(test, 1, PWB_COST_ENDS, NULL);
}

static void somebody_waits(struct kunit *test)
{
	pwb_cost_end(test, 0, PWB_COST_WAITERS, wait_on_page_writeback);
}

/* Locked pages of a file, which nothing else is to be done with. */
static struct page **pwb_locked_pages(struct kunit *test, unsigned int n)
{
	struct address_space **files = test->priv;
	struct page **page = pwb_cost_array(test, n);
	unsigned int i;

	for (i = 0; i < n; i++) {
		page[i] = pwb_page_under_writeback(test, files[0], i);
		folio_end_writeback(page_folio(page[i]));
		KUNIT_ASSERT_TRUE(test, folio_trylock(page_folio(page[i])));
	}
	return page;
}

static void pwb_cost_unlock(struct kunit *test, void (*wait)(struct page *page))
{
	if (!cost)
		kunit_skip(test, "not asked for");
	pwb_measure(test, pwb_locked_pages(test, PWB_COST_WAITERS), PWB_COST_WAITERS,
		    folio_unlock, wait);
}

static void unlock(struct kunit *test)
{
	pwb_cost_unlock(test, NULL);
}

static void unlock_wakes(struct kunit *test)
{
	pwb_cost_unlock(test, pwb_wait_for_lock);
}

/* A wait for the page lock by a task that was killed before. */
static void lock_killed(struct kunit *test)
{
	struct page **page;
	u64 waits, nothing;
	unsigned int i;

	if (!cost)
		kunit_skip(test, "not asked for");
	page = pwb_locked_pages(test, PWB_COST_WAITERS);
	nothing = pwb_time_of(pwb_cost_nothing, page, PWB_COST_WAITERS);
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	waits = pwb_time_of(pwb_cost_lock_killed, page, PWB_COST_WAITERS);
	flush_signals(current);
	pwb_report_cost(test, PWB_COST_WAITERS, waits, nothing);
	for (i = 0; i < PWB_COST_WAITERS; i++) {
		KUNIT_EXPECT_TRUE(test, (bool)PageLocked(page[i]));
		unlock_page(page[i]);
	}
}

static struct kunit_case pwb_cost_cases[] = {
	KUNIT_CASE(nobody_waits),
	KUNIT_CASE(nobody_waits_untagged),
	KUNIT_CASE(somebody_waits),
	KUNIT_CASE(unlock),
	KUNIT_CASE(unlock_wakes),
	KUNIT_CASE(lock_killed),
	{}
};

static struct kunit_suite pwb_cost_suite = {
	.name = "page_writeback_cost",
	.init = pwb_files_init,
	.exit = pwb_files_exit,
	.test_cases = pwb_cost_cases,
};

kunit_test_suite(pwb_cost_suite);

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

/* So many calls, with nothing in between that is not theirs. In nanoseconds. */
static u64 pwb_cost_of(void (*call)(struct folio *folio), struct page **page,
		       unsigned int n)
{
	unsigned long flags;
	unsigned int i;
	u64 ns;

	local_irq_save(flags);
	ns = ktime_get_ns();
	for (i = 0; i < n; i++)
		call(page_folio(page[i]));
	ns = ktime_get_ns() - ns;
	local_irq_restore(flags);
	return ns;
}

/* The same of calls that may sleep, and do not. A tick of the clock may be among them. */
static u64 pwb_cost_of_sleeping(void (*call)(struct folio *folio),
				struct page **page, unsigned int n)
{
	unsigned int i;
	u64 ns;

	ns = ktime_get_ns();
	for (i = 0; i < n; i++)
		call(page_folio(page[i]));
	return ktime_get_ns() - ns;
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

static void pwb_cost(struct kunit *test, unsigned int file, unsigned int n,
		     bool waiters)
{
	struct address_space **files = test->priv;
	struct pwb_waiter **w;
	struct page **page;
	u64 ends, nothing;
	unsigned int i;

	if (!cost)
		kunit_skip(test, "not asked for");
	page = pwb_cost_array(test, n);
	w = pwb_cost_array(test, n);
	for (i = 0; i < n; i++)
		page[i] = pwb_page_under_writeback(test, files[file], i);
	for (i = 0; i < n && waiters; i++)
		w[i] = pwb_waiter_start(test, page[i], wait_on_page_writeback);

	nothing = pwb_cost_of(pwb_cost_nothing, page, n);
	ends = pwb_cost_of(folio_end_writeback, page, n);
	pwb_report_cost(test, n, ends, nothing);

	for (i = 0; i < n && waiters; i++)
		pwb_expect_returns(test, w[i]);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_FALSE(test, (bool)PageWriteback(page[i]));
	truncate_inode_pages(files[file], 0);
}

static void nobody_waits(struct kunit *test)
{
	pwb_cost(test, 0, PWB_COST_ENDS, false);
}

static void nobody_waits_untagged(struct kunit *test)
{
	struct address_space **files = test->priv;

	mapping_set_no_writeback_tags(files[1]);
	pwb_cost(test, 1, PWB_COST_ENDS, false);
}

static void somebody_waits(struct kunit *test)
{
	pwb_cost(test, 0, PWB_COST_WAITERS, true);
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

static void pwb_cost_unlock(struct kunit *test, bool waiters)
{
	struct pwb_waiter **w;
	struct page **page;
	u64 unlocks, nothing;
	unsigned int i;

	if (!cost)
		kunit_skip(test, "not asked for");
	page = pwb_locked_pages(test, PWB_COST_WAITERS);
	w = pwb_cost_array(test, PWB_COST_WAITERS);
	for (i = 0; i < PWB_COST_WAITERS && waiters; i++)
		w[i] = pwb_waiter_start(test, page[i], pwb_wait_for_lock);
	nothing = pwb_cost_of(pwb_cost_nothing, page, PWB_COST_WAITERS);
	unlocks = pwb_cost_of(folio_unlock, page, PWB_COST_WAITERS);
	pwb_report_cost(test, PWB_COST_WAITERS, unlocks, nothing);
	for (i = 0; i < PWB_COST_WAITERS && waiters; i++)
		pwb_expect_returns(test, w[i]);
}

static void unlock(struct kunit *test)
{
	pwb_cost_unlock(test, false);
}

static void unlock_wakes(struct kunit *test)
{
	pwb_cost_unlock(test, true);
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
	nothing = pwb_cost_of_sleeping(pwb_cost_nothing, page, PWB_COST_WAITERS);
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	waits = pwb_cost_of_sleeping(pwb_cost_lock_killed, page, PWB_COST_WAITERS);
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

// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_cost: how long an end of writeback takes.
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

	page = kunit_kzalloc(test, n * sizeof(*page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	w = kunit_kzalloc(test, n * sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w);
	for (i = 0; i < n; i++)
		page[i] = pwb_page_under_writeback(test, files[file], i);
	for (i = 0; i < n && waiters; i++)
		w[i] = pwb_waiter_start(test, page[i], wait_on_page_writeback);

	nothing = pwb_cost_of(pwb_cost_nothing, page, n);
	ends = pwb_cost_of(folio_end_writeback, page, n);
	pwb_print(test, "cost %s: %u ends in %llu ns, as many calls in %llu ns",
		  test->name, n, ends, nothing);

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

static struct kunit_case pwb_cost_cases[] = {
	KUNIT_CASE(nobody_waits),
	KUNIT_CASE(nobody_waits_untagged),
	KUNIT_CASE(somebody_waits),
	{}
};

static struct kunit_suite pwb_cost_suite = {
	.name = "page_writeback_cost",
	.init = pwb_files_init,
	.exit = pwb_files_exit,
	.test_cases = pwb_cost_cases,
};

kunit_test_suite(pwb_cost_suite);

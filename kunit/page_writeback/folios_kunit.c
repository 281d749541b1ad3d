// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_folios: the end of writeback of folios that later kernels have:
 * large ones in any file, and those that are dropped once they are written. One
 * step after the other, without any race.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "pwb.h"
#include "waiter.h"
#include "../compat.h"

#define PWB_HUGE_ORDER		9	/* as a huge page of x86_64 */

/* A folio under writeback, unlocked, with only the file's references. */
static struct folio *pwb_folio_under_writeback(struct kunit *test,
					       unsigned int order)
{
	gfp_t gfp = GFP_KERNEL | (order ? __GFP_COMP : 0);
	struct address_space **file = test->priv;
	struct page *page = alloc_pages(gfp, order);
	struct folio *folio;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	folio = page_folio(page);
	KUNIT_ASSERT_EQ(test, 0, pwb_page_add(page, file[0], 0));
	folio_start_writeback(folio);
	folio_unlock(folio);
	put_page(page);
	return folio;
}

static void pwb_wait_for_folio(struct page *page)
{
	folio_wait_writeback(page_folio(page));
}

/* One folio, one end; but each of its pages counts. */
static void pwb_end_large(struct kunit *test, unsigned int order)
{
	struct address_space **file = test->priv;
	long writeback = compat_node_state(NR_WRITEBACK);
	long pending = compat_zone_state(NR_ZONE_WRITE_PENDING);
	long written = compat_node_state(NR_WRITTEN);
	struct pwb_waiter *w[2];
	struct folio *folio;
	long nr = 1L << order;

	compat_allow_large_folios(file[0]);
	folio = pwb_folio_under_writeback(test, order);
	KUNIT_EXPECT_EQ(test, nr, (long)page_ref_count(&folio->page));
	KUNIT_EXPECT_EQ(test, nr, compat_node_state(NR_WRITEBACK) - writeback);
	KUNIT_EXPECT_EQ(test, nr, compat_zone_state(NR_ZONE_WRITE_PENDING) - pending);
	w[0] = pwb_waiter_start(test, &folio->page, wait_on_page_writeback);
	/* Who finds one of its tail pages waits for the folio. */
	w[1] = pwb_waiter_start(test, &folio->page + nr - 1, pwb_wait_for_folio);
	folio_end_writeback(folio);
	pwb_expect_returns(test, w[0]);
	pwb_expect_returns(test, w[1]);
	KUNIT_EXPECT_FALSE(test, (bool)folio_test_writeback(folio));
	KUNIT_EXPECT_EQ(test, nr, (long)page_ref_count(&folio->page));
	KUNIT_EXPECT_EQ(test, writeback, compat_node_state(NR_WRITEBACK));
	KUNIT_EXPECT_EQ(test, pending, compat_zone_state(NR_ZONE_WRITE_PENDING));
	KUNIT_EXPECT_EQ(test, nr, compat_node_state(NR_WRITTEN) - written);
	KUNIT_EXPECT_FALSE(test, (bool)mapping_tagged(file[0],
						      PAGECACHE_TAG_WRITEBACK));
	truncate_inode_pages(file[0], 0);
	KUNIT_EXPECT_EQ(test, 0UL, file[0]->nrpages);
}

static void large_folio(struct kunit *test)
{
	if (!COMPAT_HAS_LARGE_FOLIOS)
		kunit_skip(test, "not on this line");
	pwb_end_large(test, 2);
}

static void huge_folio(struct kunit *test)
{
	if (!COMPAT_HAS_LARGE_FOLIOS)
		kunit_skip(test, "not on this line");
	pwb_end_large(test, PWB_HUGE_ORDER);
}

/* As to RWF_DONTCACHE: under writeback, and not to stay any longer than that. */
static struct folio *pwb_folio_to_drop(struct kunit *test)
{
	struct folio *folio = pwb_folio_under_writeback(test, 0);

	folio_set_dropbehind(folio);
	get_page(&folio->page);
	return folio;
}

/* Has it left its file, so that the reference got there is the last? */
static void pwb_expect_dropped(struct kunit *test, struct folio *folio,
			       bool dropped)
{
	struct address_space **file = test->priv;

	KUNIT_EXPECT_FALSE(test, (bool)folio_test_writeback(folio));
	KUNIT_EXPECT_NE(test, dropped, (bool)folio_test_dropbehind(folio));
	KUNIT_EXPECT_EQ(test, dropped ? 0UL : 1UL, file[0]->nrpages);
	KUNIT_EXPECT_EQ(test, dropped ? 1 : 2, page_ref_count(&folio->page));
}

static void dropped_once_written(struct kunit *test)
{
	struct folio *folio;

	if (!COMPAT_HAS_DROPBEHIND)
		kunit_skip(test, "not on this line");
	folio = pwb_folio_to_drop(test);
	folio_end_writeback(folio);
	pwb_expect_dropped(test, folio, true);
	put_page(&folio->page);
}

/* Who waits for its writeback is woken first, and may find it gone. */
static void dropped_with_waiter(struct kunit *test)
{
	struct pwb_waiter *w;
	struct folio *folio;

	if (!COMPAT_HAS_DROPBEHIND)
		kunit_skip(test, "not on this line");
	folio = pwb_folio_to_drop(test);
	w = pwb_waiter_start(test, &folio->page, wait_on_page_writeback);
	folio_end_writeback(folio);
	pwb_expect_returns(test, w);
	pwb_expect_dropped(test, folio, true);
	put_page(&folio->page);
}

static void not_dropped_if_dirty(struct kunit *test)
{
	struct folio *folio;

	if (!COMPAT_HAS_DROPBEHIND)
		kunit_skip(test, "not on this line");
	folio = pwb_folio_to_drop(test);
	folio_set_dirty(folio);
	folio_end_writeback(folio);
	pwb_expect_dropped(test, folio, false);
	folio_clear_dirty(folio);
	put_page(&folio->page);
}

static void not_dropped_if_locked(struct kunit *test)
{
	struct folio *folio;

	if (!COMPAT_HAS_DROPBEHIND)
		kunit_skip(test, "not on this line");
	folio = pwb_folio_to_drop(test);
	KUNIT_EXPECT_TRUE(test, (bool)folio_trylock(folio));
	folio_end_writeback(folio);
	folio_unlock(folio);
	pwb_expect_dropped(test, folio, false);
	put_page(&folio->page);
}

/**
 * struct pwb_drop_timer - the end of a writeback in an interrupt
 * @timer: the interrupt
 * @folio: the folio
 */
struct pwb_drop_timer {
	struct hrtimer timer;
	struct folio *folio;
};

static enum hrtimer_restart pwb_drop_expires(struct hrtimer *timer)
{
	folio_end_writeback(container_of(timer, struct pwb_drop_timer, timer)->folio);
	return HRTIMER_NORESTART;
}

static void pwb_end_in_interrupt(struct kunit *test, struct folio *folio)
{
	struct pwb_drop_timer *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct pwb_waiter *w;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	t->folio = folio;
	hrtimer_setup(&t->timer, pwb_drop_expires, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL);
	w = pwb_waiter_start(test, &folio->page, wait_on_page_writeback);
	hrtimer_start(&t->timer, ns_to_ktime(NSEC_PER_USEC), HRTIMER_MODE_REL);
	pwb_expect_returns(test, w);
	hrtimer_cancel(&t->timer);
}

/* Where the locks that it takes to remove a folio are not to be had. */
static void not_dropped_in_interrupt(struct kunit *test)
{
	struct pwb_waiter *w;
	struct folio *folio;

	if (!COMPAT_HAS_DROPBEHIND)
		kunit_skip(test, "not on this line");
	folio = pwb_folio_to_drop(test);
	w = pwb_waiter_start(test, &folio->page, wait_on_page_writeback);
	pwb_end_in_interrupt(test, folio);
	pwb_expect_returns(test, w);
	pwb_expect_dropped(test, folio, false);
	put_page(&folio->page);
}

static struct kunit_case pwb_folio_cases[] = {
	KUNIT_CASE(large_folio),
	KUNIT_CASE(huge_folio),
	KUNIT_CASE(dropped_once_written),
	KUNIT_CASE(dropped_with_waiter),
	KUNIT_CASE(not_dropped_if_dirty),
	KUNIT_CASE(not_dropped_if_locked),
	KUNIT_CASE(not_dropped_in_interrupt),
	{}
};

static struct kunit_suite pwb_folio_suite = {
	.name = "page_writeback_folios",
	.init = pwb_files_init,
	.exit = pwb_files_exit,
	.test_cases = pwb_folio_cases,
};

kunit_test_suite(pwb_folio_suite);

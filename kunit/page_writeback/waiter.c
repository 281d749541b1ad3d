// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that wait for a page. One that is never woken is left behind, with
 * what it waits on, and the case fails.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pwb.h"
#include "suite.h"
#include "waiter.h"

static uint patience = 5;
module_param_cb(patience, &pwb_uint_ops, &patience, 0444);
MODULE_PARM_DESC(patience, "seconds after which a waiter was not woken");

#define PWB_WAKE_TIMEOUT	(patience * HZ)
#define PWB_SETTLE		(HZ / 20)

/**
 * pwb_wait_for_lock() - wait until a page can be locked
 * @page: the page
 */
void pwb_wait_for_lock(struct page *page)
{
	lock_page(page);
	unlock_page(page);
}

static int pwb_waiter_main(void *data)
{
	struct pwb_waiter *w = data;

	w->wait(w->page);
	complete(&w->done);
	return 0;
}

/**
 * pwb_waiter_create() - a thread that waits for something about a page
 * @test: the case, which fails if there is no thread to be had
 * @page: the page
 * @wait: what for: wait_on_page_writeback() or the like
 * @cpu: where it is to run, or %PWB_ANY_CPU
 *
 * Return: the waiter, for pwb_expect_returns() to free.
 */
struct pwb_waiter *pwb_waiter_create(struct kunit *test, struct page *page,
				     void (*wait)(struct page *page), int cpu)
{
	struct pwb_waiter *w = kzalloc(sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w);
	w->page = page;
	w->wait = wait;
	init_completion(&w->done);
	w->task = kthread_create(pwb_waiter_main, w, "pwb_waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(w->task));
	get_task_struct(w->task);
	if (cpu != PWB_ANY_CPU)
		kthread_bind(w->task, cpu);
	wake_up_process(w->task);
	return w;
}

/**
 * pwb_expect_asleep() - expect that a waiter falls asleep, and see it happen
 * @test: the case
 * @w: the waiter
 */
void pwb_expect_asleep(struct kunit *test, struct pwb_waiter *w)
{
	unsigned long end = jiffies + PWB_WAKE_TIMEOUT;
	bool asleep = false;

	while (!asleep && time_before(jiffies, end)) {
		unsigned int state = compat_task_state(w->task);

		/* One that is only about to sleep may not be on the wait queue yet. */
		asleep = state & TASK_UNINTERRUPTIBLE &&
			 wait_task_inactive(w->task, state);
		if (!asleep)
			schedule_timeout_uninterruptible(1);
	}
	KUNIT_EXPECT_TRUE(test, asleep);
	w->sleeps = w->task->nvcsw;
}

/**
 * pwb_waiter_start() - a waiter, asleep
 * @test: the case
 * @page: the page
 * @wait: what for: wait_on_page_writeback() or the like
 *
 * Return: the waiter.
 */
struct pwb_waiter *pwb_waiter_start(struct kunit *test, struct page *page,
				    void (*wait)(struct page *page))
{
	struct pwb_waiter *w = pwb_waiter_create(test, page, wait, PWB_ANY_CPU);

	pwb_expect_asleep(test, w);
	return w;
}

/**
 * pwb_expect_waiting() - expect that a waiter sleeps on, and the page knows it
 * @test: the case
 * @w: the waiter
 */
void pwb_expect_waiting(struct kunit *test, struct pwb_waiter *w)
{
	schedule_timeout_uninterruptible(PWB_SETTLE);
	KUNIT_EXPECT_FALSE(test, (bool)completion_done(&w->done));
	KUNIT_EXPECT_TRUE(test, folio_test_waiters(page_folio(w->page)));
	KUNIT_EXPECT_EQ_MSG(test, w->sleeps, w->task->nvcsw,
			    "a waiter was woken for nothing");
}

/**
 * pwb_expect_returns() - expect that a waiter is woken, and free it
 * @test: the case, which ends here if not
 * @w: the waiter
 */
void pwb_expect_returns(struct kunit *test, struct pwb_waiter *w)
{
	KUNIT_ASSERT_NE_MSG(test, 0UL,
			    wait_for_completion_timeout(&w->done,
							PWB_WAKE_TIMEOUT),
			    "a waiter was not woken");
	put_task_struct(w->task);
	kfree(w);
}

/**
 * pwb_page_under_writeback() - a page under writeback, and nobody's but its file's
 * @test: the case, which ends here if there is none to be had
 * @file: the file
 * @index: page offset in it
 *
 * Return: the page, unlocked.
 */
struct page *pwb_page_under_writeback(struct kunit *test,
				      struct address_space *file, pgoff_t index)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, pwb_page_add(page, file, index));
	set_page_writeback(page);
	unlock_page(page);
	put_page(page);
	return page;
}

/**
 * pwb_files_init() - for suites: two files for each case, as test->priv
 * @test: the case
 *
 * Return: 0 or a negative errno.
 */
int pwb_files_init(struct kunit *test)
{
	struct address_space **file;

	file = kunit_kzalloc(test, 2 * sizeof(*file), GFP_KERNEL);
	if (!file)
		return -ENOMEM;
	test->priv = file;
	return pwb_files_get(file);
}

/**
 * pwb_files_close() - take two files down after a case, which fails if it left
 *		       something behind with them
 * @test: the case
 * @file: the files
 */
void pwb_files_close(struct kunit *test, struct address_space *file[2])
{
	const char *wrong;

	/* A waiter that was never woken has its page: leave it all behind. */
	if (!compat_kunit_ok(test))
		return;
	truncate_inode_pages(file[0], 0);
	wrong = pwb_files_put(file);
	if (wrong)
		KUNIT_FAIL(test, "%s", wrong);
}

/**
 * pwb_files_exit() - take the files of pwb_files_init() down after the case
 * @test: the case
 */
void pwb_files_exit(struct kunit *test)
{
	struct address_space **file = test->priv;

	if (file && file[0])
		pwb_files_close(test, file);
}

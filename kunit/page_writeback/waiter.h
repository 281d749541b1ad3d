/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that wait for a page, and files to have it in: see waiter.c. */
#ifndef _PAGE_WRITEBACK_WAITER_H
#define _PAGE_WRITEBACK_WAITER_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/mm_types.h>
#include <linux/sched.h>

#define PWB_ANY_CPU		(-1)

/**
 * struct pwb_waiter - a thread that waits for a page
 * @page: the page
 * @wait: what for, and how
 * @sleeps: how often it had gone to sleep when it was last seen asleep
 * @task: the thread
 * @done: completed when the wait is over
 */
struct pwb_waiter {
	struct page *page;
	void (*wait)(struct page *page);
	unsigned long sleeps;
	struct task_struct *task;
	struct completion done;
};

void pwb_wait_for_lock(struct page *page);
struct pwb_waiter *pwb_waiter_create(struct kunit *test, struct page *page,
				     void (*wait)(struct page *page), int cpu);
void pwb_expect_asleep(struct kunit *test, struct pwb_waiter *w);
struct pwb_waiter *pwb_waiter_start(struct kunit *test, struct page *page,
				    void (*wait)(struct page *page));
void pwb_expect_waiting(struct kunit *test, struct pwb_waiter *w);
void pwb_expect_returns(struct kunit *test, struct pwb_waiter *w);
struct page *pwb_page_under_writeback(struct kunit *test,
				      struct address_space *file, pgoff_t index);
int pwb_files_init(struct kunit *test);
void pwb_files_close(struct kunit *test, struct address_space *file[2]);
void pwb_files_exit(struct kunit *test);

#endif /* _PAGE_WRITEBACK_WAITER_H */

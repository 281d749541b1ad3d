// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_stress: the same operations as free-running threads on all
 * CPUs, over many pages. Slow, and it proves little when it passes: it is what
 * the explorer is compared with, and a run of the fix under real concurrency.
 * Runs only when it is given time.
 *
 * Writers lock a page, wait for its writeback, begin another, and hand the page
 * to the enders without a reference, as one does to a device. Truncation frees
 * pages meanwhile, and their frames become the writers' next pages. The case "locks"
 * is in stress_locks.c.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "pwb.h"
#include "suite.h"

static uint stress;
module_param_cb(stress, &pwb_uint_ops, &stress, 0444);
MODULE_PARM_DESC(stress, "time for the stress suite, in milliseconds; 0 to skip it");

static uint stress_locks;
module_param_cb(stress_locks, &pwb_uint_ops, &stress_locks, 0444);
MODULE_PARM_DESC(stress_locks, "the same for its case of page locks and killed waiters");

static uint delay;
module_param_cb(delay, &pwb_uint_ops, &delay, 0444);
MODULE_PARM_DESC(delay, "during stress, one in so many accesses is slow; 0 for none");

#define PWB_STRESS_PAGES	8	/* in each of the two files */
#define PWB_STRESS_FLIGHT	64	/* writebacks that have not ended */
#define PWB_STRESS_DELAY_US	50
#define PWB_STRESS_PATIENCE	(20 * HZ)

enum pwb_stress_op {
	PWB_STRESS_WRITE,
	PWB_STRESS_END,
	PWB_STRESS_TRUNCATE,
	PWB_STRESS_FDATAWAIT,
	PWB_STRESS_OPS
};

static const char *const pwb_stress_names[] = {
	[PWB_STRESS_WRITE]	= "writes",
	[PWB_STRESS_END]	= "ends",
	[PWB_STRESS_TRUNCATE]	= "truncations",
	[PWB_STRESS_FDATAWAIT]	= "waits",
};

/**
 * struct pwb_stress - what the threads share
 * @file: two files
 * @lock: protects @flight and @nr_flight
 * @flight: pages under writeback, whose end is due
 * @nr_flight: how many
 * @begun: how many at most, with those that are about to be
 * @stop: no new operations, please
 * @finish: and the enders may leave when nothing is in flight
 * @early: waiters that came back with the page under writeback
 * @start: when it all began, in nanoseconds
 * @first: and when the first such waiter came back
 */
struct pwb_stress {
	struct address_space *file[2];
	spinlock_t lock;	/* for @flight */
	struct page *flight[PWB_STRESS_FLIGHT];
	unsigned int nr_flight;
	atomic_t begun;
	bool stop;
	bool finish;
	atomic_t early;
	u64 start;
	u64 first;
};

struct pwb_stress_thread {
	struct pwb_stress *s;
	enum pwb_stress_op op;
	struct rnd_state random;
	u64 ops;
	struct completion done;
};

/* Begin writeback, if there is room, and take the page without a reference. */
static bool pwb_stress_submit(struct pwb_stress *s, struct page *page)
{
	if (atomic_inc_return(&s->begun) > PWB_STRESS_FLIGHT) {
		atomic_dec(&s->begun);
		return false;
	}
	set_page_writeback(page);
	spin_lock(&s->lock);
	s->flight[s->nr_flight++] = page;
	spin_unlock(&s->lock);
	return true;
}

static struct page *pwb_stress_complete(struct pwb_stress *s, u32 random)
{
	struct page *page = NULL;

	spin_lock(&s->lock);
	if (s->nr_flight) {
		unsigned int i = random % s->nr_flight;

		page = s->flight[i];
		s->flight[i] = s->flight[--s->nr_flight];
	}
	spin_unlock(&s->lock);
	if (page)
		atomic_dec(&s->begun);
	return page;
}

static void pwb_stress_early(struct pwb_stress *s)
{
	if (atomic_inc_return(&s->early) == 1)
		WRITE_ONCE(s->first, ktime_get_ns());
}

static bool pwb_stress_write(struct pwb_stress *s, struct address_space *file,
			     pgoff_t index)
{
	struct page *page = find_or_create_page(file, index, GFP_KERNEL);
	bool done = false;

	if (!page)
		return false;
	wait_on_page_writeback(page);
	if (PageWriteback(page))
		pwb_stress_early(s);
	else
		done = pwb_stress_submit(s, page);
	unlock_page(page);
	put_page(page);
	return done;
}

/* One operation; whether it did anything. */
static bool pwb_stress_step(struct pwb_stress_thread *t)
{
	u32 r = prandom_u32_state(&t->random);
	struct address_space *file = t->s->file[r & 1];
	pgoff_t index = (r >> 1) % PWB_STRESS_PAGES;
	loff_t from = (loff_t)index << PAGE_SHIFT;
	struct page *page;

	switch (t->op) {
	case PWB_STRESS_WRITE:
		return pwb_stress_write(t->s, file, index);
	case PWB_STRESS_END:
		page = pwb_stress_complete(t->s, r);
		if (page)
			end_page_writeback(page);
		return page;
	case PWB_STRESS_TRUNCATE:
		truncate_inode_pages_range(file, from, from + PAGE_SIZE - 1);
		return true;
	default:
		filemap_fdatawait_range(file, from, from + PAGE_SIZE - 1);
		return true;
	}
}

static int pwb_stress_main(void *data)
{
	struct pwb_stress_thread *t = data;
	const bool *flag = t->op == PWB_STRESS_END ? &t->s->finish : &t->s->stop;
	bool over, did;

	/* What was in flight when it was over has yet to be ended. */
	do {
		over = READ_ONCE(*flag);
		if (over && t->op != PWB_STRESS_END)
			break;
		did = pwb_stress_step(t);
		t->ops += did;
		if (did)
			cond_resched();
		else
			schedule_timeout_uninterruptible(1);
	} while (did || !over);
	complete(&t->done);
	return 0;
}

static struct pwb_stress_thread *pwb_stress_start(struct kunit *test,
						  struct pwb_stress *s,
						  enum pwb_stress_op op,
						  unsigned int nr)
{
	struct pwb_stress_thread *t = kzalloc(sizeof(*t), GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	t->s = s;
	t->op = op;
	prandom_seed_state(&t->random, nr + 1);
	init_completion(&t->done);
	task = kthread_run(pwb_stress_main, t, "pwb/%s", pwb_stress_names[op]);
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	return t;
}

/* Wait for threads to end; one that does not was never woken, and is left. */
static bool pwb_stress_join(struct kunit *test, struct pwb_stress_thread **t,
			    unsigned int n, bool enders, u64 *ops)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < n; i++) {
		bool ender = t[i] && t[i]->op == PWB_STRESS_END;

		if (!t[i] || ender != enders)
			continue;
		if (wait_for_completion_timeout(&t[i]->done,
						PWB_STRESS_PATIENCE)) {
			ops[t[i]->op] += t[i]->ops;
			kfree(t[i]);
			t[i] = NULL;
			continue;
		}
		all = false;
		KUNIT_FAIL(test, "a thread was never woken: %s",
			   pwb_stress_names[t[i]->op]);
	}
	return all;
}

static void pwb_stress_report(struct kunit *test, const struct pwb_stress *s,
			      const u64 *ops)
{
	pwb_print(test, "time: %s %llu writes, %llu ends, %llu truncations, %llu waits",
		  test->name, ops[PWB_STRESS_WRITE], ops[PWB_STRESS_END],
		  ops[PWB_STRESS_TRUNCATE], ops[PWB_STRESS_FDATAWAIT]);
	pwb_print(test, "time: %s took %u ms, with one access in %u slow",
		  test->name, stress, delay);
	if (s->first)
		pwb_print(test, "time: %s %d early returns, the first after %llu us",
			  test->name, atomic_read(&s->early),
			  div_u64(s->first - s->start, NSEC_PER_USEC));
	KUNIT_EXPECT_EQ_MSG(test, !!s->first, false,
			    "waiters came back to a page under writeback");
	KUNIT_EXPECT_GT_MSG(test, ops[PWB_STRESS_END], 0ULL, "nothing happened");
}

/* A wakeup that went astray may leave the others to wait for ever. */
static void pages(struct kunit *test)
{
	unsigned int cpus = num_online_cpus();
	unsigned int i, n = 2 * cpus + 2;
	u64 ops[PWB_STRESS_OPS] = {};
	struct pwb_stress_thread **t;
	struct pwb_stress *s;
	long writeback;
	bool all;

	if (!stress)
		kunit_skip(test, "not asked for");
	if (cpus == 1)
		kunit_skip(test, "one CPU only");

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	t = kunit_kzalloc(test, n * sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	spin_lock_init(&s->lock);
	KUNIT_ASSERT_EQ(test, 0, pwb_files_get(s->file));
	writeback = compat_node_state(NR_WRITEBACK);

	ilv_delays(delay, PWB_STRESS_DELAY_US);
	s->start = ktime_get_ns();
	for (i = 0; i < n - 2; i++)
		t[i] = pwb_stress_start(test, s, i % 2 ? PWB_STRESS_END :
						PWB_STRESS_WRITE, i);
	t[i] = pwb_stress_start(test, s, PWB_STRESS_TRUNCATE, i);
	t[i + 1] = pwb_stress_start(test, s, PWB_STRESS_FDATAWAIT, i + 1);
	schedule_timeout_uninterruptible(msecs_to_jiffies(stress));

	WRITE_ONCE(s->stop, true);
	all = pwb_stress_join(test, t, n, false, ops);
	WRITE_ONCE(s->finish, true);
	all &= pwb_stress_join(test, t, n, true, ops);
	ilv_delays(0, 0);
	pwb_stress_report(test, s, ops);
	if (!all)
		return;
	KUNIT_EXPECT_EQ(test, writeback, compat_node_state(NR_WRITEBACK));
	KUNIT_EXPECT_EQ(test, ops[PWB_STRESS_WRITE], ops[PWB_STRESS_END]);
	for (i = 0; i < 2; i++)
		truncate_inode_pages(s->file[i], 0);
	KUNIT_EXPECT_EQ(test, 0UL, s->file[0]->nrpages + s->file[1]->nrpages);
	pwb_files_put(s->file);
	kfree(s);
}

static void locks(struct kunit *test)
{
	if (!stress_locks)
		kunit_skip(test, "not asked for");
	if (num_online_cpus() == 1)
		kunit_skip(test, "one CPU only");
	pwb_stress_locks(test, stress_locks, delay, PWB_STRESS_DELAY_US);
}

static struct kunit_case pwb_stress_cases[] = {
	KUNIT_CASE(pages),
	KUNIT_CASE(locks),
	{}
};

static struct kunit_suite pwb_stress_suite = {
	.name = "page_writeback_stress",
	.test_cases = pwb_stress_cases,
};

kunit_test_suite(pwb_stress_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * The case "locks" of page_writeback_stress: threads lock and unlock the same pages,
 * and some of them are killed while they wait.
 *
 * Kernels since v5.9 lose a wakeup for the page lock:
 *
 * 1. J waits in lock_page_killable(), and L behind it in lock_page().
 * 2. J is sent SIGKILL, and leaves its loop, not woken yet.
 * 3. The holder unlocks the page. The wakeup goes to J, which is still in the queue.
 * 4. J returns -EINTR. The page is unlocked, and L sleeps.
 *
 * Any later unlock of the page wakes L, so that the defect hides where a page is
 * locked again and again. Here the threads go through the pages in laps: each locks
 * each page once, and none begins the next lap before all have ended this one. If
 * nobody else comes to the page in this lap, L sleeps until the watcher finds it.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/sysctl.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "pwb.h"
#include "suite.h"

#define PWB_LOCKS_PAGES		16
#define PWB_LOCKS_HOLD_US	20	/* from the kill to the unlock, at most */
#define PWB_LOCKS_YIELDS	4	/* fewer than these before, for others to come */
#define PWB_LOCKS_LOOK		(HZ / 10)
#define PWB_LOCKS_LOOKS		10	/* that find a thread asleep */
#define PWB_LOCKS_PATIENCE	(20 * HZ)

/**
 * struct pwb_locker - a thread that locks pages
 * @s: what it shares with the others
 * @task: the thread; the watcher holds a reference
 * @random: its random numbers
 * @killable: it waits in lock_page_killable(), and is killed now and then
 * @page: the page whose lock it wants, or NULL
 * @since: when it began to want it, in nanoseconds
 * @waits: how often it wanted one
 * @locks: how often it got it
 * @killed: how often it gave up
 * @left: how often it gave up while others wanted the same page
 * @seen: @waits, at the watcher's last look
 * @looks: how many looks in a row found it asleep, and the page unlocked
 */
struct pwb_locker {
	struct pwb_locks *s;
	struct task_struct *task;
	struct rnd_state random;
	bool killable;
	struct page *page;
	u64 since;
	u64 waits;
	u64 locks;
	u64 killed;
	u64 left;
	u64 seen;
	unsigned int looks;
};

/**
 * struct pwb_locks - what the threads share
 * @page: the pages
 * @turn: where threads wait for the next lap
 * @lap: the lap that is under way
 * @arrived: how many threads have ended it
 * @running: how many threads have not ended
 * @done: none is left
 * @stop: this lap is the last one
 * @over: and it has ended
 * @lost: wakeups that the watcher found missing
 * @start: when it all began, in nanoseconds
 * @first: when the first of those that a wakeup was lost for began to wait
 * @nr: how many threads there are
 * @thread: the threads
 */
struct pwb_locks {
	struct page *page[PWB_LOCKS_PAGES];
	wait_queue_head_t turn;
	unsigned int lap;
	atomic_t arrived;
	atomic_t running;
	struct completion done;
	bool stop;
	bool over;
	unsigned int lost;
	u64 start;
	u64 first;
	unsigned int nr;
	struct pwb_locker thread[];
};

/* Another thread that wants this page's lock, from the nth on; or NULL. */
static struct pwb_locker *pwb_locks_other(const struct pwb_locker *t, unsigned int n,
					  const struct page *page, bool killable)
{
	struct pwb_locks *s = t->s;
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		struct pwb_locker *other = &s->thread[(n + i) % s->nr];

		if (other != t && READ_ONCE(other->page) == page &&
		    (other->killable || !killable))
			return other;
	}
	return NULL;
}

/* Whether the lock was taken. */
static bool pwb_locks_get(struct pwb_locker *t, struct page *page)
{
	bool got = true;

	WRITE_ONCE(t->waits, t->waits + 1);
	WRITE_ONCE(t->since, ktime_get_ns());
	WRITE_ONCE(t->page, page);
	if (t->killable)
		got = !folio_lock_killable(page_folio(page));
	else
		lock_page(page);
	WRITE_ONCE(t->page, NULL);
	return got;
}

/* Let others come, and kill one of them when the lock is about to be dropped. */
static void pwb_locks_hold(struct pwb_locker *t, struct page *page)
{
	u32 r = prandom_u32_state(&t->random);
	struct pwb_locker *victim;
	unsigned int n;

	for (n = r % PWB_LOCKS_YIELDS; n; n--)
		yield();
	victim = pwb_locks_other(t, r >> 8, page, true);
	if (victim)
		send_sig(SIGKILL, victim->task, 1);
	udelay((r >> 16) % PWB_LOCKS_HOLD_US);
}

static void pwb_locks_one(struct pwb_locker *t, struct page *page)
{
	if (pwb_locks_get(t, page)) {
		pwb_locks_hold(t, page);
		unlock_page(page);
		t->locks++;
	} else {
		t->killed++;
		t->left += !!pwb_locks_other(t, 0, page, false);
	}
	if (t->killable)
		flush_signals(current);
}

/* Wait until all have ended this lap; whether there is another one. */
static bool pwb_locks_next_lap(struct pwb_locks *s)
{
	unsigned int lap = READ_ONCE(s->lap);

	if (atomic_inc_return(&s->arrived) == s->nr) {
		atomic_set(&s->arrived, 0);
		s->over = READ_ONCE(s->stop);
		smp_store_release(&s->lap, lap + 1);	/* @arrived, @over */
		wake_up_all(&s->turn);
	} else {
		/* Idle, so that the hung-task detector sees those in lock_page() alone. */
		wait_event_idle(s->turn, smp_load_acquire(&s->lap) != lap);
	}
	return !s->over;
}

static int pwb_locks_main(void *data)
{
	struct pwb_locker *t = data;
	struct pwb_locks *s = t->s;
	unsigned int i;

	if (t->killable)
		allow_signal(SIGKILL);
	do {
		for (i = 0; i < PWB_LOCKS_PAGES; i++) {
			pwb_locks_one(t, s->page[i]);
			cond_resched();
		}
	} while (pwb_locks_next_lap(s));
	if (atomic_dec_and_test(&s->running))
		complete(&s->done);
	return 0;
}

/* Any unlock of the page wakes one of its waiters, which wakes the next in turn. */
static void pwb_locks_rescue(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!folio_trylock(folio))
		return;
	folio_set_waiters(folio);
	folio_unlock(folio);
}

/* How often in a row was this thread asleep in the same wait for an unlocked page? */
static unsigned int pwb_locks_asleep(struct pwb_locker *t)
{
	struct page *page = READ_ONCE(t->page);
	u64 waits = READ_ONCE(t->waits);

	if (!page || PageLocked(page) || t->seen != waits ||
	    !(compat_task_state(t->task) & TASK_UNINTERRUPTIBLE))
		t->looks = 0;
	else
		t->looks++;
	t->seen = waits;
	return t->looks;
}

/*
 * The kernel's own detector has the first word, if it is configured: by hand, with
 * CONFIG_DEFAULT_HUNG_TASK_TIMEOUT=3. It also reports the thread that waits for KUnit.
 */
static unsigned int pwb_locks_looks(void)
{
	return PWB_LOCKS_LOOKS +
	       2 * sysctl_hung_task_timeout_secs * HZ / PWB_LOCKS_LOOK;
}

static void pwb_locks_watch(struct pwb_locks *s)
{
	struct pwb_locker *lost = NULL;
	struct page *page;
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (pwb_locks_asleep(&s->thread[i]) >= pwb_locks_looks() &&
		    (!lost || s->thread[i].since < lost->since))
			lost = &s->thread[i];
	page = lost ? READ_ONCE(lost->page) : NULL;
	if (!page)
		return;
	if (!s->lost++)
		s->first = lost->since;
	pwb_locks_rescue(page);
	for (i = 0; i < s->nr; i++)
		s->thread[i].looks = 0;
}

/* Watch until all threads have ended; whether they have. */
static bool pwb_locks_end(struct pwb_locks *s, unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);
	unsigned long limit = end + PWB_LOCKS_PATIENCE +
			      PWB_LOCKS_LOOK * pwb_locks_looks();

	while (!wait_for_completion_timeout(&s->done, PWB_LOCKS_LOOK)) {
		if (time_after(jiffies, limit))
			return false;
		if (time_after(jiffies, end))
			WRITE_ONCE(s->stop, true);
		pwb_locks_watch(s);
	}
	return true;
}

static void pwb_locks_report(struct kunit *test, const struct pwb_locks *s,
			     unsigned int ms, unsigned int delay)
{
	u64 locks = 0, killed = 0, left = 0;
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		locks += s->thread[i].locks;
		killed += s->thread[i].killed;
		left += s->thread[i].left;
	}
	pwb_print(test, "time: %s %llu locks, %llu killed waits, %llu left others behind",
		  test->name, locks, killed, left);
	pwb_print(test, "time: %s took %u ms, with one access in %u slow",
		  test->name, ms, delay);
	if (s->lost)
		pwb_print(test, "time: %s %u lost wakeups, the first after %llu us",
			  test->name, s->lost,
			  div_u64(s->first - s->start, NSEC_PER_USEC));
	KUNIT_EXPECT_EQ_MSG(test, s->lost, 0U,
			    "threads slept on a page that is not locked");
	KUNIT_EXPECT_GT_MSG(test, left, 0ULL,
			    "no waiter was killed while others waited");
}

static void pwb_locks_create(struct kunit *test, struct pwb_locks *s)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		struct pwb_locker *t = &s->thread[i];

		t->s = s;
		t->killable = i % 2;
		prandom_seed_state(&t->random, i + 1);
		t->task = kthread_create(pwb_locks_main, t, "pwb/%s",
					 t->killable ? "killable" : "lock");
		KUNIT_ASSERT_FALSE(test, IS_ERR(t->task));
		get_task_struct(t->task);
	}
}

/**
 * pwb_stress_locks() - lock pages for some time, and kill waiters
 * @test: the case
 * @ms: for how long, in milliseconds
 * @delay: one in so many accesses is slow, or 0
 * @delay_us: for so many microseconds, at most
 */
void pwb_stress_locks(struct kunit *test, unsigned int ms, unsigned int delay,
		      unsigned int delay_us)
{
	unsigned int i, nr = 4 * num_online_cpus();
	struct pwb_locks *s = kzalloc(sizeof(*s) + nr * sizeof(s->thread[0]), GFP_KERNEL);
	bool ended;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	for (i = 0; i < PWB_LOCKS_PAGES; i++) {
		s->page[i] = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->page[i]);
	}
	init_waitqueue_head(&s->turn);
	init_completion(&s->done);
	s->nr = nr;
	atomic_set(&s->running, nr);
	pwb_locks_create(test, s);

	ilv_delays(delay, delay_us);
	s->start = ktime_get_ns();
	for (i = 0; i < nr; i++)
		wake_up_process(s->thread[i].task);
	ended = pwb_locks_end(s, ms);
	ilv_delays(0, 0);

	pwb_locks_report(test, s, ms, delay);
	KUNIT_EXPECT_TRUE_MSG(test, ended, "a thread was never woken");
	if (!ended)
		return;
	for (i = 0; i < nr; i++)
		put_task_struct(s->thread[i].task);
	for (i = 0; i < PWB_LOCKS_PAGES; i++)
		__free_page(s->page[i]);
	kfree(s);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the explorer on toy programs whose interleavings can be counted by
 * hand. This file is instrumented like the code under test: each READ_ONCE()
 * and WRITE_ONCE() of the toy's world is one point.
 *
 * An actor with k points has k + 1 steps: up to its first point, from each
 * point to the next, and from the last one to its end. Two actors of three
 * steps have 6! / (3! 3!) = 20 interleavings, two of two steps have 6.
 *
 * ilv_cover() must account for each of these, too, and come to the same ends.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/semaphore.h>
#include <linux/string.h>

#include "ilv.h"
#include "../compat.h"

#define TOY_UNBOUNDED	ILV_MAX_BOUND

enum toy_rule { TOY_WRONG, TOY_STUCK };
static const char *const toy_rules[] = { "wrong result", "stuck" };

static struct toy {
	int x;
	int seen[2];
	struct semaphore a, b;
	bool rescue;
	int reader;
	unsigned int runs;	/* so far */
	unsigned int strays;	/* how many of them may be disturbed */
	unsigned int every;	/* so manieth run is wrong, or 0 */
	unsigned int only;	/* or this one alone */
} toy;

static int toy_setup(void *world)
{
	toy.x = 0;
	toy.seen[0] = 0;
	toy.seen[1] = 0;
	sema_init(&toy.a, 1);
	sema_init(&toy.b, 1);
	return ilv_watch(&toy.x, sizeof(toy.x)) < 0 ? -ENOSPC : 0;
}

/* The semaphores' waiters are on the stacks of the actors. */
static u64 toy_digest(void *world)
{
	u64 word[] = { toy.x, toy.seen[0], toy.seen[1], toy.a.count, toy.b.count };

	return ilv_hash(0, word, sizeof(word));
}

static void toy_state(void *world, char *buf, size_t size)
{
	snprintf(buf, size, "x=%d", toy.x);
}

/* Both read, both add one, and one of the two additions gets lost. */
static void toy_add_racy(void *world, int self)
{
	int x = READ_ONCE(toy.x);

	WRITE_ONCE(toy.x, x + 1);
}

static void toy_add_atomic(void *world, int self)
{
	atomic_inc((atomic_t *)&toy.x);
}

/* The reader may not see a 1; of that it has, no trace is left with it. */
static void toy_no_one(void *world, const struct ilv_access *access)
{
	if (access->actor == toy.reader && toy.x == 1)
		ilv_violation(TOY_WRONG);
}

static void toy_write_one(void *world, int self)
{
	WRITE_ONCE(toy.x, 1);
}

static void toy_write_two(void *world, int self)
{
	WRITE_ONCE(toy.x, 2);
}

static void toy_look(void *world, int self)
{
	(void)READ_ONCE(toy.x);
}

static void toy_look_twice(void *world, int self)
{
	(void)READ_ONCE(toy.x);
	(void)READ_ONCE(toy.x);
}

static void toy_expect_two(void *world)
{
	if (toy.x != 2)
		ilv_violation(TOY_WRONG);
}

static const struct ilv_program toy_lost_update = {
	.name		= "lost_update",
	.nr_actors	= 2,
	.actors		= {
		{ 'A', "adds one", toy_add_racy },
		{ 'B', "adds one", toy_add_racy },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
	.teardown	= toy_expect_two,
	.state		= toy_state,
};

static const struct ilv_program toy_no_bug = {
	.name		= "no_bug",
	.nr_actors	= 2,
	.actors		= {
		{ 'A', "adds one", toy_add_atomic },
		{ 'B', "adds one", toy_add_atomic },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
	.teardown	= toy_expect_two,
};

/* Sees 1 and then 2 only if both actors are preempted once. */
static void toy_write_twice(void *world, int self)
{
	WRITE_ONCE(toy.x, 1);
	WRITE_ONCE(toy.x, 2);
}

static void toy_read_twice(void *world, int self)
{
	toy.seen[0] = READ_ONCE(toy.x);
	toy.seen[1] = READ_ONCE(toy.x);
}

static void toy_expect_not_both(void *world)
{
	if (toy.seen[0] == 1 && toy.seen[1] == 2)
		ilv_violation(TOY_WRONG);
}

static const struct ilv_program toy_two_preemptions = {
	.name		= "two_preemptions",
	.nr_actors	= 2,
	.actors		= {
		{ 'W', "writes 1, then 2", toy_write_twice },
		{ 'R', "reads twice", toy_read_twice },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
	.teardown	= toy_expect_not_both,
};

static void toy_write_thrice(void *world, int self)
{
	WRITE_ONCE(toy.x, self);
	WRITE_ONCE(toy.x, self);
	WRITE_ONCE(toy.x, self);
}

static const struct ilv_program toy_three = {
	.name		= "three",
	.nr_actors	= 3,
	.actors		= {
		{ 'A', "writes three times", toy_write_thrice },
		{ 'B', "writes three times", toy_write_thrice },
		{ 'C', "writes three times", toy_write_thrice },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
};

/* Between two critical sections there is a point, and within them none. */
static void toy_write_in_sections(void *world, int self)
{
	preempt_disable();
	WRITE_ONCE(toy.x, 1);
	WRITE_ONCE(toy.x, 1);
	preempt_enable();
	preempt_disable();
	WRITE_ONCE(toy.x, 2);
	preempt_enable();
}

static void toy_expect_not_one(void *world)
{
	if (toy.seen[0] == 1)
		ilv_violation(TOY_WRONG);
}

static void toy_read_once(void *world, int self)
{
	toy.seen[0] = READ_ONCE(toy.x);
}

static const struct ilv_program toy_sections = {
	.name		= "sections",
	.nr_actors	= 2,
	.actors		= {
		{ 'W', "writes 1, then 2", toy_write_in_sections },
		{ 'R', "reads", toy_read_once },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
	.teardown	= toy_expect_not_one,
};

static int toy_setup_glimpsed(void *world)
{
	toy.reader = 1;
	return toy_setup(world);
}

static int toy_setup_last(void *world)
{
	toy.reader = 2;
	return toy_setup(world);
}

static const struct ilv_program toy_glimpsed = {
	.name		= "glimpsed",
	.nr_actors	= 2,
	.actors		= {
		{ 'W', "writes 1, then 2", toy_write_twice },
		{ 'R', "looks twice", toy_look_twice },
	},
	.rules		= toy_rules,
	.setup		= toy_setup_glimpsed,
	.access		= toy_no_one,
	.digest		= toy_digest,
};

static const struct ilv_program toy_last_write = {
	.name		= "last_write",
	.nr_actors	= 4,
	.actors		= {
		{ 'A', "writes 1", toy_write_one },
		{ 'B', "writes 2", toy_write_two },
		{ 'R', "looks", toy_look },
		{ 'O', "looks, too", toy_look },
	},
	.rules		= toy_rules,
	.setup		= toy_setup_last,
	.access		= toy_no_one,
	.digest		= toy_digest,
};

/* Two semaphores, taken in opposite order. */
static void toy_take_both(struct semaphore *first, struct semaphore *second)
{
	down(first);
	(void)READ_ONCE(toy.x);
	down(second);
	up(second);
	up(first);
}

static void toy_take_ab(void *world, int self)
{
	toy_take_both(&toy.a, &toy.b);
}

static void toy_take_ba(void *world, int self)
{
	toy_take_both(&toy.b, &toy.a);
}

static bool toy_release(void *world)
{
	if (!toy.rescue)
		return false;
	ilv_violation(TOY_STUCK);
	up(&toy.a);
	up(&toy.b);
	return true;
}

static const struct ilv_program toy_deadlock = {
	.name		= "deadlock",
	.nr_actors	= 2,
	.actors		= {
		{ 'A', "takes a, then b", toy_take_ab },
		{ 'B', "takes b, then a", toy_take_ba },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
	.stuck		= toy_release,
};

/*
 * A sleeper and its waker. The right order is to say that one is about to
 * sleep before the last look; the wrong one loses the wakeup that comes in
 * between.
 */
static void toy_sleep_right(void *world, int self)
{
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (READ_ONCE(toy.x))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

static void toy_sleep_wrong(void *world, int self)
{
	while (!READ_ONCE(toy.x)) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
}

static void toy_wake(void *world, int self)
{
	WRITE_ONCE(toy.x, 1);
	wake_up_process(ilv_task(0));
}

static bool toy_wake_again(void *world)
{
	ilv_violation(TOY_STUCK);
	wake_up_process(ilv_task(0));
	return true;
}

#define TOY_SLEEP(_name, _sleep)					\
{									\
	.name		= _name,					\
	.nr_actors	= 2,						\
	.actors		= {						\
		{ 'S', "sleeps until x", _sleep },			\
		{ 'W', "sets x and wakes", toy_wake },			\
	},								\
	.rules		= toy_rules,					\
	.setup		= toy_setup,					\
	.digest		= toy_digest,					\
	.stuck		= toy_wake_again,				\
}

static const struct ilv_program toy_sleep = TOY_SLEEP("sleep", toy_sleep_right);
static const struct ilv_program toy_lost_wakeup =
	TOY_SLEEP("lost_wakeup", toy_sleep_wrong);

/**
 * struct toy_search - one program, explored with and without reduction
 * @program: a copy
 * @all: without
 * @cover: with
 * @outcomes: how the schedules ended, in the search that was run last
 */
struct toy_search {
	struct ilv_program program;
	struct ilv_result all;
	struct ilv_result cover;
	struct ilv_outcomes outcomes;
};

/* Do both, and see whether they agree. */
static bool toy_search_both(struct toy_search *s,
			    const struct ilv_program *program,
			    unsigned int bound)
{
	unsigned int nr;
	u64 sum;

	s->program = *program;
	s->program.outcomes = &s->outcomes;
	ilv_explore(&s->program, bound, 0, &s->all);
	nr = s->outcomes.nr;
	sum = s->outcomes.sum;

	if (!ILV_CAN_COVER)
		return nr;
	ilv_cover(&s->program, bound == TOY_UNBOUNDED ? ILV_UNBOUNDED : bound,
		  0, &s->cover);
	return nr && s->outcomes.nr == nr && s->outcomes.sum == sum &&
	       s->cover.all.digits == s->all.schedules &&
	       s->cover.all_violating.digits == s->all.violating &&
	       s->cover.broken == s->all.broken;
}

static void ilv_expect(struct kunit *test, const struct ilv_program *program,
		       unsigned int bound, u64 schedules, u64 violating)
{
	struct toy_search *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	bool same;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	same = toy_search_both(s, program, bound);
	KUNIT_EXPECT_EQ(test, s->all.error, 0);
	KUNIT_EXPECT_EQ(test, s->all.complete, (bool)(bound == TOY_UNBOUNDED));
	KUNIT_EXPECT_EQ(test, s->all.schedules, schedules);
	KUNIT_EXPECT_EQ(test, s->all.violating, violating);

	if (!ILV_CAN_COVER)
		return;
	KUNIT_EXPECT_EQ(test, s->cover.error, 0);
	KUNIT_EXPECT_EQ(test, s->cover.complete,
			(bool)(bound == TOY_UNBOUNDED));
	KUNIT_EXPECT_EQ(test, s->cover.all.digits, schedules);
	KUNIT_EXPECT_EQ(test, s->cover.all_violating.digits, violating);
	KUNIT_EXPECT_TRUE(test, same);
}

/* KUnit's own macro takes pointers, not arrays (v5.10). */
static void toy_expect_schedule(struct kunit *test, const char *got,
				const char *want)
{
	KUNIT_EXPECT_STREQ(test, got, want);
}

/* Bound by bound: A i B A; A i B j A B; and so on, with 1 <= i, j <= 2. */
static void lost_update(struct kunit *test)
{
	ilv_expect(test, &toy_lost_update, 0, 2, 0);
	ilv_expect(test, &toy_lost_update, 1, 6, 2);
	ilv_expect(test, &toy_lost_update, 2, 14, 6);
	ilv_expect(test, &toy_lost_update, 3, 18, 10);
	ilv_expect(test, &toy_lost_update, 4, 20, 12);
	ilv_expect(test, &toy_lost_update, TOY_UNBOUNDED, 20, 12);
}

static void no_bug(struct kunit *test)
{
	ilv_expect(test, &toy_no_bug, 0, 2, 0);
	ilv_expect(test, &toy_no_bug, 1, 4, 0);
	ilv_expect(test, &toy_no_bug, TOY_UNBOUNDED, 6, 0);
}

/* The bound hides the bug, provably, and then shows it. */
static void bound_hides_bug(struct kunit *test)
{
	ilv_expect(test, &toy_two_preemptions, 0, 2, 0);
	ilv_expect(test, &toy_two_preemptions, 1, 6, 0);
	/* W2 R2 W R is the only one: 1 is written, read; 2 is written, read. */
	ilv_expect(test, &toy_two_preemptions, 2, 14, 1);
}

/*
 * A0 B A (stuck), and A0 B0 A B (stuck); the same with A and B exchanged. Once both are
 * let go they run to their ends, where neither has another point.
 */
static void deadlock(struct kunit *test)
{
	toy.rescue = true;
	ilv_expect(test, &toy_deadlock, 0, 2, 0);
	ilv_expect(test, &toy_deadlock, 1, 4, 2);
	ilv_expect(test, &toy_deadlock, TOY_UNBOUNDED, 6, 4);
}

/* W's one point is ahead of its second section: W R W, and R1 W R W, of six. */
static void between_sections(struct kunit *test)
{
	ilv_expect(test, &toy_sections, 0, 2, 0);
	ilv_expect(test, &toy_sections, TOY_UNBOUNDED, 6, 2);
}

/*
 * R reads a 1. Of the orders of two writes and two reads, all but W W R R,
 * R R W W and R W W R have a read between the writes, or rather 9 of the 20
 * interleavings with the actors' first steps. Where two write: B A R and A R B,
 * which is a third of all orders.
 */
static void seen_too_early(struct kunit *test)
{
	ilv_expect(test, &toy_glimpsed, TOY_UNBOUNDED, 20, 9);
	ilv_expect(test, &toy_last_write, TOY_UNBOUNDED, 2520, 840);
}

/* Three who write three times each: 12! / (4! 4! 4!) interleavings. */
static void fewer_schedules(struct kunit *test)
{
	struct toy_search *s;

	if (!ILV_CAN_COVER)
		kunit_skip(test, "%s", ILV_CANT_COVER);
	s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_TRUE(test, toy_search_both(s, &toy_three, TOY_UNBOUNDED));
	KUNIT_EXPECT_EQ(test, s->all.schedules, 34650ULL);
	KUNIT_EXPECT_LT(test, s->cover.schedules, 34650ULL / 10);
}

/*
 * A state that lacks something. The search may notice by itself; where it is
 * told not to, it must come to other results.
 */
static void forgetful(struct kunit *test)
{
	static const struct {
		const struct ilv_program *program;
		unsigned int part;
	} forget[] = {
		{ &toy_lost_update, ILV_FORGET_STACKS },
		{ &toy_last_write, ILV_FORGET_DIGEST },
		{ &toy_glimpsed, ILV_FORGET_BROKEN },
	};
	struct toy_search *s;
	unsigned int i;

	if (!ILV_CAN_COVER)
		kunit_skip(test, "%s", ILV_CANT_COVER);
	s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	for (i = 0; i < ARRAY_SIZE(forget); i++) {
		ilv_forget = forget[i].part;
		toy_search_both(s, forget[i].program, TOY_UNBOUNDED);
		/* Without its stacks hardly anything is left of a state. */
		if (forget[i].part == ILV_FORGET_STACKS)
			KUNIT_EXPECT_EQ(test, s->cover.error, -ESTALE);
		ilv_forget |= ILV_FORGET_CHECKS;
		KUNIT_EXPECT_FALSE_MSG(test,
				       toy_search_both(s, forget[i].program,
						       TOY_UNBOUNDED), "%u", i);
		ilv_forget = 0;
	}
}

/* Nobody helps: the exploration ends, says why, and names the schedule. */
static void deadlock_unresolved(struct kunit *test)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	toy.rescue = false;
	ilv_explore(&toy_deadlock, 2, 0, r);
	KUNIT_EXPECT_EQ(test, r->error, -EDEADLK);
	toy_expect_schedule(test, r->last.schedule, "v1:deadlock:A0,B,A");
	/* Let the two that were given up end. */
	up(&toy.a);
	up(&toy.b);
	schedule_timeout_uninterruptible(2);
}

static void sleep_and_wake(struct kunit *test)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct toy_search *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_TRUE(test, toy_search_both(s, &toy_sleep, TOY_UNBOUNDED));
	KUNIT_EXPECT_EQ(test, s->all.error, 0);
	KUNIT_EXPECT_EQ(test, s->all.violating, 0ULL);
	KUNIT_EXPECT_TRUE(test, toy_search_both(s, &toy_lost_wakeup, 1));
	KUNIT_EXPECT_TRUE(test, toy_search_both(s, &toy_lost_wakeup,
						TOY_UNBOUNDED));

	ilv_explore(&toy_lost_wakeup, 0, 0, r);
	KUNIT_EXPECT_EQ(test, r->violating, 0ULL);
	ilv_explore(&toy_lost_wakeup, 1, 0, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_NE(test, r->violating, 0ULL);
	KUNIT_EXPECT_EQ(test, r->broken, (u32)BIT(TOY_STUCK));
}

static void toy_count_line(void *data, const char *text)
{
	(*(int *)data)++;
}

/* A schedule string gives the same outcome again; a wrong one says so. */
static void replay(struct kunit *test)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	char schedule[ILV_SCHEDULE_LEN];
	int lines = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	ilv_explore(&toy_lost_update, 1, 0, r);
	toy_expect_schedule(test, r->witness[TOY_WRONG].schedule, "v1:lost_update:A1,B,A");
	strscpy(schedule, r->witness[TOY_WRONG].schedule, sizeof(schedule));

	ilv_replay(&toy_lost_update, schedule, toy_count_line, &lines, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->broken, (u32)BIT(TOY_WRONG));
	toy_expect_schedule(test, r->witness[TOY_WRONG].schedule, schedule);
	KUNIT_EXPECT_GT(test, lines, 4);

	/* By hand: two preemptions, and the same bug from the other side. */
	ilv_replay(&toy_lost_update, "v1:lost_update:B1,A1,B,A", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->broken, (u32)BIT(TOY_WRONG));
	/* The rest, where it is left out, runs in the default order. */
	ilv_replay(&toy_lost_update, "v1:lost_update:B", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->broken, 0U);

	/* B has no third point; C does not exist; and so on. */
	ilv_replay(&toy_lost_update, "v1:lost_update:B3,A", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -ENOENT);
	ilv_replay(&toy_lost_update, "v1:lost_update:A,A", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -ENOENT);
	ilv_replay(&toy_lost_update, "v1:lost_update:A,B,A", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -ENOENT);
	ilv_replay(&toy_lost_update, "v1:lost_update:A,B99", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -ENOENT);
	ilv_replay(&toy_lost_update, "v1:lost_update:A,B0", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -ENOENT);
	ilv_replay(&toy_lost_update, "v1:lost_update:C", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -EINVAL);
	ilv_replay(&toy_lost_update, "v2:lost_update:A", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -EINVAL);
	ilv_replay(&toy_lost_update, "v1:no_bug:A", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -EINVAL);
	ilv_replay(&toy_lost_update, "v1:lost_update:A1B", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -EINVAL);
	ilv_replay(&toy_lost_update, "v1:lost_update:A99999", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, -E2BIG);
}

static void toy_write_but(void *world, int self)
{
	toy_write_thrice(world, self);
	toy.runs++;
	if ((toy.every && toy.runs % toy.every == 0) || toy.runs == toy.only)
		ilv_violation(TOY_WRONG);
}

static void toy_look_once_more(void *world, int self)
{
	(void)READ_ONCE(toy.x);
	if (toy.runs++ < toy.strays)	/* wraps: the first may be later */
		(void)READ_ONCE(toy.x);
}

static const struct ilv_program toy_wrong_once = {
	.name		= "wrong_once",
	.nr_actors	= 3,
	.actors		= {
		{ 'A', "writes, at times wrongly", toy_write_but },
		{ 'B', "writes three times", toy_write_thrice },
		{ 'C', "writes three times", toy_write_thrice },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
};

static const struct ilv_program toy_longer_once = {
	.name		= "longer_once",
	.nr_actors	= 2,
	.actors		= {
		{ 'A', "looks, and perhaps looks again", toy_look_once_more },
		{ 'B', "looks", toy_look },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
};

static void toy_look_once_less(void *world, int self)
{
	(void)READ_ONCE(toy.x);
	if (toy.runs++ >= toy.strays)
		(void)READ_ONCE(toy.x);
}

static const struct ilv_program toy_shorter_once = {
	.name		= "shorter_once",
	.nr_actors	= 2,
	.actors		= {
		{ 'A', "looks, and perhaps does not look again", toy_look_once_less },
		{ 'B', "looks", toy_look },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
};

/* The runs from @first on, @strays of them, are unlike the others. */
static void toy_expect_disturbed(struct kunit *test,
				 const struct ilv_program *program,
				 unsigned int first, unsigned int strays,
				 unsigned int retried, unsigned int disturbed)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	toy.runs = -first;
	toy.strays = strays;
	ilv_explore(program, 1, 0, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->retried, retried);
	KUNIT_EXPECT_EQ(test, r->disturbed, disturbed);
	KUNIT_EXPECT_EQ(test, r->violating, 0ULL);
}

/* A schedule that something else had a part in is run again. */
static void disturbed(struct kunit *test)
{
	toy_expect_disturbed(test, &toy_longer_once, 0, 0, 0, 0);
	toy_expect_disturbed(test, &toy_longer_once, 0, UINT_MAX, 0, 0);
	/*
	 * The first schedule of bound 1, and of that no other. Its second look is
	 * where the next one is to be preempted, which no other try gets to: all
	 * begins anew.
	 */
	toy_expect_disturbed(test, &toy_longer_once, 0, 3, 2, 1);
	/* The second of bound 1 lacks the look before which it is to be preempted. */
	toy_expect_disturbed(test, &toy_shorter_once, 3, 1, 1, 0);
}

/*
 * A violation that is seen is not lost, though the schedule does not break the rule when
 * it is repeated. One that always comes again is no different for that.
 */
static void seen_once(struct kunit *test)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	toy.runs = 0;
	toy.every = 50;
	ilv_explore(&toy_wrong_once, 2, 0, r);
	KUNIT_EXPECT_GT(test, r->runs, 100ULL);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->broken, 0U);
	KUNIT_EXPECT_EQ(test, r->violating, 0ULL);
	KUNIT_EXPECT_EQ(test, r->unstable, (u32)BIT(TOY_WRONG));
	KUNIT_EXPECT_GE(test, r->retried, 3U);
	KUNIT_EXPECT_TRUE(test, strstarts(r->unstable_in[TOY_WRONG].schedule,
					  "v1:wrong_once:"));
	toy.every = 0;
	/* Six orders of three actors; then all of them again, for those with a preemption. */
	toy.runs = 0;
	toy.only = 3 * 2 + 1;
	ilv_explore(&toy_wrong_once, 1, 0, r);
	KUNIT_EXPECT_EQ(test, r->broken, 0U);
	KUNIT_EXPECT_EQ(test, r->unstable, (u32)BIT(TOY_WRONG));
	toy.only = 0;
	toy.every = 1;
	ilv_explore(&toy_wrong_once, 1, 0, r);
	KUNIT_EXPECT_EQ(test, r->unstable, 0U);
	KUNIT_EXPECT_EQ(test, r->broken, (u32)BIT(TOY_WRONG));
	KUNIT_EXPECT_EQ(test, r->violating, r->schedules);
	KUNIT_EXPECT_EQ(test, r->retried, 0U);
	toy.every = 0;
}

/* Looks too early: once it has said that it is about to sleep it looks, and ignores it. */
static void toy_sleep_stale(void *world, int self)
{
	int x = READ_ONCE(toy.x);

	set_current_state(TASK_UNINTERRUPTIBLE);
	(void)READ_ONCE(toy.x);
	if (!x)
		schedule();
	__set_current_state(TASK_RUNNING);
}

static void toy_wake_two(void *world, int self)
{
	WRITE_ONCE(toy.x, 1);
	wake_up_process(ilv_task(0));
	(void)READ_ONCE(toy.x);
	wake_up_process(ilv_task(1));
	(void)READ_ONCE(toy.x);
}

static const struct ilv_program toy_two_sleepers = {
	.name		= "two_sleepers",
	.nr_actors	= 3,
	.actors		= {
		{ 'S', "looks too early, and sleeps", toy_sleep_stale },
		{ 'L', "sleeps until x", toy_sleep_right },
		{ 'W', "sets x and wakes both", toy_wake_two },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.stuck		= toy_wake_again,
};

/*
 * L sleeps, and S has looked. W sets x, and its wakeup comes before S is about to sleep.
 * Then S is, W wakes L, and S is chosen while L is on its way to its next point. That
 * must not wake S: its wakeup is lost.
 */
static void no_wakeup_invented(struct kunit *test)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	ilv_replay(&toy_two_sleepers, "v1:two_sleepers:L,S1,W1,S1,W1,S", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->broken, (u32)BIT(TOY_STUCK));
	/* And in time it comes. */
	ilv_replay(&toy_two_sleepers, "v1:two_sleepers:L,S1,W,S,L", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->broken, (u32)BIT(TOY_STUCK));
	ilv_replay(&toy_two_sleepers, "v1:two_sleepers:L,S,W", NULL, NULL, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->broken, 0U);
}

/* Microseconds until the timer, and between two looks: an actor must not sleep. */
#define TOY_TIMER_US	1000
#define TOY_LOOK_US	50

static struct hrtimer toy_timer;

static enum hrtimer_restart toy_wake_by_timer(struct hrtimer *timer)
{
	wake_up_process(ilv_task(0));
	WRITE_ONCE(toy.rescue, true);
	return HRTIMER_NORESTART;
}

static void toy_await_timer(void *world, int self)
{
	unsigned int us;

	WRITE_ONCE(toy.rescue, false);
	hrtimer_start(&toy_timer, ns_to_ktime(TOY_TIMER_US * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
	for (us = 0; us < 1000 * TOY_TIMER_US && !READ_ONCE(toy.rescue); us += TOY_LOOK_US)
		udelay(TOY_LOOK_US);
	WRITE_ONCE(toy.x, 1);
	wake_up_process(ilv_task(0));
}

static const struct ilv_program toy_woken_by_timer = {
	.name		= "woken_by_timer",
	.nr_actors	= 2,
	.actors		= {
		{ 'S', "sleeps until x", toy_sleep_right },
		{ 'W', "waits for a timer, and wakes", toy_await_timer },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.stuck		= toy_wake_again,
};

/* A wakeup from elsewhere, while an actor runs, is no part of any schedule. */
static void woken_from_elsewhere(struct kunit *test)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	hrtimer_setup(&toy_timer, toy_wake_by_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	ilv_explore(&toy_woken_by_timer, 0, 0, r);
	KUNIT_EXPECT_EQ(test, r->error, -ESTALE);
	KUNIT_EXPECT_GT(test, r->retried, 0U);
}

/* A limit ends the search early, and the result says that it did. */
static void limit(struct kunit *test)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	ilv_explore(&toy_lost_update, 2, 7, r);
	KUNIT_EXPECT_EQ(test, r->error, -ECANCELED);
	KUNIT_EXPECT_EQ(test, r->schedules, 7ULL);
	KUNIT_EXPECT_EQ(test, r->bound, 1U);
}

static struct kunit_case interleave_cases[] = {
	KUNIT_CASE(lost_update),
	KUNIT_CASE(no_bug),
	KUNIT_CASE(bound_hides_bug),
	KUNIT_CASE(deadlock),
	KUNIT_CASE(between_sections),
	KUNIT_CASE(seen_too_early),
	KUNIT_CASE(fewer_schedules),
	KUNIT_CASE(forgetful),
	KUNIT_CASE(deadlock_unresolved),
	KUNIT_CASE(sleep_and_wake),
	KUNIT_CASE(replay),
	KUNIT_CASE(limit),
	KUNIT_CASE(disturbed),
	KUNIT_CASE(seen_once),
	KUNIT_CASE(no_wakeup_invented),
	KUNIT_CASE(woken_from_elsewhere),
	{}
};

static struct kunit_suite interleave_suite = {
	.name = "interleave",
	.test_cases = interleave_cases,
};

kunit_test_suite(interleave_suite);

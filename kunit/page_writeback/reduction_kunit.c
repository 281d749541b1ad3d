// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_reduction: that ilv_cover() loses nothing.
 *
 * It runs few schedules for many, and says how many: the number of paths
 * through the graph of states that it has seen. ilv_explore() runs each of
 * them. So the numbers must be equal, of all schedules and of those that break
 * a rule, and so must be the sets of final states. Had two states been taken
 * for one that differ, they would not be.
 *
 * Within a bound, the comparison is possible for all scenarios; without,
 * only for the smallest ones. Only on kernels for one CPU, where nothing but the
 * timer's interrupt disturbs the stacks of the actors.
 */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "catalogue.h"
#include "suite.h"

#define PWB_MANY	64	/* more preemptions than a small program has room for */

static uint compare;
module_param_cb(compare, &pwb_uint_ops, &compare, 0444);
MODULE_PARM_DESC(compare, "preemptions for which the reduction is compared with a search without; 0 for no comparison");

uint pwb_pairs = 16;
module_param_cb(pairs, &pwb_uint_ops, &pwb_pairs, 0444);
MODULE_PARM_DESC(pairs, "states in a search without a bound from which two runs that came there by different ways are compared to the end");

/* kunit_skip() leaves the case. */
#define pwb_skip_unless_asked(test)					\
do {									\
	if (IS_ENABLED(CONFIG_SMP))					\
		kunit_skip(test, "several CPUs");			\
	if (!compare)							\
		kunit_skip(test, "not asked for");			\
} while (0)

static const char *const pwb_named[] = {
	"truncate", "reuse", "reuse_tail", "rearm", "rearm_fdatawait",
	"stale_waiters", "page_lock",
};

/* Small enough to be explored without a bound and without reduction. */
static const struct {
	const char *name;
	struct ilv_actor actor;
} pwb_small[] = {
	{ "narrow_lock",	PWB_OP_LOCK },
	{ "narrow_wait",	PWB_OP_WAIT },
	{ "narrow_rearm",	PWB_OP_REARM },
	{ "narrow_fdatawait",	PWB_OP_FDATAWAIT },
	{ "narrow_killed",	PWB_OP_KILLED },
};

/**
 * struct pwb_twice - a program, explored with and without reduction
 * @program: a copy
 * @world: what it runs in
 * @all: without
 * @cover: with
 * @all_outcomes: how schedules ended, without
 * @cover_outcomes: and with
 */
struct pwb_twice {
	struct ilv_program program;
	struct pwb_world world;
	struct ilv_result all;
	struct ilv_result cover;
	struct ilv_outcomes all_outcomes;
	struct ilv_outcomes cover_outcomes;
};

static struct pwb_twice *pwb_twice_get(struct kunit *test,
				       const struct ilv_program *program)
{
	struct pwb_twice *t = kzalloc(sizeof(*t), GFP_KERNEL);
	int ret;

	if (!t)
		return NULL;
	t->program = *program;
	t->program.world = &t->world;
	t->program.digest = pwb_digest;
	ret = pwb_world_init(&t->world);
	KUNIT_EXPECT_EQ(test, ret, 0);
	if (!ret)
		return t;
	kfree(t);
	return NULL;
}

static void pwb_twice_put(struct pwb_twice *t)
{
	pwb_world_exit(&t->world);
	/* An actor that was given up may still use it. */
	if (t->all.error != -EDEADLK && t->cover.error != -EDEADLK)
		kfree(t);
}

static void pwb_run_all(struct pwb_twice *t, unsigned int bound)
{
	t->program.outcomes = &t->all_outcomes;
	ilv_explore(&t->program, bound, 0, &t->all);
}

static void pwb_run_cover(struct pwb_twice *t, unsigned int bound)
{
	t->program.outcomes = &t->cover_outcomes;
	ilv_pairs = pwb_pairs;
	ilv_cover(&t->program, bound, 0, &t->cover);
	ilv_pairs = 0;
}

static bool pwb_twice_same(const struct pwb_twice *t)
{
	return !t->cover.all.exponent &&
	       t->cover.all.digits == t->all.schedules &&
	       t->cover.all_violating.digits == t->all.violating &&
	       t->cover.broken == t->all.broken &&
	       t->cover_outcomes.nr == t->all_outcomes.nr &&
	       t->cover_outcomes.sum == t->all_outcomes.sum &&
	       !t->cover_outcomes.full;
}

static void pwb_expect_same(struct kunit *test, struct pwb_twice *t,
			    unsigned int bound, unsigned int cover_bound)
{
	unsigned int tries;

	pwb_run_all(t, bound);
	KUNIT_EXPECT_EQ(test, t->all.error, 0);
	if (t->all.error == -EDEADLK)
		return;
	/*
	 * What an interrupt leaves on a stack may make two states of one. It
	 * does not do so each time; a state that lacks something does.
	 */
	for (tries = 0; tries < PWB_TRIES; tries++) {
		pwb_run_cover(t, cover_bound);
		if (!t->cover.error && pwb_twice_same(t))
			break;
		pwb_print(test, "time: %s was disturbed: %d, %s, %s, %u retried, %u pairs",
			  t->program.name, t->cover.error, t->cover.last.schedule,
			  t->cover.differs.schedule, t->cover.retried, t->cover.pairs);
	}
	KUNIT_EXPECT_EQ(test, t->cover.error, 0);
	pwb_print(test, "compared %s: %llu schedules, %llu violating, %u outcomes, %llu run, %s",
		  t->program.name, t->all.schedules, t->all.violating,
		  t->all_outcomes.nr, t->cover.schedules,
		  t->all.complete ? "complete" : "bounded");
	KUNIT_EXPECT_TRUE_MSG(test, pwb_twice_same(t),
			      "the reduction of %s has %llu schedules, %llu violating, %u outcomes",
			      t->program.name, t->cover.all.digits,
			      t->cover.all_violating.digits,
			      t->cover_outcomes.nr);
	KUNIT_EXPECT_GT(test, t->all_outcomes.nr, 0U);
}

/* Each scenario, within the bound. */
static void bounded(struct kunit *test)
{
	unsigned int i, bound = min_t(uint, compare, ILV_MAX_BOUND);

	pwb_skip_unless_asked(test);
	for (i = 0; i < ARRAY_SIZE(pwb_named); i++) {
		const struct pwb_scenario *s = pwb_scenario_find(pwb_named[i]);
		struct pwb_twice *t;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
		t = pwb_twice_get(test, &s->program);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		pwb_expect_same(test, t, bound, bound);
		pwb_twice_put(t);
	}
}

/* The ender and one other, every interleaving of what they do to the flags. */
static void unbounded(struct kunit *test)
{
	const struct pwb_scenario *s = pwb_scenario_find("reuse");
	unsigned int i;

	pwb_skip_unless_asked(test);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	for (i = 0; i < ARRAY_SIZE(pwb_small); i++) {
		struct pwb_twice *t = pwb_twice_get(test, &s->program);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		t->program.name = pwb_small[i].name;
		t->program.nr_actors = 2;
		t->program.actors[1] = pwb_small[i].actor;
		t->world.narrow = true;
		pwb_expect_same(test, t, PWB_MANY, ILV_UNBOUNDED);
		KUNIT_EXPECT_TRUE(test, t->all.complete);
		pwb_twice_put(t);
	}
}

/*
 * A state that lacks something: the search itself may notice; where it is told
 * not to, the comparison must.
 */
static void forgetful(struct kunit *test)
{
	static const unsigned int part[] = {
		ILV_FORGET_STACKS, ILV_FORGET_DIGEST,
	};
	const struct pwb_scenario *s = pwb_scenario_find("reuse");
	struct pwb_twice *t;
	unsigned int i;

	pwb_skip_unless_asked(test);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	t = pwb_twice_get(test, &s->program);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	pwb_run_all(t, 2);
	for (i = 0; i < ARRAY_SIZE(part) && t->all.error != -EDEADLK; i++) {
		ilv_forget = part[i];
		pwb_run_cover(t, 2);
		/* Without its stacks hardly anything is left of a state. */
		if (part[i] == ILV_FORGET_STACKS)
			KUNIT_EXPECT_EQ(test, t->cover.error, -ESTALE);
		ilv_forget = part[i] | ILV_FORGET_CHECKS;
		pwb_run_cover(t, 2);
		KUNIT_EXPECT_FALSE_MSG(test, pwb_twice_same(t),
				       "part %u", part[i]);
		ilv_forget = 0;
	}
	pwb_twice_put(t);
}

static struct kunit_case pwb_reduction_cases[] = {
	KUNIT_CASE(bounded),
	KUNIT_CASE(unbounded),
	KUNIT_CASE(forgetful),
	{}
};

static struct kunit_suite pwb_reduction_suite = {
	.name = "page_writeback_reduction",
	.test_cases = pwb_reduction_cases,
};

kunit_test_suite(pwb_reduction_suite);

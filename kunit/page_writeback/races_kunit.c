// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_races: the scenarios, through every interleaving within the
 * bound. Lines of the form "# word name: ..." are for the tools to read.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pwb.h"
#include "suite.h"

static uint cover;
module_param_cb(cover, &pwb_uint_ops, &cover, 0444);
MODULE_PARM_DESC(cover, "actors in a scenario that is explored without a bound, too, at most; 0 for none");

static void pwb_print_broken(struct kunit *test, const struct ilv_result *r,
			     unsigned int rule)
{
	pwb_print(test, "broken %s: %s in %llu schedules, preemptions %u, points %u, %s",
		  test->name, pwb_rules[rule], r->count[rule],
		  r->witness[rule].preemptions, r->witness[rule].points,
		  r->witness[rule].schedule);
}

static void pwb_report(struct kunit *test, const struct ilv_result *r)
{
	unsigned long broken = r->broken;
	unsigned int rule;

	for_each_set_bit(rule, &broken, PWB_NR_RULES)
		pwb_print_broken(test, r, rule);
	for (rule = 0; rule < PWB_NR_RULES; rule++)
		if (r->near_misses[rule])
			pwb_print(test, "masked %s: %s in %llu schedules",
				  test->name, pwb_rules[rule],
				  r->near_misses[rule]);
	if (r->violating)
		pwb_print(test, "first %s: schedule %llu", test->name, r->first);
}

/**
 * struct pwb_race - a scenario, its program and the world that it runs in
 * @scenario: the scenario
 * @program: a copy
 * @world: the world
 *
 * Not the test's: an actor that was given up may still use it.
 */
struct pwb_race {
	const struct pwb_scenario *scenario;
	struct ilv_program program;
	struct pwb_world world;
};

static struct pwb_race *pwb_race_begin(struct kunit *test,
				       const struct pwb_scenario *s)
{
	struct pwb_race *race = kzalloc(sizeof(*race), GFP_KERNEL);
	int ret;

	if (!race)
		return NULL;
	race->scenario = s;
	race->program = s->program;
	if (s->covered)
		race->program.digest = pwb_digest;
	race->program.world = &race->world;
	race->world.ender = 0;
	race->world.test = test;
	ret = pwb_world_init(&race->world);
	if (!ret && s->init) {
		ret = s->init(&race->world);
		if (ret)
			pwb_world_exit(&race->world);
	}
	if (!ret)
		return race;
	kfree(race);
	return NULL;
}

/* After @error: what is lost stays where it is. */
static void pwb_race_end(struct pwb_race *race, int error)
{
	if (race->scenario->exit && !pwb_world_is_lost(error))
		race->scenario->exit(&race->world);
	race->world.corrupt |= pwb_world_is_lost(error);
	pwb_world_exit(&race->world);
	if (!pwb_world_is_lost(error))
		kfree(race);
}

/* Run one schedule once more in a world of its own; @line is as of ilv_replay(). */
static void pwb_run_anew(struct kunit *test, const struct pwb_scenario *s,
			 const char *schedule,
			 void (*line)(void *data, const char *text),
			 struct ilv_result *r)
{
	struct pwb_race *race = pwb_race_begin(test, s);

	memset(r, 0, sizeof(*r));
	KUNIT_EXPECT_TRUE_MSG(test, race, "no world for the witness");
	if (!race)
		return;
	ilv_replay(&race->program, schedule, line, test, r);
	pwb_race_end(race, r->error);
}

/*
 * What was seen only once may be what ended the exploration, so that it could not be
 * repeated. In a new world it can.
 */
static void pwb_try_unstable(struct kunit *test, const struct pwb_scenario *s,
			     struct ilv_result *r, struct ilv_result *again)
{
	unsigned long unstable = r->unstable;
	unsigned int rule;

	for_each_set_bit(rule, &unstable, PWB_NR_RULES) {
		pwb_run_anew(test, s, r->unstable_in[rule].schedule, NULL, again);
		if (!(again->broken & BIT(rule)))
			continue;
		r->witness[rule] = r->unstable_in[rule];
		r->count[rule] = 1;
		r->unstable &= ~BIT(rule);
		r->broken |= BIT(rule);
		r->violating++;
		pwb_print_broken(test, r, rule);
	}
}

/* The shortest schedule of each rule, in full; one may stand for several. */
static void pwb_show_witnesses(struct kunit *test, const struct pwb_scenario *s,
			       struct ilv_result *r)
{
	struct ilv_result *again = kunit_kzalloc(test, sizeof(*again), GFP_KERNEL);
	unsigned long broken, unstable;
	const char *shown = "";
	unsigned int rule;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, again);
	pwb_try_unstable(test, s, r, again);
	broken = r->broken;
	unstable = r->unstable;
	for_each_set_bit(rule, &broken, PWB_NR_RULES) {
		if (!strcmp(shown, r->witness[rule].schedule))
			continue;
		shown = r->witness[rule].schedule;
		pwb_print(test, "witness %s: %s", test->name, shown);
		pwb_run_anew(test, s, shown, pwb_print_line, again);
		KUNIT_EXPECT_TRUE_MSG(test, !again->error || pwb_world_is_lost(again->error),
				      "the witness can't be replayed");
		KUNIT_EXPECT_TRUE_MSG(test, again->broken & BIT(rule),
				      "the witness, replayed, breaks nothing");
	}
	for_each_set_bit(rule, &unstable, PWB_NR_RULES) {
		pwb_print_unstable(test, test->name, r, rule);
		pwb_run_anew(test, s, r->unstable_in[rule].schedule, pwb_print_line,
			     again);
	}
}

/*
 * The same without a bound. Adds the rules that only so many preemptions break;
 * those that fewer do must turn up again.
 */
static void pwb_cover(struct kunit *test, const struct ilv_program *program,
		      struct ilv_result *r)
{
	struct ilv_result *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	char all[32], violating[32], extent[ILV_SCHEDULE_LEN + 32] = "complete";
	unsigned long more, unstable;
	unsigned int rule;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	ilv_pairs = pwb_pairs;
	ilv_cover(program, ILV_UNBOUNDED, pwb_limit, c);
	ilv_pairs = 0;
	more = c->broken & ~r->broken;
	unstable = c->unstable & ~r->broken;

	pwb_format_count(all, sizeof(all), &c->all);
	pwb_format_count(violating, sizeof(violating), &c->all_violating);
	if (c->error)
		snprintf(extent, sizeof(extent), "cut short: %d in %s",
			 c->error, c->last.schedule);
	pwb_print(test, "covered %s: %s schedules, %s violating, %llu run, %s",
		  test->name, all, violating, c->schedules, extent);
	pwb_print(test, "graph %s: %llu states, %llu steps, %llu checked again, %u pairs compared",
		  test->name, c->states, c->steps, c->checked, c->pairs);
	if (c->pairs)
		pwb_print(test, "pairs %s: all that follows on %u of %u",
			  test->name, c->whole_pairs, c->pairs);
	if (*c->differs.schedule)
		pwb_print(test, "differs %s: %s from %s", test->name,
			  c->last.schedule, c->differs.schedule);
	pwb_print(test, "time: covering %s %llu schedules in %llu us, %llu a second",
		  test->name, c->runs, div_u64(c->ns, 1000),
		  div64_u64(c->runs * NSEC_PER_SEC, max(c->ns, 1ULL)));
	KUNIT_EXPECT_EQ_MSG(test, c->error, 0, "not covered");
	if (!c->error)
		KUNIT_EXPECT_EQ_MSG(test, r->broken & ~c->broken, 0U,
				    "rules that are broken only within the bound");

	for_each_set_bit(rule, &more, PWB_NR_RULES) {
		r->count[rule] = c->count[rule];
		r->witness[rule] = c->witness[rule];
	}
	for_each_set_bit(rule, &unstable, PWB_NR_RULES)
		if (!(r->unstable & BIT(rule)))
			r->unstable_in[rule] = c->unstable_in[rule];
	r->broken |= more;
	r->unstable = (r->unstable | unstable) & ~r->broken;
	r->violating += more ? c->violating : 0;
	if (pwb_world_is_lost(c->error))
		r->error = c->error;
}

/*
 * What can be afforded each time: with four actors there are ten times as many
 * schedules. (Without a bound there are fewer to run: see cover.)
 */
static unsigned int pwb_bound(struct kunit *test, const struct pwb_scenario *s)
{
	unsigned int n = pwb_bound_asked;

	if (n == PWB_UNSET)
		n = s->program.nr_actors > 3 ? 1 : 2;
	if (s->max_bound && s->max_bound < n) {
		pwb_print(test, "a schedule of this is expensive: bound %u, not %u",
			  s->max_bound, n);
		n = s->max_bound;
	}
	return min_t(unsigned int, n, ILV_MAX_BOUND);
}

/* What the verdict is about. */
static void pwb_print_actors(struct kunit *test, const struct ilv_program *program)
{
	char buf[200] = "";
	unsigned int i, n = 0;

	for (i = 0; i < program->nr_actors; i++)
		n += scnprintf(buf + n, sizeof(buf) - n, "%s%c %s", i ? "; " : "",
			       program->actors[i].tag, program->actors[i].name);
	pwb_print(test, "actors %s: %s", test->name, buf);
}

static void pwb_explore(struct kunit *test, struct pwb_race *race,
			struct ilv_result *r)
{
	const struct pwb_scenario *s = race->scenario;
	const struct ilv_program *program = &race->program;
	const struct pwb_world *world = &race->world;
	unsigned int bound = pwb_bound(test, s);
	unsigned long missing;

	pwb_print_actors(test, program);
	ilv_explore(program, bound, pwb_limit, r);
	if (r->disturbed)
		pwb_print(test, "time: %s was disturbed, and explored again: %u",
			  test->name, r->disturbed);
	missing = s->needs & ~world->reached;

	pwb_print(test, "explored %s: %llu schedules, %llu violating, bound %u, %s",
		  test->name, r->schedules, r->violating, r->bound,
		  r->error ? "cut short" : r->complete ? "complete" : "bounded");
	pwb_print(test, "longest %s: %u points, %u accesses between them",
		  test->name, r->points, r->atomic);
	pwb_print(test, "time: %s %llu schedules in %llu us, %llu a second",
		  test->name, r->runs, div_u64(r->ns, 1000),
		  div64_u64(r->runs * NSEC_PER_SEC, max(r->ns, 1ULL)));
	pwb_print(test, "time: %s is %u %% actors, %u %% explorer, %u %% rules, %u %% world",
		  test->name, r->percent[ILV_IN_ACTORS], r->percent[ILV_IN_EXPLORER],
		  r->percent[ILV_IN_RULES], r->percent[ILV_IN_WORLD]);
	pwb_print_names(test, "reached", test->name, world->reached, pwb_events,
			PWB_NR_EVENTS);
	if (r->retried)
		pwb_print(test, "retried %s: %u", test->name, r->retried);
	if (r->error == -EUCLEAN)
		pwb_print(test, "quarantined %s: the frame, after %s", test->name,
			  r->last.schedule);
	if (r->error) {
		pwb_print(test, "error %s: %d in %s", test->name, r->error,
			  r->last.schedule);
	} else if (missing) {
		pwb_print_names(test, "vacuous", test->name, missing, pwb_events,
				PWB_NR_EVENTS);
		KUNIT_FAIL(test, "the scenario never reached what it is for");
	}
	pwb_report(test, r);
	if (!r->error && program->digest && program->nr_actors <= cover &&
	    PWB_CAN_COVER)
		pwb_cover(test, program, r);
}

static void pwb_expect_holds(struct kunit *test, const struct ilv_result *r)
{
	KUNIT_EXPECT_EQ_MSG(test, r->error, 0, "the exploration was cut short");
	KUNIT_EXPECT_EQ_MSG(test, r->violating, 0ULL,
			    "schedules that break a rule");
	KUNIT_EXPECT_EQ_MSG(test, r->unstable, 0U,
			    "rules that were broken once and not again");
}

static void pwb_race(struct kunit *test)
{
	const struct pwb_scenario *s = pwb_scenario_find(test->name);
	struct ilv_result *result;
	struct pwb_race *race;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	if (!pwb_expect_parameters(test))
		return;
	if (!pwb_is_asked_for(test->name))
		kunit_skip(test, "not asked for");
	if (s->lacks)
		kunit_skip(test, "%s", s->lacks);
	if (s->other_cpu && num_online_cpus() == 1)
		kunit_skip(test, "one CPU only");

	result = kunit_kzalloc(test, sizeof(*result), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, result);
	race = pwb_race_begin(test, s);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, race);
	if (*pwb_schedule) {
		pwb_replay(test, &race->program, result);
		pwb_race_end(race, result->error);
		return;
	}
	pwb_explore(test, race, result);
	pwb_race_end(race, result->error);
	pwb_show_witnesses(test, s, result);
	pwb_expect_holds(test, result);
}

/* A kernel with a violation dies of these: they run only if they are named. */
static void pwb_deadly_race(struct kunit *test)
{
	if (!*pwb_schedule && strcmp(pwb_scenario, test->name))
		kunit_skip(test, "not asked for");
	pwb_race(test);
}

/* Each runs the scenario of its name. */
#define PWB_RACE(_name)		{ .run_case = pwb_race, .name = #_name }
#define PWB_DEADLY_RACE(_name)	{ .run_case = pwb_deadly_race, .name = #_name }

static struct kunit_case pwb_race_cases[] = {
	PWB_RACE(truncate),
	PWB_RACE(reuse),
	PWB_RACE(reuse_untagged),
	PWB_RACE(reuse_tail),
	PWB_RACE(rearm),
	PWB_RACE(rearm_fdatawait),
	PWB_RACE(stale_waiters),
	PWB_RACE(stale_reuse),
	PWB_RACE(page_lock),
	PWB_RACE(lock_killed),
	PWB_RACE(lock_killed_fair),
	PWB_RACE(lock_read),
	PWB_RACE(read_end),
	PWB_RACE(read_twice),
	PWB_RACE(lock_dropped),
	PWB_RACE(partial),
	PWB_RACE(invalidate),
	PWB_RACE(migrate),
	PWB_RACE(memcg_move),
	PWB_RACE(swap_reuse),
	PWB_RACE(swap_split),
	PWB_RACE(huge_tail),
	PWB_RACE(huge_reuse),
	PWB_RACE(huge_split),
	PWB_RACE(large_truncate),
	PWB_RACE(large_reuse),
	PWB_RACE(large_untagged),
	PWB_RACE(dropbehind),
	PWB_RACE(dropbehind_rearm),
	PWB_DEADLY_RACE(reuse_sync),
	PWB_DEADLY_RACE(rearm_sync),
	{}
};

static struct kunit_suite pwb_race_suite = {
	.name = "page_writeback_races",
	.test_cases = pwb_race_cases,
};

kunit_test_suite(pwb_race_suite);

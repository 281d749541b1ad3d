// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_programs: every program of two, three and four actors that the
 * catalogue makes. Where all of a program's interleavings can be afforded they
 * are covered, else those within a bound. Lines of the form "# word name: ..."
 * are for the tools to read.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "catalogue.h"
#include "suite.h"

char *pwb_actors = "";
module_param_named(actors, pwb_actors, charp, 0444);
MODULE_PARM_DESC(actors, "explore programs of so many actors: 2, 3, 4 or several of these; by default none");

static char *shard = "1/1";
module_param(shard, charp, 0444);
MODULE_PARM_DESC(shard, "I/N: of the programs of each size, every Nth, from the Ith on");

/* For a witness with few preemptions: more are not searched for one by one. */
#define PWB_WITNESS_BOUND	2

/**
 * struct pwb_size - how programs of a size are explored
 * @nr: actors beside the ender
 * @cover: try to cover them
 * @budget: but run no more schedules for one than this; 0 for no limit
 * @bound: and what exceeds that, within this many preemptions
 * @smp_bound: where no program can be covered: that many
 */
struct pwb_size {
	unsigned int nr;
	bool cover;
	u64 budget;
	unsigned int bound;
	unsigned int smp_bound;
};

static const struct pwb_size pwb_two = {
	.nr = 1, .cover = true, .bound = 3, .smp_bound = 3,
};

static const struct pwb_size pwb_three = {
	.nr = 2, .cover = true, .budget = 400000, .bound = 3, .smp_bound = 2,
};

static const struct pwb_size pwb_four = {
	.nr = 3, .bound = 1, .smp_bound = 1,
};

/**
 * struct pwb_tally - what came out of the programs of a size
 * @world: what they run in
 * @program: the one that runs
 * @result: what came out of it
 * @more: and of a second look at it
 * @tried: and of an attempt that was disturbed
 * @programs: how many were explored
 * @complete: how many of them in all interleavings
 * @idle: how many in which nobody ever ran while the end was under way
 * @violating: how many broke a rule
 * @runs: schedules run
 * @ns: time taken, in nanoseconds
 * @reached: mask of enum pwb_event
 * @wanted: what the catalogue's entries should have reached
 */
struct pwb_tally {
	struct pwb_world world;
	struct ilv_program program;
	struct ilv_result result;
	struct ilv_result more;
	struct ilv_result tried;
	unsigned int programs;
	unsigned int complete;
	unsigned int idle;
	unsigned int violating;
	u64 runs;
	u64 ns;
	unsigned long reached;
	unsigned long wanted;
};

/* Shards are numbered from 1 on, programs from 0. */
static bool pwb_in_shard(unsigned int program, unsigned int nr, unsigned int of)
{
	return program % of == nr - 1;
}

static bool pwb_parse_shard(unsigned int *nr, unsigned int *of)
{
	return sscanf(shard, "%u/%u", nr, of) == 2 && *nr && *nr <= *of;
}

static unsigned int pwb_size_bound(const struct pwb_size *size)
{
	unsigned int n = PWB_CAN_COVER ? size->bound : size->smp_bound;

	if (pwb_bound_asked != PWB_UNSET)
		n = pwb_bound_asked;
	return min_t(unsigned int, n, ILV_MAX_BOUND);
}

/* Unlike the explorer's, it need not decide between equals. */
static bool pwb_cheaper(const struct ilv_witness *a, const struct ilv_witness *b)
{
	if (a->preemptions != b->preemptions)
		return a->preemptions < b->preemptions;
	if (a->switches != b->switches)
		return a->switches < b->switches;
	return a->points < b->points;
}

/* Take what is broken in @more too, and cheaper witnesses for the rest. */
static void pwb_merge(struct ilv_result *r, const struct ilv_result *more)
{
	unsigned long broken = more->broken;
	unsigned int rule;

	for_each_set_bit(rule, &broken, PWB_NR_RULES)
		if (!(r->broken & BIT(rule)) ||
		    pwb_cheaper(&more->witness[rule], &r->witness[rule]))
			r->witness[rule] = more->witness[rule];
	r->broken |= more->broken;
	ilv_keep_unstable(r, more);
}

/*
 * On a busy machine a long search may be disturbed more often than ilv_cover()
 * puts up with. What a state lacks shows each time. What an attempt has seen counts.
 */
static void pwb_try_cover(struct pwb_tally *t, unsigned int bound, u64 limit,
			  struct ilv_result *r)
{
	unsigned int tries = PWB_TRIES;

	memset(&t->tried, 0, sizeof(t->tried));
	for (;;) {
		ilv_cover(&t->program, bound, limit, r);
		t->runs += r->runs;
		t->ns += r->ns;
		ilv_keep_unstable(r, &t->tried);
		if (r->error != -ESTALE || !--tries)
			return;
		t->tried = *r;
	}
}

static void pwb_try_explore(struct pwb_tally *t, unsigned int bound,
			    struct ilv_result *r)
{
	ilv_explore(&t->program, bound, 0, r);
	t->runs += r->runs;
	t->ns += r->ns;
}

/*
 * Complete if that can be afforded, else within the bound; t->result.complete
 * tells which.
 */
static void pwb_explore_program(struct pwb_tally *t, const struct pwb_size *size)
{
	bool covers = PWB_CAN_COVER && t->program.digest;
	struct ilv_result *r = &t->result;
	unsigned int bound = pwb_size_bound(size);

	memset(r, 0, sizeof(*r));
	if (covers && size->cover) {
		pwb_try_cover(t, ILV_UNBOUNDED, pwb_limit ?: size->budget, r);
		if (r->error && r->error != -ECANCELED && r->error != -ENOMEM)
			return;
	}
	if (r->complete && !r->broken)
		return;
	if (r->complete) {
		pwb_try_explore(t, min_t(unsigned int, bound, PWB_WITNESS_BOUND),
				&t->more);
		pwb_merge(r, &t->more);
		r->error = t->more.error;
		return;
	}
	if (covers && size->cover)
		pwb_try_cover(t, bound, 0, &t->more);
	else
		pwb_try_explore(t, bound, &t->more);
	pwb_merge(&t->more, r);
	*r = t->more;
}

static void pwb_report_program(struct kunit *test, const struct pwb_tally *t,
			       unsigned long missing)
{
	const struct ilv_result *r = &t->result;
	const char *name = t->program.name;
	unsigned long broken = r->broken, unstable = r->unstable;
	char all[32], extent[24] = "complete";
	unsigned int rule;

	if (r->all.digits)
		pwb_format_count(all, sizeof(all), &r->all);
	else
		snprintf(all, sizeof(all), "%llu", r->schedules);
	if (!r->complete)
		snprintf(extent, sizeof(extent), "bound %u", r->bound);
	/* How many of them had to be run is not the same each time. */
	pwb_print(test, "program %s: %s, %s schedules", name, extent, all);
	for_each_set_bit(rule, &broken, PWB_NR_RULES)
		pwb_print(test, "breaks %s: %s, preemptions %u, points %u, %s", name,
			  pwb_rules[rule], r->witness[rule].preemptions,
			  r->witness[rule].points, r->witness[rule].schedule);
	for_each_set_bit(rule, &unstable, PWB_NR_RULES)
		pwb_print_unstable(test, name, r, rule);
	if (r->error)
		pwb_print(test, "error %s: %d in %s", name, r->error,
			  r->last.schedule);
	else if (missing)
		pwb_print_names(test, "vacuous", name, missing, pwb_events,
				PWB_NR_EVENTS);
}

static void pwb_run_program(struct kunit *test, struct pwb_tally *t,
			    const struct pwb_size *size,
			    const struct pwb_generated *g)
{
	unsigned long missing;

	pwb_program_begin(&t->world, g, &t->program);
	pwb_explore_program(t, size);
	missing = g->reaches & ~t->world.reached;
	pwb_report_program(test, t, missing);

	t->programs++;
	t->complete += t->result.complete;
	t->idle += !(t->world.reached & PWB_NEEDS(WINDOW));
	t->violating += !!t->result.broken;
	t->reached |= t->world.reached;
	t->wanted |= g->reaches | g->in_company;
	KUNIT_EXPECT_EQ_MSG(test, t->result.error, 0, "%s was cut short", g->name);
	KUNIT_EXPECT_EQ_MSG(test, t->result.unstable, 0U,
			    "%s broke a rule once and not again", g->name);
	/* A rule that is broken may keep others from being reached. */
	if (!t->result.broken && !t->result.error)
		KUNIT_EXPECT_EQ_MSG(test, missing, 0UL, "%s is vacuous", g->name);
}

static void pwb_run_size(struct kunit *test, struct pwb_tally *t,
			 const struct pwb_size *size, unsigned int nr,
			 unsigned int of)
{
	struct pwb_generated g;
	unsigned int all = 0;
	bool more;

	for (more = pwb_generate_first(&g, size->nr); more;
	     more = pwb_generate_next(&g)) {
		if (strstarts(pwb_scenario, "p_") ? strcmp(pwb_scenario, g.name) :
						    !pwb_in_shard(all, nr, of)) {
			all++;
			continue;
		}
		all++;
		pwb_run_program(test, t, size, &g);
		/* There is no world to go on in. */
		if (pwb_world_is_lost(t->result.error))
			return;
	}
	pwb_print(test, "programs %s: %u of %u, %u complete, %u idle, %u violating",
		  test->name, t->programs, all, t->complete, t->idle,
		  t->violating);
	pwb_print_names(test, "wanted", test->name, t->wanted, pwb_events,
			PWB_NR_EVENTS);
	pwb_print_names(test, "reached", test->name, t->reached, pwb_events,
			PWB_NR_EVENTS);
	pwb_print(test, "time: %s %llu schedules in %llu ms, %llu a second",
		  test->name, t->runs, div_u64(t->ns, NSEC_PER_MSEC),
		  div64_u64(t->runs * NSEC_PER_SEC, max(t->ns, 1ULL)));
	KUNIT_EXPECT_GT(test, t->programs, 0U);
	KUNIT_EXPECT_EQ_MSG(test, t->violating, 0U, "programs that break a rule");
	/* In a part, who could reach it may not be. */
	if (of == 1 && !strstarts(pwb_scenario, "p_") && !t->violating)
		KUNIT_EXPECT_EQ_MSG(test, t->wanted & ~t->reached, 0UL,
				    "no program reached what some should");
}

/* Of one schedule, of a program that may be in any shard. */
static void pwb_replay_program(struct kunit *test, struct pwb_tally *t,
			       const struct pwb_generated *g)
{
	pwb_program_begin(&t->world, g, &t->program);
	pwb_replay(test, &t->program, &t->result);
}

static void pwb_run_case(struct kunit *test, const struct pwb_size *size)
{
	struct pwb_generated *g;
	unsigned int nr, of;
	struct pwb_tally *t;

	g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, g);
	if (*pwb_schedule) {
		const char *name = strchr(pwb_schedule, ':');

		if (!name || !pwb_generate_named(g, name + 1) || g->nr != size->nr)
			kunit_skip(test, "not asked for");
	} else if (!strchr(pwb_actors, '1' + size->nr)) {
		kunit_skip(test, "not asked for");
	}
	KUNIT_ASSERT_TRUE_MSG(test, pwb_parse_shard(&nr, &of),
			      "shard=%s is not I/N", shard);

	/* Not the test's: an actor that was given up may still use it. */
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_ASSERT_EQ(test, pwb_world_init(&t->world), 0);
	t->world.test = test;
	pwb_programs_init(&t->world);
	if (*pwb_schedule)
		pwb_replay_program(test, t, g);
	else
		pwb_run_size(test, t, size, nr, of);
	if (!pwb_world_is_lost(t->result.error))
		pwb_programs_exit(&t->world);
	pwb_world_exit(&t->world);
	if (!pwb_world_is_lost(t->result.error))
		kfree(t);
}

static void two(struct kunit *test)
{
	pwb_run_case(test, &pwb_two);
}

static void three(struct kunit *test)
{
	pwb_run_case(test, &pwb_three);
}

static void four(struct kunit *test)
{
	pwb_run_case(test, &pwb_four);
}

/* Is each letter unique where it is used, and a capital? */
static void letters(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < PWB_NR_OPS; i++) {
		const struct pwb_op *a = &pwb_catalogue[i];

		KUNIT_EXPECT_TRUE_MSG(test, a->lacks || a->actor.run, "%c", a->actor.tag);
		KUNIT_EXPECT_TRUE(test, a->actor.tag >= 'A' && a->actor.tag <= 'Z');
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_FALSE_MSG(test,
					       a->actor.tag == pwb_catalogue[j].actor.tag &&
					       a->place == pwb_catalogue[j].place,
					       "%c", a->actor.tag);
	}
}

static const char *pwb_left_out(const struct pwb_op *op)
{
	if (op->lacks)
		return op->lacks;
	if (op->flags & PWB_DIES)
		return "the kernel dies of a violation";
	return op->place == PWB_IN_FILE ? "the ender" : "for pages of another kind";
}

/* Does each entry that can be in a program turn up in one of up to three actors? */
static void entries(struct kunit *test)
{
	struct pwb_generated g;
	unsigned int nr, i;
	u32 seen = 0;
	bool more;

	for (nr = 1; nr <= 2; nr++)
		for (more = pwb_generate_first(&g, nr); more;
		     more = pwb_generate_next(&g))
			for (i = 0; i < g.nr; i++)
				seen |= BIT(g.op[i]);
	for (i = 0; i < PWB_NR_OPS; i++) {
		const struct pwb_op *op = &pwb_catalogue[i];

		KUNIT_EXPECT_EQ_MSG(test, (bool)(seen & BIT(i)), pwb_op_combines(op),
				    "%c", op->actor.tag);
		if (!pwb_op_combines(op))
			pwb_print(test, "left out: %c, %s: %s", op->actor.tag,
				  op->actor.name, pwb_left_out(op));
	}
}

/* Is each program in one shard, and found by its name, which no other has? */
static void shards(struct kunit *test)
{
	unsigned int size, of, nr, n, in;
	struct pwb_generated g, found;
	bool more;

	for (size = 1; size <= PWB_MAX_OTHERS; size++) {
		n = 0;
		for (more = pwb_generate_first(&g, size); more;
		     more = pwb_generate_next(&g), n++) {
			KUNIT_EXPECT_TRUE_MSG(test,
					      pwb_generate_named(&found, g.name) &&
					      !memcmp(&found, &g, sizeof(g)),
					      "%s", g.name);
			for (of = 1; of <= 5; of++) {
				for (nr = 1, in = 0; nr <= of; nr++)
					in += pwb_in_shard(n, nr, of);
				KUNIT_EXPECT_EQ(test, in, 1U);
			}
		}
		KUNIT_EXPECT_GT(test, n, 0U);
	}
}

static struct kunit_case pwb_program_cases[] = {
	KUNIT_CASE(letters),
	KUNIT_CASE(entries),
	KUNIT_CASE(shards),
	KUNIT_CASE(two),
	KUNIT_CASE(three),
	KUNIT_CASE(four),
	{}
};

static struct kunit_suite pwb_program_suite = {
	.name = "page_writeback_programs",
	.test_cases = pwb_program_cases,
};

kunit_test_suite(pwb_program_suite);

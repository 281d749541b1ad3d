// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of ilv_cover(): toys that are wrong in ways that only a complete state
 * shows. Each has a twin, the same search of a state that lacks something, which
 * must fail. This file is instrumented like the code under test: each
 * READ_ONCE() and WRITE_ONCE() of the toy's world is one point.
 */
#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "ilv.h"
#include "../compat.h"

enum toy_rule { TOY_WRONG };
static const char *const toy_rules[] = { "wrong result" };

static struct toy {
	int x, turn;
	int written;		/* from here on, not watched */
	unsigned int runs;	/* so far */
	unsigned int strays;	/* how many of them may be disturbed */
} toy;

static int toy_setup(void *world)
{
	toy.x = 0;
	toy.written = 0;
	toy.turn = 0;
	return ilv_watch(&toy, offsetof(struct toy, written)) < 0 ? -ENOSPC : 0;
}

static u64 toy_digest(void *world)
{
	u64 word[] = { toy.x, toy.written, toy.turn };

	return ilv_hash(0, word, sizeof(word));
}

/*
 * What the keeper reads while x is 1 is nowhere but in its own hands when both
 * are past that. Of the 20 orders of three steps each, it reads a 1 in six: its
 * first step is before that, or between the writer's first two; and the
 * last steps are in any order.
 */
#define TOY_KEPT_ALL		20
#define TOY_KEPT_VIOLATING	6

static void toy_write_and_clear(void *world, int self)
{
	WRITE_ONCE(toy.x, 1);
	WRITE_ONCE(toy.x, 0);
}

#define TOY_KEEPER(_keep)						\
{									\
	.name		= "keeper",					\
	.nr_actors	= 2,						\
	.actors		= {						\
		{ 'K', "keeps what it reads", _keep },			\
		{ 'W', "writes 1, then 0", toy_write_and_clear },	\
	},								\
	.rules		= toy_rules,					\
	.setup		= toy_setup,					\
	.digest		= toy_digest,					\
}

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

/* Does the reduction come to what a search of all schedules comes to? */
static bool toy_same(struct toy_search *s, const struct ilv_program *program,
		     unsigned int forget)
{
	unsigned int nr;
	u64 sum;

	s->program = *program;
	s->program.outcomes = &s->outcomes;
	ilv_explore(&s->program, ILV_MAX_BOUND, 0, &s->all);
	nr = s->outcomes.nr;
	sum = s->outcomes.sum;

	ilv_forget = forget;
	ilv_cover(&s->program, ILV_UNBOUNDED, 0, &s->cover);
	ilv_forget = 0;
	return !s->all.error && !s->cover.error &&
	       s->outcomes.nr == nr && s->outcomes.sum == sum &&
	       s->cover.all.digits == s->all.schedules &&
	       s->cover.all_violating.digits == s->all.violating &&
	       s->cover.broken == s->all.broken;
}

static struct toy_search *toy_search_get(struct kunit *test)
{
	struct toy_search *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, s);
	return s;
}

/* kunit_skip() leaves the case. */
#define toy_skip_unless_covered(test)					\
do {									\
	if (!ILV_CAN_COVER)						\
		kunit_skip(test, "%s", ILV_CANT_COVER);			\
} while (0)

/* No hash stays as it is when one or two of its bits are flipped. */
#define TOY_WORDS	12
static void two_bits(struct kunit *test)
{
	unsigned int i, j, seed, same = 0;
	u64 word[TOY_WORDS], hash;

	for (seed = 0; seed < 2; seed++) {
		for (i = 0; i < TOY_WORDS; i++)
			word[i] = seed * (i + 1) * 0xffff888003456789ULL;
		hash = ilv_hash(seed, word, sizeof(word));
		for (i = 0; i < 64 * TOY_WORDS; i++) {
			word[i / 64] ^= BIT_ULL(i % 64);
			same += ilv_hash(seed, word, sizeof(word)) == hash;
			for (j = i + 1; j < 64 * TOY_WORDS; j++) {
				word[j / 64] ^= BIT_ULL(j % 64);
				same += ilv_hash(seed, word, sizeof(word)) == hash;
				word[j / 64] ^= BIT_ULL(j % 64);
			}
			word[i / 64] ^= BIT_ULL(i % 64);
		}
	}
	KUNIT_EXPECT_EQ(test, same, 0U);
}

/*
 * The two that cancel each other after a product and a rotation by 29. Apart,
 * so that no register of the caller has it.
 */
static noinline void toy_read_two_bits(u64 *kept)
{
	u64 seen = READ_ONCE(toy.x);

	kept[3] = seen << 63;
	kept[7] = seen << 28;
}

static void toy_keep_two_bits(void *world, int self)
{
	u64 kept[TOY_WORDS] = {};

	barrier_data(kept);
	toy_read_two_bits(kept);
	barrier_data(kept);
	(void)READ_ONCE(toy.x);
	barrier_data(kept);
	if (kept[3] && kept[7])
		ilv_violation(TOY_WRONG);
}

static const struct ilv_program toy_two_bits = TOY_KEEPER(toy_keep_two_bits);

/* A state of which another differs in these two bits alone is another one. */
static void two_bits_of_a_state(struct kunit *test)
{
	struct toy_search *s;

	toy_skip_unless_covered(test);
	s = toy_search_get(test);
	if (!s)
		return;
	KUNIT_EXPECT_TRUE(test, toy_same(s, &toy_two_bits, 0));
	KUNIT_EXPECT_EQ(test, s->cover.all.digits, (u64)TOY_KEPT_ALL);
	KUNIT_EXPECT_EQ(test, s->cover.all_violating.digits,
			(u64)TOY_KEPT_VIOLATING);
}

/* The difference is in a register that the point must preserve. */
#define TOY_KEEP_IN(_reg)						\
static void toy_keep_in_##_reg(void *world, int self)			\
{									\
	register unsigned long kept asm(#_reg) = READ_ONCE(toy.x);	\
									\
	asm volatile("" : "+r" (kept));					\
	(void)READ_ONCE(toy.x);						\
	asm volatile("" : "+r" (kept));					\
	if (kept)							\
		ilv_violation(TOY_WRONG);				\
}									\
static void toy_keep_in_##_reg(void *world, int self)

#ifdef CONFIG_X86_64
TOY_KEEP_IN(rbx);
TOY_KEEP_IN(r12);
TOY_KEEP_IN(r13);
TOY_KEEP_IN(r14);
TOY_KEEP_IN(r15);
#elif defined(CONFIG_ARM64)
TOY_KEEP_IN(x19);
TOY_KEEP_IN(x20);
TOY_KEEP_IN(x21);
TOY_KEEP_IN(x22);
TOY_KEEP_IN(x23);
TOY_KEEP_IN(x24);
TOY_KEEP_IN(x25);
TOY_KEEP_IN(x26);
TOY_KEEP_IN(x27);
TOY_KEEP_IN(x28);
#endif

static const struct ilv_program toy_reg_keepers[] = {
#ifdef CONFIG_X86_64
	TOY_KEEPER(toy_keep_in_rbx),
	TOY_KEEPER(toy_keep_in_r12),
	TOY_KEEPER(toy_keep_in_r13),
	TOY_KEEPER(toy_keep_in_r14),
	TOY_KEEPER(toy_keep_in_r15),
#elif defined(CONFIG_ARM64)
	TOY_KEEPER(toy_keep_in_x19),
	TOY_KEEPER(toy_keep_in_x20),
	TOY_KEEPER(toy_keep_in_x21),
	TOY_KEEPER(toy_keep_in_x22),
	TOY_KEEPER(toy_keep_in_x23),
	TOY_KEEPER(toy_keep_in_x24),
	TOY_KEEPER(toy_keep_in_x25),
	TOY_KEEPER(toy_keep_in_x26),
	TOY_KEEPER(toy_keep_in_x27),
	TOY_KEEPER(toy_keep_in_x28),
#endif
};

/*
 * Each register counts. Left out, they are missed: but for those that happen
 * to be saved by the function that calls the explorer, too.
 */
static void registers(struct kunit *test)
{
	struct toy_search *s;
	unsigned int i, missed = 0;

	toy_skip_unless_covered(test);
	s = toy_search_get(test);
	if (!s)
		return;
	for (i = 0; i < ARRAY_SIZE(toy_reg_keepers); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, toy_same(s, &toy_reg_keepers[i], 0),
				      "register %u", i);
		KUNIT_EXPECT_EQ(test, s->cover.all_violating.digits,
				(u64)TOY_KEPT_VIOLATING);
		missed += !toy_same(s, &toy_reg_keepers[i],
				    ILV_FORGET_REGS | ILV_FORGET_CHECKS);
	}
	KUNIT_EXPECT_GT(test, missed, 0U);
}

/*
 * A and B write to x, and the order of the two shows at one place only: when both
 * have written and T and F take turns all along, F looks at x in the end. Else T
 * or F give up.
 */
#define TOY_TURNS	5

static void toy_write_one(void *world, int self)
{
	WRITE_ONCE(toy.x, 1);
	toy.written++;
}

static void toy_write_two(void *world, int self)
{
	WRITE_ONCE(toy.x, 2);
	toy.written++;
}

static void toy_take_turns(void *world, int self)
{
	int i;

	if (READ_ONCE(toy.written) < 2)
		return;
	for (i = 1; i <= TOY_TURNS; i++)
		WRITE_ONCE(toy.turn, i);
}

static void toy_follow_turns(void *world, int self)
{
	int i;

	for (i = 1; i <= TOY_TURNS; i++)
		if (READ_ONCE(toy.turn) != i)
			return;
	if (READ_ONCE(toy.x) == 1)
		ilv_violation(TOY_WRONG);
}

static const struct ilv_program toy_turns = {
	.name		= "turns",
	.nr_actors	= 4,
	.actors		= {
		{ 'A', "writes 1", toy_write_one },
		{ 'B', "writes 2", toy_write_two },
		{ 'T', "takes turns", toy_take_turns },
		{ 'F', "follows the turns", toy_follow_turns },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
};

/*
 * Without its digest a state does not know x. Each run that gets to one is
 * compared with what is known, but only in the one way in which it goes on. Pairs
 * of runs that go on in all ways show it.
 */
static void pairs(struct kunit *test)
{
	struct ilv_result *r;

	toy_skip_unless_covered(test);
	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	ilv_pairs = 10;
	ilv_cover(&toy_turns, ILV_UNBOUNDED, 0, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->broken, (u32)BIT(TOY_WRONG));
	KUNIT_EXPECT_EQ(test, r->pairs, 10U);
	KUNIT_EXPECT_GT(test, r->whole_pairs, 0U);
	KUNIT_EXPECT_LE(test, r->whole_pairs, r->pairs);

	ilv_pairs = 0;
	ilv_forget = ILV_FORGET_DIGEST;
	ilv_cover(&toy_turns, ILV_UNBOUNDED, 0, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->pairs, 0U);
	ilv_pairs = 100;	/* all of them */
	ilv_cover(&toy_turns, ILV_UNBOUNDED, 0, r);
	KUNIT_EXPECT_EQ(test, r->error, -ESTALE);
	KUNIT_EXPECT_TRUE(test, *r->last.schedule && *r->differs.schedule);
	KUNIT_EXPECT_NE(test, strcmp(r->last.schedule, r->differs.schedule), 0);
	ilv_pairs = 0;
	ilv_forget = 0;
}

/*
 * A function that does not set what it has on its stack, where the explorer's own
 * functions have been. What they had there must not show.
 */
static noinline void toy_look_from_below(void)
{
	u64 unset[TOY_WORDS * 4];

	barrier_data(unset);
	WRITE_ONCE(toy.x, 1);
	barrier_data(unset);
}

static void toy_look_again(void *world, int self)
{
	WRITE_ONCE(toy.x, 1);
	toy_look_from_below();
	toy_look_from_below();
}

static const struct ilv_program toy_leftovers = {
	.name		= "leftovers",
	.nr_actors	= 3,
	.actors		= {
		{ 'A', "writes", toy_look_again },
		{ 'B', "writes", toy_look_again },
		{ 'C', "writes", toy_look_again },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
};

/*
 * Nothing that the explorer has left on a stack makes a state. Each actor is in one
 * of five places, its end included, and two have not ended where there is a choice:
 * 5^3 - 3 * 4 - 1 states. Where there are several CPUs, their interrupts leave too much.
 */
static void leftovers(struct kunit *test)
{
	struct toy_search *s;

	toy_skip_unless_covered(test);
	if (IS_ENABLED(CONFIG_SMP))
		kunit_skip(test, "several CPUs");
	s = toy_search_get(test);
	if (!s)
		return;
	KUNIT_EXPECT_TRUE(test, toy_same(s, &toy_leftovers, 0));
	KUNIT_EXPECT_EQ(test, s->cover.error, 0);
	KUNIT_EXPECT_EQ(test, s->cover.states, 112ULL);
}

/* Every 50th run is wrong, but not when it is run again at the end. */
static void toy_stray(void *world, int self)
{
	WRITE_ONCE(toy.x, self);
	WRITE_ONCE(toy.x, self);
	WRITE_ONCE(toy.x, self);
	if (self)
		return;
	if (++toy.runs % 50 == 0 && toy.runs <= toy.strays)
		ilv_violation(TOY_WRONG);
}

static const struct ilv_program toy_strays = {
	.name		= "strays",
	.nr_actors	= 3,
	.actors		= {
		{ 'A', "writes, and is wrong at times", toy_stray },
		{ 'B', "writes", toy_stray },
		{ 'C', "writes", toy_stray },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.digest		= toy_digest,
};

/* What was seen is not lost, and said to be unstable if it does not come again. */
static void unstable(struct kunit *test)
{
	struct ilv_result *r;

	toy_skip_unless_covered(test);
	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	toy.strays = 0;
	ilv_cover(&toy_strays, ILV_UNBOUNDED, 0, r);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->unstable, 0U);

	toy.runs = 0;
	toy.strays = 100;
	ilv_cover(&toy_strays, ILV_UNBOUNDED, 0, r);
	KUNIT_EXPECT_GT(test, toy.runs, toy.strays + 3);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ(test, r->broken, 0U);
	KUNIT_EXPECT_EQ(test, r->unstable, (u32)BIT(TOY_WRONG));
	KUNIT_EXPECT_EQ(test, strncmp(r->unstable_in[TOY_WRONG].schedule,
				      "v1:strays:", 10), 0);
	KUNIT_EXPECT_GE(test, r->retried, 2U);
}

static struct kunit_case interleave_cover_cases[] = {
	KUNIT_CASE(two_bits),
	KUNIT_CASE(two_bits_of_a_state),
	KUNIT_CASE(registers),
	KUNIT_CASE(pairs),
	KUNIT_CASE(leftovers),
	KUNIT_CASE(unstable),
	{}
};

static struct kunit_suite interleave_cover_suite = {
	.name = "interleave_cover",
	.test_cases = interleave_cover_cases,
};

kunit_test_suite(interleave_cover_suite);

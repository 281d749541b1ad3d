// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_contract: what folio_end_writeback_no_dropbehind() asks of its
 * callers. Unlike folio_end_writeback() it takes no reference of its own, but
 * goes on with the folio after PG_writeback is clear: it counts, wakes, and
 * looks up the node. So who calls it must hold a reference until it returns.
 *
 * In v7.2 there is one caller, NFS, whose requests have a reference to their folio
 * each. Who ends the writeback of one, and why he may: patches/lines.toml, and
 * "wbcheck verify" names all others that a tree has.
 *
 * Of the requests that wait for a commit, folio_end_dropbehind() is called by
 * nfs_inode_remove_request(), which has the same reference.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "catalogue.h"
#include "suite.h"
#include "../compat.h"

/*
 * (0) K was killed, and PG_waiters is set for nobody, so that there is no way of
 * ending this writeback but with a wakeup, (1) E clears PG_writeback, (2) T
 * frees the page, (3) R reuses the frame, (4) E wakes. One preemption.
 */
#define PWB_CONTRACT_BOUND	1
#define PWB_CONTRACT_NEEDS						\
	(PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) | PWB_NEEDS(REUSED) |	\
	 PWB_NEEDS(STALE))

/* E: as in NFS, but without a reference. */
static void pwb_actor_end_bare(void *data, int self)
{
	struct pwb_world *world = data;

	world->ending = true;
	folio_end_writeback_no_dropbehind(pwb_folio(world));
	world->ended = true;
}

/* E: as in NFS. */
static void pwb_actor_end_held(void *data, int self)
{
	struct pwb_world *world = data;

	world->ending = true;
	folio_end_writeback_no_dropbehind(pwb_folio(world));
	put_page(world->page);
	world->ended = true;
}

static int pwb_held_setup(void *data)
{
	struct pwb_world *world = data;
	int ret = pwb_setup(world);

	if (!ret)
		get_page(world->page);
	return ret;
}

#define PWB_CONTRACT(_name, _setup, _actor)				\
	PWB_PROGRAM(_name, _setup, pwb_teardown,			\
		    { 'E', "folio_end_writeback_no_dropbehind()", _actor }, \
		    PWB_OP_KILLED, PWB_OP_TRUNCATE, PWB_OP_REUSE)

static const struct ilv_program pwb_held =
	PWB_CONTRACT("reference_held", pwb_held_setup, pwb_actor_end_held);
static const struct ilv_program pwb_bare =
	PWB_CONTRACT("reference_not_held", pwb_setup, pwb_actor_end_bare);

/* The witness of what is expected, in full. */
static void pwb_show_expected(struct kunit *test,
			      const struct ilv_program *program,
			      struct ilv_result *r)
{
	const struct ilv_witness *w = &r->witness[PWB_DEAD_TOUCH];
	struct ilv_result *again;

	again = kunit_kzalloc(test, sizeof(*again), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, again);
	pwb_print(test, "expected %s: %s in %llu of %llu schedules, %s",
		  test->name, pwb_rules[PWB_DEAD_TOUCH],
		  r->count[PWB_DEAD_TOUCH], r->schedules, w->schedule);
	ilv_replay(program, w->schedule, pwb_print_line, test, again);
	KUNIT_EXPECT_EQ(test, again->error, 0);
	KUNIT_EXPECT_TRUE(test, !!(again->broken & BIT(PWB_DEAD_TOUCH)));
	if (pwb_world_is_lost(again->error))
		r->error = again->error;
}

static void pwb_contract_explore(struct kunit *test,
				 const struct ilv_program *program,
				 const struct pwb_world *world, bool holds,
				 struct ilv_result *r)
{
	unsigned long unstable;
	unsigned int rule;

	ilv_explore(program, PWB_CONTRACT_BOUND, pwb_limit, r);
	unstable = r->unstable;
	KUNIT_EXPECT_EQ_MSG(test, r->error, 0, "the exploration was cut short");
	KUNIT_EXPECT_EQ_MSG(test, PWB_CONTRACT_NEEDS & ~world->reached, 0UL,
			    "the program never reached what it is for");
	/* A violation that comes again says more: the case fails for that. */
	if (holds ? !r->broken : !(r->broken & BIT(PWB_DEAD_TOUCH)))
		for_each_set_bit(rule, &unstable, PWB_NR_RULES)
			pwb_print_unstable(test, program->name, r, rule);
	if (holds) {
		KUNIT_EXPECT_EQ_MSG(test, r->broken, 0U,
				    "a reference is not enough: %s",
				    r->last.schedule);
		KUNIT_EXPECT_EQ_MSG(test, r->unstable, 0U,
				    "a rule was broken once and not again");
		return;
	}
	/* A kernel that asks for less than that is none the worse for it. */
	KUNIT_EXPECT_TRUE_MSG(test, !r->broken || r->broken & BIT(PWB_DEAD_TOUCH),
			      "something else is broken than the contract");
	if (!r->broken && !r->unstable)
		pwb_print(test, "needless %s: no reference is asked for", test->name);
	if (r->broken & BIT(PWB_DEAD_TOUCH) && !r->error)
		pwb_show_expected(test, program, r);
}

static void pwb_contract(struct kunit *test, const struct ilv_program *source,
			 bool holds)
{
	struct ilv_program *program;
	struct ilv_result *r;
	struct pwb_world *world;
	int ret;

	/* Not the test's: an actor that was given up may still use them. */
	world = kzalloc(sizeof(*world), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, world);
	program = kzalloc(sizeof(*program), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, program);
	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);

	*program = *source;
	program->world = world;
	ret = pwb_world_init(world);
	KUNIT_ASSERT_EQ(test, ret, 0);
	if (*pwb_schedule)
		pwb_replay(test, program, r);
	else
		pwb_contract_explore(test, program, world, holds, r);
	pwb_world_exit(world);
	if (pwb_world_is_lost(r->error))
		return;
	kfree(program);
	kfree(world);
}

/* Why a case is not run here, or NULL. */
static const char *pwb_contract_skip(const char *name)
{
	if (!pwb_is_asked_for(name))
		return "not asked for";
	return COMPAT_HAS_NO_DROPBEHIND ? NULL : "not on this line";
}

/* A caller that keeps the contract: whatever the others do, all holds. */
static void reference_held(struct kunit *test)
{
	const char *why = pwb_contract_skip(test->name);

	if (why)
		kunit_skip(test, "%s", why);
	pwb_contract(test, &pwb_held, true);
}

/* One that does not: H1, unless this kernel takes a reference itself. */
static void reference_not_held(struct kunit *test)
{
	const char *why = pwb_contract_skip(test->name);

	if (why)
		kunit_skip(test, "%s", why);
	pwb_contract(test, &pwb_bare, false);
}

/**
 * pwb_is_contract() - is there a case of this suite of this name?
 * @name: the name
 */
bool pwb_is_contract(const char *name)
{
	return !strcmp(name, pwb_held.name) || !strcmp(name, pwb_bare.name);
}

static struct kunit_case pwb_contract_cases[] = {
	KUNIT_CASE(reference_held),
	KUNIT_CASE(reference_not_held),
	{}
};

static struct kunit_suite pwb_contract_suite = {
	.name = "page_writeback_contract",
	.test_cases = pwb_contract_cases,
};

kunit_test_suite(pwb_contract_suite);

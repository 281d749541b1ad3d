// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios. A new one is an entry here, and its name in races_kunit.c.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "actors.h"

#define END		{ 'E', "end_page_writeback()", pwb_actor_end }
#define TRUNCATE	{ 'T', "truncate the file", pwb_actor_truncate }
#define REUSE		{ 'R', "reuse the frame and wait", pwb_actor_reuse }
#define COMPOUND	{ 'C', "reuse the frame as a tail", pwb_actor_compound }
#define REARM		{ 'S', "write the page again", pwb_actor_rearm }
#define WAIT		{ 'W', "lock the page and wait", pwb_actor_wait }
#define FDATAWAIT	{ 'F', "wait without the lock", pwb_actor_fdatawait }
#define KILLED		{ 'K', "wait and be killed", pwb_actor_killed }
#define LOCK		{ 'L', "lock the page", pwb_actor_lock }

#define NEEDS(event)	BIT(PWB_SAW_##event)

/* The first actor is the one that ends the writeback. */
#define SCENARIO(_name, _needs, ...)					\
{									\
	.program = {							\
		.name		= _name,				\
		.nr_actors	= sizeof((struct ilv_actor[]){ __VA_ARGS__ }) / \
				  sizeof(struct ilv_actor),		\
		.actors		= { __VA_ARGS__ },			\
		.rules		= pwb_rules,				\
		.setup		= pwb_setup,				\
		.stuck		= pwb_stuck,				\
		.teardown	= pwb_teardown,				\
		.access		= pwb_access,				\
		.woken		= pwb_woken,				\
		.state		= pwb_state,				\
		.digest		= pwb_digest,				\
	},								\
	.needs = NEEDS(WINDOW) | (_needs),				\
}

static const struct pwb_scenario pwb_scenarios[] = {
	/*
	 * Plain truncation: (1) F and T wait for the writeback, (2) E ends it,
	 * (3) T frees the page as soon as it may. Both must be woken, the page
	 * freed once, and E must be through with it by then.
	 */
	SCENARIO("truncate",
		 NEEDS(FREED) | NEEDS(FDATAWAIT),
		 END, TRUNCATE, FDATAWAIT),

	/*
	 * H2: (1) E clears PG_writeback, (2) T frees the page, (3) R gets the
	 * frame for another file, puts it under writeback and waits, (4) E
	 * looks for waiters, and wakes R.
	 */
	SCENARIO("reuse",
		 NEEDS(FREED) | NEEDS(REUSED) | NEEDS(WAIT_AGAIN),
		 END, TRUNCATE, REUSE),

	/* H4: as before, but (3) the frame becomes the tail of a compound page. */
	SCENARIO("reuse_tail",
		 NEEDS(FREED) | NEEDS(TAIL),
		 END, TRUNCATE, COMPOUND),

	/*
	 * H3: (1) E clears PG_writeback, (2) S puts the same page under
	 * writeback again, (3) W locks it and waits, (4) E wakes W.
	 */
	SCENARIO("rearm",
		 NEEDS(REARMED) | NEEDS(WAIT) | NEEDS(WAIT_AGAIN),
		 END, REARM, WAIT),

	/*
	 * H3 again, for fixes that look for waiters in time: (0) F waits
	 * without the page lock, so there is one, and E will call the wakeup.
	 */
	SCENARIO("rearm_fdatawait",
		 NEEDS(REARMED) | NEEDS(WAIT_AGAIN) | NEEDS(FDATAWAIT),
		 END, FDATAWAIT, REARM, WAIT),

	/* And again: (0) K was killed, and PG_waiters is set for nobody. */
	SCENARIO("stale_waiters",
		 NEEDS(REARMED) | NEEDS(WAIT_AGAIN) | NEEDS(STALE),
		 END, KILLED, REARM, WAIT),

	/*
	 * W holds the page lock and waits for the writeback, L waits for the
	 * page lock: E must wake W, and leave L to W.
	 */
	SCENARIO("page_lock",
		 NEEDS(WAIT) | NEEDS(LOCK_WAIT),
		 END, WAIT, LOCK),
};

/**
 * pwb_scenario_find() - a scenario by name
 * @name: its name
 *
 * Return: the scenario or NULL.
 */
const struct pwb_scenario *pwb_scenario_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pwb_scenarios); i++)
		if (!strcmp(pwb_scenarios[i].program.name, name))
			return &pwb_scenarios[i];
	return NULL;
}

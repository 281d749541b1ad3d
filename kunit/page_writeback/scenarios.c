// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios. A new one is an entry here, and its name in races_kunit.c.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "catalogue.h"

#define SCENARIO(_name, _needs, ...)					\
	SCENARIO_IN(pwb_setup, _name, _needs, __VA_ARGS__)

#define SCENARIO_IN(_setup, _name, _needs, ...)				\
{									\
	.program = PWB_PROGRAM(_name, _setup, pwb_teardown, __VA_ARGS__), \
	.covered = true,						\
	.needs = PWB_NEEDS(WINDOW) | (_needs),				\
}

static int pwb_unfairness;	/* as it was before */

static int pwb_fair_init(struct pwb_world *world)
{
	pwb_unfairness = compat_set_lock_unfairness(0);
	return 0;
}

static void pwb_fair_exit(struct pwb_world *world)
{
	compat_set_lock_unfairness(pwb_unfairness);
}

static const struct pwb_scenario pwb_scenarios[] = {
	/*
	 * Plain truncation: (1) F and T wait for the writeback, (2) E ends it,
	 * (3) T frees the page as soon as it may. Both must be woken, the page
	 * freed once, and E must be through with it by then.
	 */
	SCENARIO("truncate",
		 PWB_NEEDS(FREED) | PWB_NEEDS(FDATAWAIT),
		 PWB_OP_END, PWB_OP_TRUNCATE, PWB_OP_FDATAWAIT),

	/*
	 * H2: (1) E clears PG_writeback, (2) T frees the page, (3) R gets the
	 * frame for another file, puts it under writeback and waits, (4) E
	 * looks for waiters, and wakes R.
	 */
	SCENARIO("reuse",
		 PWB_NEEDS(FREED) | PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT_AGAIN),
		 PWB_OP_END, PWB_OP_TRUNCATE, PWB_OP_REUSE),

	/* And again, in a file without writeback tags, as swap is. */
	SCENARIO_IN(pwb_setup_untagged, "reuse_untagged",
		    PWB_NEEDS(FREED) | PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT_AGAIN),
		    PWB_OP_END, PWB_OP_TRUNCATE, PWB_OP_REUSE),

	/* H4: as before, but (3) the frame becomes the tail of a compound page. */
	SCENARIO("reuse_tail",
		 PWB_NEEDS(FREED) | PWB_NEEDS(TAIL),
		 PWB_OP_END, PWB_OP_TRUNCATE, PWB_OP_COMPOUND),

	/*
	 * H3: (1) E clears PG_writeback, (2) S puts the same page under
	 * writeback again, (3) W locks it and waits, (4) E wakes W.
	 */
	SCENARIO("rearm",
		 PWB_NEEDS(REARMED) | PWB_NEEDS(WAIT) | PWB_NEEDS(WAIT_AGAIN),
		 PWB_OP_END, PWB_OP_REARM, PWB_OP_WAIT),

	/*
	 * H3 again, for fixes that look for waiters in time: (0) F waits
	 * without the page lock, so there is one, and E will call the wakeup.
	 */
	SCENARIO("rearm_fdatawait",
		 PWB_NEEDS(REARMED) | PWB_NEEDS(WAIT_AGAIN) | PWB_NEEDS(FDATAWAIT),
		 PWB_OP_END, PWB_OP_FDATAWAIT, PWB_OP_REARM, PWB_OP_WAIT),

	/* And again: (0) K was killed, and PG_waiters is set for nobody. */
	SCENARIO("stale_waiters",
		 PWB_NEEDS(REARMED) | PWB_NEEDS(WAIT_AGAIN) | PWB_NEEDS(STALE),
		 PWB_OP_END, PWB_OP_KILLED, PWB_OP_REARM, PWB_OP_WAIT),

	/*
	 * H1 and H2 for fixes that look for waiters in time, and then let go of
	 * the page: (0) K was killed, and E will call the wakeup, (1) E clears
	 * PG_writeback, (2) T frees the page, (3) R reuses the frame, (4) E
	 * wakes.
	 */
	SCENARIO("stale_reuse",
		 PWB_NEEDS(FREED) | PWB_NEEDS(REUSED) |
		 PWB_NEEDS(WAIT_AGAIN) | PWB_NEEDS(STALE),
		 PWB_OP_END, PWB_OP_KILLED, PWB_OP_TRUNCATE, PWB_OP_REUSE),

	/*
	 * W holds the page lock and waits for the writeback, L waits for the
	 * page lock: E must wake W, and leave L to W.
	 */
	SCENARIO("page_lock",
		 PWB_NEEDS(WAIT) | PWB_NEEDS(LOCK_WAIT),
		 PWB_OP_END, PWB_OP_WAIT, PWB_OP_LOCK),

	/*
	 * The wakeup for the page lock goes to one of those that want it: (1) J queues,
	 * and finds that it was killed, (2) L queues behind J and sleeps, (3) W unlocks
	 * and picks J, (4) J gives up. L must not be left asleep on an unlocked page.
	 */
	SCENARIO("lock_killed",
		 PWB_NEEDS(WAIT) | PWB_NEEDS(LOCK_WAIT) | PWB_NEEDS(GAVE_UP),
		 PWB_OP_END, PWB_OP_WAIT, PWB_OP_LOCK_KILLED, PWB_OP_LOCK),

	/* And again, with a lock that is handed over in order. */
	{
		.program = PWB_PROGRAM("lock_killed_fair", pwb_setup, pwb_teardown,
				       PWB_OP_END, PWB_OP_WAIT, PWB_OP_LOCK_KILLED,
				       PWB_OP_FAIR_LOCK),
		.covered = true,
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(WAIT) |
			 PWB_NEEDS(LOCK_WAIT) | PWB_NEEDS(GAVE_UP),
		.lacks = PWB_NO_FAIR_LOCK,
		.init = pwb_fair_init,
		.exit = pwb_fair_exit,
	},

	/*
	 * H3 of the page lock: (0) F waits, so PG_waiters is set, (1) L unlocks the page,
	 * (2) B locks it, starts a read, and waits for that, (3) L wakes B.
	 */
	SCENARIO_IN(pwb_setup_unread, "lock_read",
		    PWB_NEEDS(FDATAWAIT) | PWB_NEEDS(READ_WAIT),
		    PWB_OP_END, PWB_OP_FDATAWAIT, PWB_OP_LOCK, PWB_OP_READ),

	/* (1) B starts a read, (2) U ends it, while B looks whether it has, or sleeps. */
	SCENARIO_IN(pwb_setup_unread, "read_end", PWB_NEEDS(READ_WAIT),
		    PWB_OP_END, PWB_OP_READ, PWB_OP_READ_END),

	/* And again, (0) b waits for the lock or the read, and (3) must not read again. */
	SCENARIO_IN(pwb_setup_unread, "read_twice", PWB_NEEDS(READ_WAIT),
		    PWB_OP_END, PWB_OP_READ, PWB_OP_READ_AGAIN, PWB_OP_READ_END),

	/*
	 * (1) T holds the page lock and waits for the writeback, (2) D puts its reference
	 * and waits for the lock to be dropped, (3) E ends the writeback, (4) T unlocks the
	 * page and frees it. D must not touch it any more.
	 */
	{
		.program = PWB_PROGRAM("lock_dropped", pwb_setup, pwb_teardown,
				       PWB_OP_END, PWB_OP_TRUNCATE, PWB_OP_DROP),
		.covered = true,
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) | PWB_NEEDS(LOCK_WAIT),
		.lacks = PWB_NO_DROP,
	},

	/*
	 * H2 and H3 as users meet them: the waiter is write_cache_pages(),
	 * which dies of a page under writeback after it has waited.
	 */
	SCENARIO("reuse_sync",
		 PWB_NEEDS(FREED) | PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT_AGAIN),
		 PWB_OP_END, PWB_OP_TRUNCATE, PWB_OP_REUSE_SYNC),
	SCENARIO("rearm_sync",
		 PWB_NEEDS(REARMED) | PWB_NEEDS(WAIT) | PWB_NEEDS(WAIT_AGAIN),
		 PWB_OP_END, PWB_OP_REARM, PWB_OP_SYNC),

	{}
};

#define ABSENT(_name, why)	{ .program.name = _name, .lacks = why }

/* What this configuration has not. */
static const struct pwb_scenario pwb_absent[] = {
#ifndef CONFIG_TRANSPARENT_HUGEPAGE
	ABSENT("huge_tail", "no transparent huge pages"),
	ABSENT("huge_reuse", "no transparent huge pages"),
	ABSENT("huge_split", "no transparent huge pages"),
#endif
#ifndef CONFIG_MIGRATION
	ABSENT("migrate", "no migration"),
#endif
#ifndef CONFIG_PAGE_WRITEBACK_MOVE
	ABSENT("memcg_move", PWB_NO_MOVE),
#endif
#ifndef CONFIG_PAGE_WRITEBACK_SWAP
	ABSENT("swap_reuse", PWB_NO_SWAP),
#endif
#ifndef CONFIG_PAGE_WRITEBACK_SWAP_SPLIT
	ABSENT("swap_split", PWB_NO_SWAP_SPLIT),
#endif
	{}
};

static const struct pwb_scenario *const pwb_tables[] = {
	pwb_scenarios,
	pwb_context_scenarios,
	pwb_large_scenarios,
	pwb_dropbehind_scenarios,
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	pwb_huge_scenarios,
#endif
#ifdef CONFIG_MIGRATION
	pwb_migrate_scenarios,
#endif
#ifdef CONFIG_PAGE_WRITEBACK_MOVE
	pwb_move_scenarios,
#endif
#ifdef CONFIG_PAGE_WRITEBACK_SWAP
	pwb_swap_scenarios,
#endif
#ifdef CONFIG_PAGE_WRITEBACK_SWAP_SPLIT
	pwb_swap_split_scenarios,
#endif
	pwb_absent,
};

/**
 * pwb_scenario_find() - a scenario by name
 * @name: its name
 *
 * Return: the scenario or NULL.
 */
const struct pwb_scenario *pwb_scenario_find(const char *name)
{
	const struct pwb_scenario *s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pwb_tables); i++)
		for (s = pwb_tables[i]; s->program.name; s++)
			if (!strcmp(s->program.name, name))
				return s;
	return NULL;
}

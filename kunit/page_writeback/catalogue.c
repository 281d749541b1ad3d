// SPDX-License-Identifier: GPL-2.0
/*
 * What there is to be combined, and every combination of it that makes sense.
 *
 * A program is the ender and up to three others. Others of a kind are
 * interchangeable, so a program is a multiset: it is generated once, with the
 * entries in the order of the catalogue.
 */
#include <linux/bits.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "catalogue.h"

#define PWB_NO_MIGRATION	(IS_ENABLED(CONFIG_MIGRATION) ? NULL : "no migration")
#define PWB_NO_HUGE		(IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ? NULL : \
				 "no transparent huge pages")

const struct pwb_op pwb_catalogue[PWB_NR_OPS] = {
	{ .actor = PWB_OP_END },

	/* Who takes the page out of its file. */
	{
		.actor = PWB_OP_TRUNCATE,
		.flags = PWB_FREES,
		.reaches = PWB_NEEDS(FREED),
	}, {
		.actor = PWB_OP_INVALIDATE,
		.flags = PWB_FREES,
		.reaches = PWB_NEEDS(FREED),
	}, {
		.actor = PWB_OP_RECLAIM,
		.flags = PWB_FREES,
		.uses = PWB_USES_RECLAIM,
		.reaches = PWB_NEEDS(FREED),
	}, {
		.actor = PWB_OP_MIGRATE,
		.flags = PWB_FREES | PWB_UNKNOWN,
		.reaches = PWB_NEEDS(FREED),
		.lacks = PWB_NO_MIGRATION,
	},

	/* Who gets the frame. */
	{
		.actor = PWB_OP_REUSE,
		.flags = PWB_NEEDS_FREE,
		.reaches = PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT_AGAIN),
	}, {
		.actor = PWB_OP_COMPOUND,
		.flags = PWB_NEEDS_FREE,
		.reaches = PWB_NEEDS(TAIL),
		.not_with = "A",	/* one frame of a pair is the head */
	}, {
		.actor = PWB_OP_HEAD,
		.flags = PWB_NEEDS_FREE,
		.uses = PWB_USES_HEAD,
		.reaches = PWB_NEEDS(HEAD) | PWB_NEEDS(WAIT_AGAIN),
		.not_with = "C",
	},

	/* Who begins another writeback. */
	{
		.actor = PWB_OP_REARM,
		.flags = PWB_REPEATS,
		.reaches = PWB_NEEDS(REARMED),
	}, {
		.actor = PWB_OP_FSYNC,
		.flags = PWB_REPEATS,
		.reaches = PWB_NEEDS(REARMED) | PWB_NEEDS(WAIT),
	},

	/* Who waits for writeback. */
	{
		.actor = PWB_OP_WAIT,
		.flags = PWB_REPEATS,
		.reaches = PWB_NEEDS(WAIT),
		.in_company = PWB_NEEDS(WAIT_AGAIN),
	}, {
		.actor = PWB_OP_STABLE,
		.reaches = PWB_NEEDS(WAIT),
		.in_company = PWB_NEEDS(WAIT_AGAIN),
	}, {
		.actor = PWB_OP_PARTIAL,
		.uses = PWB_USES_PRIVATE,
	}, {
		.actor = PWB_OP_FDATAWAIT,
		.flags = PWB_REPEATS,
		.reaches = PWB_NEEDS(FDATAWAIT),
	}, {
		.actor = PWB_OP_KILLED,
		.reaches = PWB_NEEDS(STALE),
	},

	/* Who waits for the page lock. */
	{
		.actor = PWB_OP_LOCK,
		.flags = PWB_REPEATS,
		.in_company = PWB_NEEDS(LOCK_WAIT),
		.not_with = "Q",	/* it is either fair to all or to none */
	}, {
		.actor = PWB_OP_FAIR_LOCK,
		.flags = PWB_REPEATS,
		.uses = PWB_USES_FAIR,
		.in_company = PWB_NEEDS(LOCK_WAIT),
		.not_with = "L",
		.lacks = PWB_NO_FAIR_LOCK,
	}, {
		.actor = PWB_OP_LOCK_KILLED,
		.in_company = PWB_NEEDS(GAVE_UP),
		.not_with = "D",	/* the page may be freed with D asleep for ever */
	}, {
		.actor = PWB_OP_READ,
		.flags = PWB_REPEATS,
		.uses = PWB_USES_UNREAD,
		.not_with = "TIGMY",	/* it would make a new page; or make this one dirty */
		.reaches = PWB_NEEDS(READ_WAIT),
	}, {
		.actor = PWB_OP_DROP,
		.flags = PWB_REPEATS,
		.in_company = PWB_NEEDS(LOCK_WAIT),
		.lacks = PWB_NO_DROP,
	},

	/* Who has to do with another page, in the same bucket. */
	{
		.actor = PWB_OP_NEIGHBOUR_END,
		.uses = PWB_USES_NEIGHBOUR,
	}, {
		.actor = PWB_OP_NEIGHBOUR_WAIT,
		.flags = PWB_REPEATS,
		.uses = PWB_USES_NEIGHBOUR,
		.reaches = PWB_NEEDS(NEIGHBOUR),
	},

	/* Only for scenarios. */
	{ .actor = PWB_OP_READ_END, .flags = PWB_ALONE },
	{ .actor = PWB_OP_SYNC, .flags = PWB_DIES },
	{ .actor = PWB_OP_REUSE_SYNC, .flags = PWB_DIES | PWB_NEEDS_FREE },
	{ .actor = PWB_OP_HUGE, .place = PWB_IN_HUGE, .lacks = PWB_NO_HUGE },
	{ .actor = PWB_OP_HUGE_TRUNCATE, .place = PWB_IN_HUGE, .lacks = PWB_NO_HUGE },
	{ .actor = PWB_OP_HUGE_REUSE, .place = PWB_IN_HUGE, .lacks = PWB_NO_HUGE },
	{ .actor = PWB_OP_HUGE_PUNCH, .place = PWB_IN_HUGE, .lacks = PWB_NO_HUGE },
	{ .actor = PWB_OP_MOVE, .place = PWB_IN_CGROUP, .lacks = PWB_NO_MOVE },
	{ .actor = PWB_OP_SWAP_FREE, .place = PWB_IN_SWAP, .lacks = PWB_NO_SWAP },
	{ .actor = PWB_OP_SWAP_WAIT, .place = PWB_IN_SWAP, .lacks = PWB_NO_SWAP },
	{ .actor = PWB_OP_SWAP_SPLIT, .place = PWB_IN_SWAP, .lacks = PWB_NO_SWAP_SPLIT },
	{ .actor = PWB_OP_SWAP_KILLED, .place = PWB_IN_SWAP, .lacks = PWB_NO_SWAP_SPLIT },
};

/**
 * pwb_op_combines() - can this entry be a part of programs?
 * @op: the entry
 */
bool pwb_op_combines(const struct pwb_op *op)
{
	return op != pwb_catalogue && op->place == PWB_IN_FILE && !op->lacks &&
	       !(op->flags & (PWB_DIES | PWB_ALONE));
}

static bool pwb_goes_with(const struct pwb_op *a, const struct pwb_op *b)
{
	return !a->not_with || !strchr(a->not_with, b->actor.tag);
}

/* Are there at most two of a kind, and only where that makes a difference? */
static bool pwb_repeats(const struct pwb_generated *g)
{
	unsigned int i;

	for (i = 1; i < g->nr; i++) {
		if (g->op[i] != g->op[i - 1])
			continue;
		if (!(pwb_catalogue[g->op[i]].flags & PWB_REPEATS))
			return false;
		if (i > 1 && g->op[i] == g->op[i - 2])
			return false;
	}
	return true;
}

static bool pwb_makes_sense(const struct pwb_generated *g)
{
	unsigned int i, j, flags = 0;

	for (i = 0; i < g->nr; i++) {
		const struct pwb_op *op = &pwb_catalogue[g->op[i]];

		if (!pwb_op_combines(op))
			return false;
		for (j = 0; j < g->nr; j++)
			if (!pwb_goes_with(op, &pwb_catalogue[g->op[j]]))
				return false;
		flags |= op->flags;
	}
	if (flags & PWB_NEEDS_FREE && !(flags & PWB_FREES))
		return false;
	return pwb_repeats(g);
}

static bool pwb_is_repeated(const struct pwb_generated *g, unsigned int i)
{
	return i && g->op[i] == g->op[i - 1];
}

static char pwb_letter(const struct pwb_generated *g, unsigned int i)
{
	char tag = pwb_catalogue[g->op[i]].actor.tag;

	return pwb_is_repeated(g, i) ? tolower(tag) : tag;
}

/* What follows from the choice. */
static void pwb_describe(struct pwb_generated *g)
{
	unsigned int i;
	char *end = g->name;

	g->uses = 0;
	g->reaches = 0;
	g->in_company = 0;
	g->flags = 0;
	*end++ = 'p';
	*end++ = '_';
	*end++ = pwb_catalogue[0].actor.tag;
	for (i = 0; i < g->nr; i++) {
		const struct pwb_op *op = &pwb_catalogue[g->op[i]];

		*end++ = pwb_letter(g, i);
		g->uses |= op->uses;
		g->reaches |= op->reaches;
		if (g->nr > 1)
			g->in_company |= op->in_company;
		g->flags |= op->flags & PWB_UNKNOWN;
	}
	*end = '\0';
}

/* The next choice, sensible or not: a number whose digits do not fall. */
static bool pwb_step(struct pwb_generated *g)
{
	unsigned int i = g->nr, next;

	while (i--) {
		next = g->op[i] + 1;
		if (next == PWB_NR_OPS)
			continue;
		while (i < g->nr)
			g->op[i++] = next;
		return true;
	}
	return false;
}

/**
 * pwb_generate_next() - the program after this one
 * @g: a program, replaced by the next of as many actors
 *
 * Return: false if it was the last.
 */
bool pwb_generate_next(struct pwb_generated *g)
{
	while (pwb_step(g)) {
		if (pwb_makes_sense(g)) {
			pwb_describe(g);
			return true;
		}
	}
	return false;
}

/**
 * pwb_generate_first() - the first program of so many actors
 * @g: filled in
 * @nr: number of actors beside the ender
 *
 * Return: false if there is none.
 */
bool pwb_generate_first(struct pwb_generated *g, unsigned int nr)
{
	memset(g, 0, sizeof(*g));
	if (!nr || nr > PWB_MAX_OTHERS)
		return false;
	g->nr = nr;
	return pwb_generate_next(g);
}

static u8 pwb_op_by_tag(char tag)
{
	u8 i;

	for (i = 0; i < PWB_NR_OPS; i++)
		if (pwb_catalogue[i].actor.tag == tag &&
		    pwb_op_combines(&pwb_catalogue[i]))
			return i;
	return 0;
}

/**
 * pwb_generate_named() - the program of this name
 * @g: filled in
 * @name: its name, up to the NUL or a colon
 *
 * Return: false if there is none.
 */
bool pwb_generate_named(struct pwb_generated *g, const char *name)
{
	size_t i, len = strcspn(name, ":"), start = strlen("p_E");

	memset(g, 0, sizeof(*g));
	if (len <= start || len > start + PWB_MAX_OTHERS)
		return false;
	g->nr = len - start;
	for (i = 0; i < g->nr; i++) {
		g->op[i] = pwb_op_by_tag(toupper(name[start + i]));
		if (i && g->op[i] < g->op[i - 1])
			return false;
	}
	if (!pwb_makes_sense(g))
		return false;
	pwb_describe(g);
	return !strncmp(g->name, name, len);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Every state that a program can be in, and every step out of each.
 *
 * Most schedules differ in nothing that matters: the actors get to the same
 * places, with the same in their hands, in a world that is the same. What
 * happens from there on can't depend on how they got there. So look at the
 * program as a graph: a node is a state in which there is a choice, an edge lets
 * one of the actors that can run make its next step. Each schedule is a path,
 * and it is enough to have taken each edge once: the rules look at a state and
 * at the step that is made in it, so a step that breaks one does so on every
 * path. (What was broken before is part of the state, as is all that the
 * rules remember. Thus all combinations are seen.)
 *
 * Of all schedules that differ in the order of steps that don't depend on each
 * other, those with the same prefix states are one path here; so this is a
 * partial-order reduction that needs no relation to tell which do depend.
 * Nor must it know what a step reads and writes. It needs the state: see
 * state.c.
 *
 * What proves that nothing was left out of the state: a state decides what
 * follows, so the same choice in the same state must lead to the same state
 * each time, however either was reached. Each run continues to its end through
 * states that are known, and all of them are compared; the first that is not
 * what it was before ends the search with -ESTALE. The converse, two states
 * with the same hash that differ in something that shows only later, shows
 * then, for the same reason. Something may have disturbed the state that was
 * seen first, or the one that is seen now; so the run is repeated, and if that
 * does not help, the whole search. What is wrong with a state does not go
 * away, as all choices are the same again.
 *
 * A run takes edges that have not been taken, or that lead to some. Loops are
 * not expected: an actor that is let go on gets somewhere. Should there be one,
 * the search ends with -ELOOP.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kernel_stat.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"
#include "../compat.h"

#define ILV_CHUNK_ORDER	COMPAT_MAX_PAGE_ORDER
#define ILV_CHUNK_SIZE	(PAGE_SIZE << ILV_CHUNK_ORDER)
#define ILV_CHUNK_NODES	(ILV_CHUNK_SIZE / sizeof(struct ilv_node))
#define ILV_MAX_CHUNKS	128
#define ILV_BUCKETS	(ILV_CHUNK_SIZE / sizeof(u32))

#define ILV_COUNT_MAX	1000000000000000000ULL	/* 10^18, room to add two */
#define ILV_TRIES	100		/* to run a schedule without one */

/* Where a choice leads to, if not to another one. */
#define ILV_UNKNOWN	0
#define ILV_END		0xffff0000	/* with the mask of broken rules */

/**
 * struct ilv_node - a state with a choice
 * @hash: of the state
 * @next: in the same bucket of the table
 * @enabled: mask of the actors that can run
 * @tried: mask of those that were let run
 * @open: mask of those that may lead to something new
 * @complete: none does: all were tried, and so on in all states that this leads to
 * @to: the node that each leads to
 * @all: schedules from here on, once it is complete
 * @violating: how many of them break a rule
 */
struct ilv_node {
	u64 hash;
	u32 next;
	u8 enabled;
	u8 tried;
	u8 open;
	bool complete;
	u32 to[ILV_MAX_ACTORS];
	struct ilv_count all;
	struct ilv_count violating;
};

/**
 * struct ilv_choice - a decision of the run
 * @hash: of the state
 * @node: once it is entered into the graph
 * @enabled: mask of the actors that could run
 * @chosen: who ran
 */
struct ilv_choice {
	u64 hash;
	u32 node;
	u8 enabled;
	u8 chosen;
};

static struct {
	unsigned int bound;
	struct ilv_node *chunk[ILV_MAX_CHUNKS];
	unsigned int nr_chunks;
	u32 *bucket;
	u32 nr;			/* nodes in use; number 0 is none */
	unsigned int depth;	/* decisions made in this run */
	u32 next;		/* where it gets to next, if that is known */
	bool fresh;		/* it has taken an edge that was not taken before */
	bool progress;		/* this run took one, or completed a node */
	u32 random;
	u64 interrupts;		/* so many when the last run began */
	struct ilv_choice *path;
	struct ilv_result *result;
} ilv_graph;

/*
 * An interrupt may use the stack of the actor that it comes upon, and what it
 * leaves there may show in a frame of the same step: of no consequence, but
 * the state would have another hash.
 */
static u64 ilv_interrupts(void)
{
	return kstat_cpu_irqs_sum(raw_smp_processor_id()) + get_jiffies_64();
}

static struct ilv_node *ilv_node(u32 n)
{
	return &ilv_graph.chunk[n / ILV_CHUNK_NODES][n % ILV_CHUNK_NODES];
}

static u32 *ilv_bucket(u64 hash)
{
	return &ilv_graph.bucket[hash % ILV_BUCKETS];
}

/* The node of the state with this hash, or 0. */
static u32 ilv_node_find(u64 hash)
{
	u32 n = *ilv_bucket(hash);

	while (n && ilv_node(n)->hash != hash)
		n = ilv_node(n)->next;
	return n;
}

static u32 ilv_node_add(u64 hash, unsigned int enabled)
{
	u32 *head = ilv_bucket(hash);
	u32 n = ilv_graph.nr++;
	struct ilv_node *node = ilv_node(n);

	memset(node, 0, sizeof(*node));
	node->hash = hash;
	node->enabled = enabled;
	node->open = enabled;
	node->next = *head;
	*head = n;
	return n;
}

static bool ilv_is_node(u32 to)
{
	return to != ILV_UNKNOWN && to < ILV_END;
}

static bool ilv_edge_complete(u32 to)
{
	return to >= ILV_END || (ilv_is_node(to) && ilv_node(to)->complete);
}

/* One out of a mask, by a lottery that is the same each time. */
static int ilv_any_of(unsigned int mask)
{
	unsigned int skip;

	/* From Numerical Recipes, like next_pseudo_random32() up to v6.12. */
	ilv_graph.random = ilv_graph.random * 1664525 + 1013904223;
	for (skip = (ilv_graph.random >> 16) % hweight32(mask); skip; skip--)
		mask &= mask - 1;
	return __ffs(mask);
}

/*
 * Whom to let go on: anybody who was not let yet, or may get to a state where
 * that is so. By lot, it takes half as many schedules as in order of depth.
 */
static int ilv_node_choose(struct ilv_node *node)
{
	unsigned long open = node->open;
	unsigned int i;

	for_each_set_bit(i, &open, ILV_MAX_ACTORS)
		if (ilv_edge_complete(node->to[i]))
			node->open &= ~BIT(i);
	return ilv_any_of(node->open ?: node->enabled);
}

static int ilv_cover_choose(unsigned int enabled, int current_actor)
{
	bool bounded = ilv_graph.bound != ILV_UNBOUNDED;
	struct ilv_choice *c;
	int next;

	next = current_actor != ILV_NOBODY ? current_actor : __ffs(enabled);
	if (is_power_of_2(enabled) ||
	    (current_actor != ILV_NOBODY &&
	     ilv_run.preemptions == ilv_graph.bound))
		return next;
	if (ilv_graph.depth == ILV_MAX_DECISIONS) {
		ilv_error(-E2BIG);
		return next;
	}

	c = &ilv_graph.path[ilv_graph.depth++];
	c->enabled = enabled;
	c->node = ilv_graph.next;
	if (!ilv_is_node(c->node)) {
		c->hash = ilv_state(bounded, current_actor);
		c->node = ilv_node_find(c->hash);
	}
	/* When it is not in the graph, nor will be what it leads to. */
	ilv_graph.next = ILV_UNKNOWN;
	if (c->node) {
		struct ilv_node *node = ilv_node(c->node);

		if (node->enabled != enabled) {
			ilv_error(-ESTALE);
			return next;
		}
		next = ilv_node_choose(node);
		if (!(node->tried & BIT(next)))
			ilv_graph.fresh = true;
		else if (!ilv_graph.fresh)
			ilv_graph.next = node->to[next];
	}
	c->chosen = next;
	return next;
}

/* The choice @c in the state @from leads to @to; has it always? */
static void ilv_edge(const struct ilv_choice *from, u32 to)
{
	struct ilv_node *node = ilv_node(from->node);
	u32 *known = &node->to[from->chosen];

	if (!(node->tried & BIT(from->chosen))) {
		node->tried |= BIT(from->chosen);
		*known = to;
		ilv_graph.result->steps++;
		ilv_graph.progress = true;
		return;
	}
	ilv_graph.result->checked++;
	if (*known != to && !(ilv_forget & ILV_FORGET_CHECKS))
		ilv_error(-ESTALE);
}

/* Enter the run that has ended into the graph. */
static void ilv_graph_enter(void)
{
	unsigned int i;

	for (i = 0; i < ilv_graph.depth; i++) {
		struct ilv_choice *c = &ilv_graph.path[i];

		if (!c->node)	/* the same run may have entered it meanwhile */
			c->node = ilv_node_find(c->hash);
		if (!c->node)
			c->node = ilv_node_add(c->hash, c->enabled);
		if (i)
			ilv_edge(c - 1, c->node);
	}
	if (i)
		ilv_edge(&ilv_graph.path[i - 1], ILV_END | ilv_run.broken);
}

static void ilv_count_add(struct ilv_count *sum, struct ilv_count n)
{
	if (sum->exponent < n.exponent)
		swap(*sum, n);
	for (; n.exponent < sum->exponent; n.exponent++)
		n.digits /= 10;
	sum->digits += n.digits;
	for (; sum->digits >= ILV_COUNT_MAX; sum->exponent++)
		sum->digits /= 10;
}

/* Everything that @node leads to is known: how many schedules are that? */
static void ilv_node_complete(struct ilv_node *node)
{
	unsigned int i;

	for (i = 0; i < ILV_MAX_ACTORS; i++) {
		u32 to = node->to[i];

		if (ilv_is_node(to)) {
			ilv_count_add(&node->all, ilv_node(to)->all);
			ilv_count_add(&node->violating, ilv_node(to)->violating);
		} else if (to != ILV_UNKNOWN) {
			struct ilv_count one = { .digits = 1 };

			ilv_count_add(&node->all, one);
			if (to != ILV_END)
				ilv_count_add(&node->violating, one);
		}
	}
	node->complete = true;
	ilv_graph.progress = true;
}

/* See what that completes; true when it is everything. */
static bool ilv_graph_done(void)
{
	unsigned int depth = ilv_graph.depth;
	struct ilv_node *node = NULL;

	while (depth--) {
		node = ilv_node(ilv_graph.path[depth].node);
		if (node->complete || node->tried != node->enabled)
			continue;
		while (node->open &&
		       ilv_edge_complete(node->to[__ffs(node->open)]))
			node->open &= node->open - 1;
		if (!node->open)
			ilv_node_complete(node);
	}
	if (!node || !node->complete)
		return !node;
	ilv_graph.result->all = node->all;
	ilv_graph.result->all_violating = node->violating;
	return true;
}

/* Room for the nodes of one more run: there is no allocating during it. */
static int ilv_graph_grow(void)
{
	struct ilv_node *chunk;

	if (ilv_graph.nr + ILV_MAX_DECISIONS <=
	    ilv_graph.nr_chunks * ILV_CHUNK_NODES)
		return 0;
	if (ilv_graph.nr_chunks == ILV_MAX_CHUNKS)
		return -ENOMEM;
	chunk = (void *)__get_free_pages(GFP_KERNEL | __GFP_NOWARN,
					 ILV_CHUNK_ORDER);
	if (!chunk)
		return -ENOMEM;
	ilv_graph.chunk[ilv_graph.nr_chunks++] = chunk;
	return 0;
}

static int ilv_graph_init(unsigned int bound, struct ilv_result *result)
{
	memset(&ilv_graph, 0, sizeof(ilv_graph));
	ilv_graph.bound = bound;
	ilv_graph.result = result;
	ilv_graph.nr = 1;
	ilv_graph.path = kcalloc(ILV_MAX_DECISIONS, sizeof(*ilv_graph.path),
				 GFP_KERNEL);
	ilv_graph.bucket = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO,
						    ILV_CHUNK_ORDER);
	return ilv_graph.path && ilv_graph.bucket ? 0 : -ENOMEM;
}

static void ilv_graph_exit(void)
{
	while (ilv_graph.nr_chunks)
		free_pages((unsigned long)ilv_graph.chunk[--ilv_graph.nr_chunks],
			   ILV_CHUNK_ORDER);
	free_pages((unsigned long)ilv_graph.bucket, ILV_CHUNK_ORDER);
	kfree(ilv_graph.path);
}

/* Did each choice that was made before lead to where it led before? */
static bool ilv_graph_agrees(void)
{
	unsigned int i;

	for (i = 0; i < ilv_graph.depth; i++) {
		const struct ilv_choice *c = &ilv_graph.path[i];
		u32 to = ILV_END | ilv_run.broken;

		if (i + 1 < ilv_graph.depth)
			to = c[1].node;
		if (c->node && ilv_node(c->node)->tried & BIT(c->chosen) &&
		    ilv_node(c->node)->to[c->chosen] != to)
			return false;
	}
	return true;
}

/*
 * Run a schedule that nothing has left its traces in: no interrupt, and none of
 * the rare things that kernel code does every so many times, like emptying a
 * CPU's share of a counter. What the state lacks shows each time.
 */
static void ilv_run_undisturbed(struct ilv_result *result)
{
	unsigned int tries = ILV_TRIES;
	u32 random = ilv_graph.random;
	u64 interrupts;

	do {
		interrupts = ilv_interrupts();
		if (interrupts != ilv_graph.interrupts)
			ilv_clean_deep();
		ilv_graph.interrupts = interrupts;
		ilv_graph.random = random;
		ilv_graph.depth = 0;
		ilv_graph.next = ILV_UNKNOWN;
		ilv_graph.fresh = false;
		ilv_run_schedule();
		result->runs++;
	} while (!ilv_run.error && --tries &&
		 (ilv_interrupts() != interrupts || !ilv_graph_agrees()));
}

static void ilv_cover_all(u64 limit, struct ilv_result *result)
{
	bool done;

	do {
		if (result->schedules == limit) {
			result->error = -ECANCELED;
			return;
		}
		ilv_rest();
		result->error = ilv_graph_grow();
		if (result->error)
			return;
		ilv_run_undisturbed(result);
		ilv_judge(result);
		ilv_graph.progress = false;
		if (!ilv_run.error)
			ilv_graph_enter();
		result->states = ilv_graph.nr - 1;
		done = !ilv_run.error && ilv_graph_done();
		if (!done && !ilv_graph.progress)
			ilv_error(-ELOOP);
		if (ilv_run.error) {
			result->error = ilv_run.error;
			ilv_witness_set(&result->last);
			return;
		}
	} while (!done);
	result->bound = ilv_graph.bound;
	result->complete = ilv_graph.bound == ILV_UNBOUNDED;
}

static void ilv_cover_once(const struct ilv_program *program,
			   unsigned int bound, u64 limit,
			   struct ilv_result *result)
{
	memset(result, 0, sizeof(*result));
	if (!program->digest) {
		result->error = -EINVAL;
		return;
	}
	result->error = ilv_graph_init(bound, result);
	if (!result->error)
		result->error = ilv_threads_start(program);
	if (!result->error) {
		ilv_run.choose = ilv_cover_choose;
		ilv_clean = true;
		ilv_cover_all(limit ?: U64_MAX, result);
		ilv_clean = false;
		ilv_threads_stop();
	}
	ilv_graph_exit();
}

/**
 * ilv_cover() - run a program through every state that it can reach
 * @program: the program; it must have a digest
 * @bound: how many times an actor that could go on is preempted, at most, or
 *	   %ILV_UNBOUNDED
 * @limit: stop after this many schedules; 0 for no limit
 * @result: as of ilv_explore(), but of the schedules that were run; those that
 *	    break a rule need not be the cheapest. The error is -ELOOP when the
 *	    states of the program go in circles
 *
 * Finds every rule that some schedule within the bound breaks, and every
 * outcome.
 */
void ilv_cover(const struct ilv_program *program, unsigned int bound,
	       u64 limit, struct ilv_result *result)
{
	u64 start = ktime_get_ns();
	unsigned int attempts = ILV_ATTEMPTS;

	if (!ILV_CAN_COVER) {
		memset(result, 0, sizeof(*result));
		result->error = -EOPNOTSUPP;
		return;
	}
	do {
		if (program->outcomes)
			memset(program->outcomes, 0, sizeof(*program->outcomes));
		ilv_cover_once(program, bound, limit, result);
	} while (result->error == -ESTALE && --attempts);
	result->ns = ktime_get_ns() - start;
}

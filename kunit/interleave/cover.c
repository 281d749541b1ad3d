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
 * That nothing was left out of the state is checked, but not proven. A state
 * decides what follows, so the same choice in the same state must lead to the
 * same state each time, however either was reached. Two kinds of samples of this
 * are taken. Each run that comes to a state that is known goes on to its
 * end through other states that are known, and all of them are compared: one
 * continuation of many. And of the states that two runs have come to by
 * different ways, ilv_pairs are chosen by lot when the graph is complete. From
 * these, each continuation is run twice, once behind either way: all of them if
 * there are up to ILV_PAIR_RUNS, else so many of them, chosen by lot. The first
 * state or end that is not what it was before ends the search with -ESTALE.
 * What shows in none of these samples is missed.
 *
 * Something may have disturbed the state that was seen first, or the one that is
 * seen now; so the run is repeated, and if that does not help, the whole search.
 * What is wrong with a state does not go away, as all choices are the same again.
 * A violation in a run that was repeated is not forgotten: see
 * ilv_judge_broken().
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
#define ILV_TRIES	10		/* to run a schedule undisturbed */
/* Runs that may be repeated in a search: so many, and one in so many. */
#define ILV_RETRIES	1000
#define ILV_RETRY_ONE_IN	20

#define ILV_PAIR_RUNS	256		/* from either of two that are in one state */

/* Where a choice leads to, if not to another one. */
#define ILV_UNKNOWN	0
#define ILV_END		0xffff0000	/* with the mask of broken rules */

/**
 * struct ilv_node - a state with a choice
 * @hash: of the state
 * @next: in the same bucket of the table
 * @from: the node that it was reached from first; 0 for the one that all start in
 * @enabled: mask of the actors that can run
 * @tried: mask of those that were let run
 * @open: mask of those that may lead to something new
 * @by: with @from, the choice that has led here first
 * @complete: none does: all were tried, and so on in all states that this leads to
 * @to: the node that each leads to
 * @all: schedules from here on, once it is complete
 * @violating: how many of them break a rule
 */
struct ilv_node {
	u64 hash;
	u32 next;
	u32 from;
	u8 enabled;
	u8 tried;
	u8 open;
	u8 by;
	bool complete;
	u32 to[ILV_MAX_ACTORS];
	struct ilv_count all;
	struct ilv_count violating;
};

/**
 * struct ilv_choice - a decision of the run
 * @hash: of the state; 0 if that is known by the choice that has led to it
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

/**
 * struct ilv_pair - a state that was reached in two ways
 * @node: the state
 * @len: choices made on the second way to it
 * @way: these choices; NULL if there was no room
 */
struct ilv_pair {
	u32 node;
	unsigned int len;
	u8 *way;
};

unsigned int ilv_pairs;

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
	struct ilv_pair *pair;	/* so many are wanted, and merges seen */
	unsigned int nr_pairs;
	u32 merges;
	u32 lot;		/* for the choice of pairs */
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

static u32 ilv_node_add(u64 hash, unsigned int enabled, u32 from, unsigned int by)
{
	u32 *head = ilv_bucket(hash);
	u32 n = ilv_graph.nr++;
	struct ilv_node *node = ilv_node(n);

	memset(node, 0, sizeof(*node));
	node->hash = hash;
	node->enabled = enabled;
	node->open = enabled;
	node->from = from;
	node->by = by;
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

/* Less than @n, by a lottery that is the same each time. */
static unsigned int ilv_lot(u32 *random, unsigned int n)
{
	/* From Numerical Recipes, like next_pseudo_random32() up to v6.12. */
	*random = *random * 1664525 + 1013904223;
	return (*random >> 16) % n;
}

/* One out of a mask. */
static int ilv_any_of(unsigned int mask)
{
	unsigned int skip;

	for (skip = ilv_lot(&ilv_graph.random, hweight32(mask)); skip; skip--)
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

/* Is there only one who may go on? */
static bool ilv_no_choice(unsigned int enabled, int current_actor)
{
	return is_power_of_2(enabled) ||
	       (current_actor != ILV_NOBODY &&
		ilv_run.preemptions == ilv_graph.bound);
}

static u64 ilv_choice_state(int current_actor)
{
	return ilv_state(ilv_graph.bound != ILV_UNBOUNDED, current_actor) ?: 1;
}

static int ilv_cover_choose(unsigned int enabled, int current_actor)
{
	struct ilv_choice *c;
	int next;

	next = current_actor != ILV_NOBODY ? current_actor : __ffs(enabled);
	if (ilv_no_choice(enabled, current_actor))
		return next;
	if (ilv_graph.depth == ILV_MAX_DECISIONS) {
		ilv_error(-E2BIG);
		return next;
	}

	c = &ilv_graph.path[ilv_graph.depth++];
	c->enabled = enabled;
	c->node = ilv_graph.next;
	c->hash = 0;
	if (!ilv_is_node(c->node)) {
		c->hash = ilv_choice_state(current_actor);
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

/*
 * The choice @from leads to @to; has it always? Up to the first choice that is
 * new, there is no telling (see @hash of &struct ilv_choice).
 */
static void ilv_edge(const struct ilv_choice *from, u32 to, bool told)
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
	ilv_graph.result->checked += told;
	if (*known != to && !(ilv_forget & ILV_FORGET_CHECKS))
		ilv_error(-ESTALE);
}

/* The run has come to a state that is known, by another way: one to compare? */
static void ilv_pair_note(unsigned int len)
{
	struct ilv_pair *pair;
	unsigned int i = ilv_graph.merges++;

	if (i >= ilv_graph.nr_pairs) {
		/* All that were seen so far are as likely to be among them. */
		i = ilv_lot(&ilv_graph.lot, ilv_graph.merges);
		if (i >= ilv_graph.nr_pairs)
			return;
	}
	pair = &ilv_graph.pair[i];
	kfree(pair->way);
	pair->node = ilv_graph.path[len].node;
	pair->len = len;
	pair->way = kmalloc(len, GFP_KERNEL);
	for (i = 0; pair->way && i < len; i++)
		pair->way[i] = ilv_graph.path[i].chosen;
}

/* Enter the run that has ended into the graph. */
static void ilv_graph_enter(void)
{
	const struct ilv_choice *last = NULL;
	unsigned int i;

	for (i = 0; i < ilv_graph.depth; i++) {
		struct ilv_choice *c = &ilv_graph.path[i];

		if (!c->node)	/* the same run may have entered it meanwhile */
			c->node = ilv_node_find(c->hash);
		if (!c->node)
			c->node = ilv_node_add(c->hash, c->enabled,
					       last ? last->node : 0,
					       last ? last->chosen : 0);
		else if (last && ilv_graph.nr_pairs &&
			 !(ilv_node(last->node)->tried & BIT(last->chosen)))
			ilv_pair_note(i);
		if (last)
			ilv_edge(last, c->node, c->hash);
		last = c;
	}
	if (last)
		ilv_edge(last, ILV_END | ilv_run.broken, true);
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
	ilv_graph.nr_pairs = ilv_pairs;
	ilv_graph.pair = kcalloc(ilv_pairs, sizeof(*ilv_graph.pair), GFP_KERNEL);
	ilv_graph.path = kcalloc(ILV_MAX_DECISIONS, sizeof(*ilv_graph.path),
				 GFP_KERNEL);
	ilv_graph.bucket = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO,
						    ILV_CHUNK_ORDER);
	return ilv_graph.pair && ilv_graph.path && ilv_graph.bucket ? 0 : -ENOMEM;
}

static void ilv_graph_exit(void)
{
	unsigned int i;

	for (i = 0; ilv_graph.pair && i < ilv_graph.nr_pairs; i++)
		kfree(ilv_graph.pair[i].way);
	kfree(ilv_graph.pair);
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

/* Run a schedule; true if no interrupt came upon it. */
static bool ilv_run_once(struct ilv_result *result)
{
	u64 interrupts = ilv_interrupts();

	if (interrupts != ilv_graph.interrupts)
		ilv_clean_deep();
	ilv_graph.interrupts = interrupts;
	ilv_graph.depth = 0;
	ilv_run_schedule();
	result->runs++;
	return ilv_interrupts() == interrupts;
}

/* May one more run be repeated? A search that is disturbed all the time ends. */
static bool ilv_may_retry(struct ilv_result *result, unsigned int *tries)
{
	if (ilv_run.error || !*tries ||
	    result->retried >= ILV_RETRIES + result->runs / ILV_RETRY_ONE_IN)
		return false;
	result->retried++;
	(*tries)--;
	return true;
}

/* Has the run just made broken a rule that was not seen broken for certain before? */
static bool ilv_is_news(const struct ilv_result *result)
{
	return ilv_run.broken & ~result->broken;
}

/*
 * Run a schedule that nothing has left its traces in: no interrupt, and none of
 * the rare things that kernel code does every so many times, like emptying a
 * CPU's share of a counter. What the state lacks shows each time. Runs in whose
 * place another one is made are judged, too. So is the first that breaks a rule:
 * should it not do so again, the graph must not have it.
 */
static void ilv_run_undisturbed(struct ilv_result *result)
{
	unsigned int tries = ILV_TRIES - 1;
	u32 random = ilv_graph.random;
	bool quiet, again;

	do {
		ilv_graph.random = random;
		ilv_graph.next = ILV_UNKNOWN;
		ilv_graph.fresh = false;
		quiet = ilv_run_once(result);
		again = !quiet || !ilv_graph_agrees() || ilv_is_news(result);
		if (again)
			again = ilv_may_retry(result, &tries);
		if (again)
			ilv_judge_broken(result);
	} while (again && !ilv_run.error);
}

/**
 * struct ilv_arrival - one of two ways to a state, and how the run went on
 * @path: the choices
 * @depth: how many were made in the run
 * @len: how many of them lead to the state
 * @given: how many were made beforehand
 * @astray: one of those was impossible
 * @broken: rules that were broken in the run
 * @digest: of the world at its end, if outcomes are collected
 */
struct ilv_arrival {
	struct ilv_choice *path;
	unsigned int depth;
	unsigned int len;
	unsigned int given;
	bool astray;
	u32 broken;
	u64 digest;
};

static struct {
	struct ilv_arrival way[2];
	struct ilv_arrival *now;
	bool whole;		/* all continuations, in order */
} ilv_both;

static int ilv_pair_choose(unsigned int enabled, int current_actor)
{
	struct ilv_arrival *a = ilv_both.now;
	struct ilv_choice *c = &a->path[a->depth];
	int next;

	next = current_actor != ILV_NOBODY ? current_actor : __ffs(enabled);
	if (ilv_no_choice(enabled, current_actor))
		return next;
	if (a->depth == ILV_MAX_DECISIONS) {
		ilv_error(-E2BIG);
		return next;
	}
	c->enabled = enabled;
	c->hash = a->depth < a->len ? 0 : ilv_choice_state(current_actor);
	if (a->depth++ >= a->given) {
		c->chosen = ilv_both.whole ? __ffs(enabled) : ilv_any_of(enabled);
	} else if (!(enabled & BIT(c->chosen))) {
		a->astray = true;
		return next;
	}
	return c->chosen;
}

static void ilv_arrival_run(struct ilv_arrival *a, struct ilv_result *result)
{
	unsigned int tries = ILV_TRIES - 1;
	u32 random = ilv_graph.random;

	ilv_both.now = a;
	for (;;) {
		ilv_graph.random = random;
		a->depth = 0;
		a->astray = false;
		if (ilv_run_once(result) || !ilv_may_retry(result, &tries))
			break;
		if (ilv_is_news(result))
			ilv_judge_broken(result);
	}
	a->broken = ilv_run.broken;
	a->digest = ilv_run.digest;
	if (ilv_is_news(result))
		ilv_judge_broken(result);
}

/* Did both go on alike, from the state that they have in common? */
static bool ilv_arrivals_agree(void)
{
	const struct ilv_arrival *a = &ilv_both.way[0], *b = &ilv_both.way[1];
	unsigned int i;

	if (a->astray || b->astray || a->broken != b->broken ||
	    a->digest != b->digest || a->depth - a->len != b->depth - b->len)
		return false;
	for (i = 0; i < a->depth - a->len; i++)
		if (a->path[a->len + i].enabled != b->path[b->len + i].enabled ||
		    a->path[a->len + i].hash != b->path[b->len + i].hash)
			return false;
	return true;
}

/* The same continuation behind either way. */
static void ilv_arrivals_compare(struct ilv_result *result)
{
	struct ilv_arrival *a = &ilv_both.way[0], *b = &ilv_both.way[1];
	unsigned int tries = ILV_TRIES - 1;
	u32 random = ilv_graph.random;
	unsigned int i;

	do {
		ilv_graph.random = random;
		ilv_arrival_run(a, result);
		if (ilv_run.error)
			return;
		ilv_witness_set(&result->differs);
		for (i = a->len; i < a->depth; i++)
			b->path[b->len + i - a->len].chosen = a->path[i].chosen;
		b->given = b->len + a->depth - a->len;
		ilv_arrival_run(b, result);
	} while (!ilv_run.error && !ilv_arrivals_agree() &&
		 ilv_may_retry(result, &tries));
	if (!ilv_run.error && !ilv_arrivals_agree() &&
	    !(ilv_forget & ILV_FORGET_CHECKS))
		ilv_error(-ESTALE);
}

/* Choose the next continuation in order; false after the last. */
static bool ilv_arrival_advance(struct ilv_arrival *a)
{
	while (a->depth-- > a->len) {
		struct ilv_choice *c = &a->path[a->depth];
		unsigned int left = c->enabled & ~GENMASK(c->chosen, 0);

		if (left) {
			c->chosen = __ffs(left);
			a->given = a->depth + 1;
			return true;
		}
	}
	return false;
}

/* The way that a state was reached by first. */
static void ilv_first_way(struct ilv_arrival *a, u32 n)
{
	unsigned int len = 0;
	u32 i;

	for (i = n; ilv_node(i)->from; i = ilv_node(i)->from)
		len++;
	a->len = len;
	a->given = len;
	for (i = n; len; i = ilv_node(i)->from)
		a->path[--len].chosen = ilv_node(i)->by;
}

static void ilv_pair_compare(const struct ilv_pair *pair,
			     struct ilv_result *result)
{
	struct ilv_arrival *a = &ilv_both.way[0], *b = &ilv_both.way[1];
	const struct ilv_node *node = ilv_node(pair->node);
	unsigned int i, left = ILV_PAIR_RUNS;
	bool more;

	ilv_first_way(a, pair->node);
	b->len = pair->len;
	for (i = 0; i < pair->len; i++)
		b->path[i].chosen = pair->way[i];
	ilv_both.whole = !node->all.exponent && node->all.digits <= ILV_PAIR_RUNS;
	do {
		ilv_rest();
		ilv_arrivals_compare(result);
		more = !ilv_both.whole || ilv_arrival_advance(a);
	} while (!ilv_run.error && more && --left);
	result->pairs++;
	result->whole_pairs += ilv_both.whole && !more;
}

/* Once the graph is complete, compare what follows on states reached in two ways. */
static int ilv_compare_pairs(struct ilv_result *result)
{
	unsigned int i, n = min(ilv_graph.merges, ilv_graph.nr_pairs);
	int ret = 0;

	if (!n)
		return 0;
	for (i = 0; i < 2; i++) {
		ilv_both.way[i].path = kcalloc(ILV_MAX_DECISIONS,
					       sizeof(struct ilv_choice),
					       GFP_KERNEL);
		if (!ilv_both.way[i].path)
			ret = -ENOMEM;
	}
	ilv_run.choose = ilv_pair_choose;
	for (i = 0; i < n && !ret; i++) {
		if (!ilv_graph.pair[i].way)
			continue;
		ilv_pair_compare(&ilv_graph.pair[i], result);
		ret = ilv_run.error;
	}
	if (ret)
		ilv_witness_set(&result->last);
	if (ret != -ESTALE)
		memset(&result->differs, 0, sizeof(result->differs));
	kfree(ilv_both.way[0].path);
	kfree(ilv_both.way[1].path);
	return ret;
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
	result->error = ilv_compare_pairs(result);
	if (result->error)
		return;
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
 * outcome; provided that the states lack nothing, of which samples are checked.
 */
void ilv_cover(const struct ilv_program *program, unsigned int bound,
	       u64 limit, struct ilv_result *result)
{
	struct ilv_result *earlier;
	u64 start = ktime_get_ns();
	unsigned int attempt;

	if (!ILV_CAN_COVER) {
		memset(result, 0, sizeof(*result));
		result->error = -EOPNOTSUPP;
		return;
	}
	earlier = kzalloc(sizeof(*earlier), GFP_KERNEL);
	if (!earlier) {
		memset(result, 0, sizeof(*result));
		result->error = -ENOMEM;
		return;
	}
	for (attempt = 0; attempt < ILV_ATTEMPTS; attempt++) {
		if (program->outcomes)
			memset(program->outcomes, 0, sizeof(*program->outcomes));
		ilv_cover_once(program, bound, limit, result);
		result->disturbed = attempt;
		ilv_keep_unstable(result, earlier);
		if (result->error != -ESTALE)
			break;
		*earlier = *result;
	}
	kfree(earlier);
	result->ns = ktime_get_ns() - start;
}

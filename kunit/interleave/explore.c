// SPDX-License-Identifier: GPL-2.0
/*
 * Every schedule within a bound on preemptions, and the replay of one.
 *
 * Stateless depth-first search: a schedule is the choices made at its
 * decisions. Each run repeats a prefix of the choices of the one before, takes
 * the next alternative where the prefix ends, and from there on lets whoever
 * runs go on. The bounds 0, 1, 2, ... are explored in turn, and at each bound
 * the schedules with fewer preemptions, which were run before, are not counted
 * again.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* Now and then the rest of the kernel wants the CPU: RCU, for one. */
#define ILV_REST_NS	(250 * NSEC_PER_MSEC)

static struct {
	unsigned int bound;
	unsigned int depth;	/* decisions made in this run */
	unsigned int prefix;	/* of which this many are given */
	struct ilv_decision *decision;
} ilv_search;

/*
 * The order in which alternatives are tried: the actor that can go on, then
 * the others by number. Returns ILV_NOBODY after the last.
 */
static int ilv_next_choice(unsigned int enabled, int current_actor, int last)
{
	unsigned int others = enabled;

	if (current_actor != ILV_NOBODY) {
		if (last == ILV_NOBODY)
			return current_actor;
		others &= ~BIT(current_actor);
		if (last == current_actor)
			last = ILV_NOBODY;
	}
	if (last != ILV_NOBODY)
		others &= ~GENMASK(last, 0);
	return others ? __ffs(others) : ILV_NOBODY;
}

static int ilv_search_choose(unsigned int enabled, int current_actor)
{
	struct ilv_decision *d;
	int next;

	/* Without an alternative there is nothing to decide. */
	if (is_power_of_2(enabled) ||
	    (current_actor != ILV_NOBODY &&
	     ilv_run.preemptions == ilv_search.bound))
		return ilv_next_choice(enabled, current_actor, ILV_NOBODY);

	d = &ilv_search.decision[ilv_search.depth];
	if (ilv_search.depth < ilv_search.prefix) {
		ilv_search.depth++;
		if (d->enabled == enabled && d->current_actor == current_actor &&
		    d->preemptions == ilv_run.preemptions &&
		    d->points == ilv_run.points)
			return d->chosen;
		ilv_error(-ESTALE);
		return ilv_next_choice(enabled, current_actor, ILV_NOBODY);
	}

	next = ilv_next_choice(enabled, current_actor, ILV_NOBODY);
	if (ilv_search.depth == ILV_MAX_DECISIONS) {
		ilv_error(-E2BIG);
		return next;
	}
	d->enabled = enabled;
	d->current_actor = current_actor;
	d->preemptions = ilv_run.preemptions;
	d->points = ilv_run.points;
	d->chosen = next;
	ilv_search.depth++;
	return next;
}

/* Set the prefix for the next run; false when there is none left. */
static bool ilv_search_advance(void)
{
	while (ilv_search.depth) {
		struct ilv_decision *d = &ilv_search.decision[--ilv_search.depth];
		int next = ilv_next_choice(d->enabled, d->current_actor,
					   d->chosen);

		if (next != ILV_NOBODY) {
			d->chosen = next;
			ilv_search.prefix = ilv_search.depth + 1;
			return true;
		}
	}
	return false;
}

/* Of two that cost the same the first by its text: the order of runs is no matter. */
static bool ilv_cheaper(const struct ilv_witness *w)
{
	unsigned int switches = ilv_run.nr_segments - 1;
	char schedule[ILV_SCHEDULE_LEN];

	if (!*w->schedule)
		return true;
	if (ilv_run.preemptions != w->preemptions)
		return ilv_run.preemptions < w->preemptions;
	if (switches != w->switches)
		return switches < w->switches;
	if (ilv_run.points != w->points)
		return ilv_run.points < w->points;
	ilv_schedule_print(&ilv_run, schedule, sizeof(schedule));
	return strcmp(schedule, w->schedule) < 0;
}

/* Describe the schedule that was just run. */
void ilv_witness_set(struct ilv_witness *w)
{
	w->preemptions = ilv_run.preemptions;
	w->switches = ilv_run.nr_segments ? ilv_run.nr_segments - 1 : 0;
	w->points = ilv_run.points;
	ilv_schedule_print(&ilv_run, w->schedule, sizeof(w->schedule));
}

/* Add the schedule that was just run to the result. */
void ilv_judge(struct ilv_result *result)
{
	unsigned long broken = ilv_run.broken;
	unsigned long near_misses = ilv_run.near_misses & ~ilv_run.broken;
	unsigned int rule;

	result->points = max(result->points, ilv_run.points);
	result->atomic = max(result->atomic, ilv_run.atomic);
	result->schedules++;
	for_each_set_bit(rule, &near_misses, ILV_MAX_RULES)
		result->near_misses[rule]++;
	if (ilv_run.program->outcomes)
		ilv_outcome(ilv_run.program->outcomes);
	if (!broken)
		return;

	if (!result->violating++)
		result->first = result->schedules;
	result->broken |= broken;
	for_each_set_bit(rule, &broken, ILV_MAX_RULES) {
		struct ilv_witness *w = &result->witness[rule];

		result->count[rule]++;
		if (ilv_cheaper(w))
			ilv_witness_set(w);
	}
}

/* Let the rest of the kernel have the CPU if it is due. */
void ilv_rest(void)
{
	static u64 next;

	if (ktime_get_ns() > next) {
		schedule_timeout_uninterruptible(1);
		next = ktime_get_ns() + ILV_REST_NS;
	}
}

static void ilv_explore_bound(unsigned int bound, u64 limit,
			      struct ilv_result *result)
{
	u64 before = result->schedules;

	ilv_search.bound = bound;
	ilv_search.prefix = 0;
	do {
		if (result->schedules == limit) {
			result->error = -ECANCELED;
			return;
		}
		ilv_shares_pause();
		ilv_rest();
		ilv_search.depth = 0;
		ilv_shares_next();
		ilv_run_schedule();
		if (ilv_search.depth < ilv_search.prefix)
			ilv_error(-ESTALE);
		result->runs++;
		if (ilv_run.preemptions == bound || ilv_run.error)
			ilv_judge(result);
		if (ilv_run.error) {
			result->error = ilv_run.error;
			ilv_witness_set(&result->last);
			return;
		}
	} while (ilv_search_advance());
	result->bound = bound;
	/* One more preemption needs a schedule with one less to start from. */
	result->complete = result->schedules == before;
}

static void ilv_explore_once(const struct ilv_program *program,
			     unsigned int bound, u64 limit,
			     struct ilv_result *result)
{
	u64 start = ktime_get_ns();
	unsigned int b;

	memset(result, 0, sizeof(*result));
	if (program->outcomes)
		memset(program->outcomes, 0, sizeof(*program->outcomes));
	result->error = ilv_threads_start(program);
	if (!result->error) {
		ilv_run.choose = ilv_search_choose;
		ilv_shares_start();
		for (b = 0; b <= bound && !result->error && !result->complete; b++)
			ilv_explore_bound(b, limit ?: U64_MAX, result);
		ilv_shares_end(result->percent);
		ilv_threads_stop();
	}
	result->ns = ktime_get_ns() - start;
}

/*
 * What is broken when its witness is run again was broken by the actors. The sum of
 * a counter's parts, say, is off for a moment while another CPU folds its own.
 */
static int ilv_does_not_come_again(const struct ilv_program *program,
				   struct ilv_result *result,
				   struct ilv_result *again)
{
	unsigned long broken = result->broken;
	unsigned int rule;
	int ret;

	for_each_set_bit(rule, &broken, ILV_MAX_RULES) {
		ilv_replay(program, result->witness[rule].schedule, NULL, NULL,
			   again);
		ret = again->error;
		if (ret == -ENOENT || (!ret && !(again->broken & BIT(rule))))
			ret = -ESTALE;
		if (ret) {
			result->last = result->witness[rule];
			return ret;
		}
	}
	return 0;
}

/**
 * ilv_explore() - run a program through every schedule within a bound
 * @program: the program
 * @bound: how many times an actor that could go on is preempted, at most
 * @limit: stop after this many schedules; 0 for no limit
 * @result: what was found; result->error tells whether it is all there is
 *
 * On a busy machine an exploration may be disturbed, and begins anew then. What is
 * never the same twice is an error in the end: -ESTALE.
 */
void ilv_explore(const struct ilv_program *program, unsigned int bound,
		 u64 limit, struct ilv_result *result)
{
	struct ilv_result *again = kzalloc(sizeof(*again), GFP_KERNEL);
	unsigned int attempt;

	ilv_search.decision = kcalloc(ILV_MAX_DECISIONS,
				      sizeof(*ilv_search.decision), GFP_KERNEL);
	if (!again || !ilv_search.decision) {
		memset(result, 0, sizeof(*result));
		result->error = -ENOMEM;
		goto out;
	}
	for (attempt = 0; attempt < ILV_ATTEMPTS; attempt++) {
		ilv_explore_once(program, bound, limit, result);
		result->disturbed = attempt;
		if (!result->error)
			result->error = ilv_does_not_come_again(program, result,
								again);
		if (result->error != -ESTALE)
			break;
	}
out:
	kfree(ilv_search.decision);
	kfree(again);
}

static struct {
	struct ilv_segment segment[ILV_MAX_SEGMENTS];
	unsigned int nr;
	unsigned int next;	/* the segment that starts next */
} ilv_script;

static int ilv_replay_choose(unsigned int enabled, int current_actor)
{
	const struct ilv_segment *s;

	if (current_actor != ILV_NOBODY) {
		const struct ilv_segment *now =
			&ilv_run.segment[ilv_run.nr_segments - 1];

		/* Past the end of the script, or not yet at the preemption? */
		if (!ilv_script.next || ilv_script.next > ilv_script.nr)
			return current_actor;
		s = &ilv_script.segment[ilv_script.next - 1];
		if (!s->preempted || now->steps < s->steps)
			return current_actor;
		enabled &= ~BIT(current_actor);
	} else if (ilv_script.next && ilv_script.next <= ilv_script.nr &&
		   ilv_script.segment[ilv_script.next - 1].preempted) {
		/* It was to be preempted, and slept or ended before that. */
		return ILV_NOBODY;
	}

	if (ilv_script.next >= ilv_script.nr) {
		ilv_script.next = ilv_script.nr + 1;
		return enabled ? __ffs(enabled) : ILV_NOBODY;
	}
	s = &ilv_script.segment[ilv_script.next];
	if (!(enabled & BIT(s->actor)))
		return ILV_NOBODY;
	ilv_script.next++;
	return s->actor;
}

/* Did the run end before all of the script had come true? */
static int ilv_replay_left(void)
{
	if (ilv_script.next > ilv_script.nr)
		return 0;
	if (ilv_script.next < ilv_script.nr ||
	    ilv_script.segment[ilv_script.nr - 1].preempted)
		return -ENOENT;
	return 0;
}

/**
 * ilv_replay() - run one given schedule and tell what happens in it
 * @program: the program
 * @schedule: the schedule string
 * @line: called for each line of the trace, without a newline; may be NULL
 * @data: passed to @line
 * @result: as of ilv_explore(); result->error is -EINVAL for a string that is
 *	    no schedule of this program, and -ENOENT for one that wants an actor
 *	    to run that sleeps or has ended
 */
void ilv_replay(const struct ilv_program *program, const char *schedule,
		void (*line)(void *data, const char *text), void *data,
		struct ilv_result *result)
{
	u64 start = ktime_get_ns();
	int ret;

	memset(result, 0, sizeof(*result));
	ret = ilv_schedule_parse(program, schedule, ilv_script.segment,
				 ILV_MAX_SEGMENTS);
	if (ret < 0)
		goto out;
	ilv_script.nr = ret;
	ilv_script.next = 0;

	ret = line ? ilv_trace_start() : 0;
	if (ret)
		goto out;
	ret = ilv_threads_start(program);
	if (!ret) {
		ilv_run.choose = ilv_replay_choose;
		ilv_run_schedule();
		ret = ilv_run.error ?: ilv_replay_left();
		result->runs = 1;
		ilv_witness_set(&result->last);
		ilv_judge(result);
		if (line)
			ilv_trace_print(program, line, data);
		ilv_threads_stop();
	}
	if (line)
		ilv_trace_stop();
out:
	result->error = ret;
	result->ns = ktime_get_ns() - start;
}

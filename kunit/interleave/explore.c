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
/* And somebody may want to know that it is not stuck. */
#define ILV_WORD_NS	(5 * NSEC_PER_SEC)

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
static bool ilv_cheaper(const struct ilv_witness *a, const struct ilv_witness *b)
{
	if (!*b->schedule)
		return true;
	if (a->preemptions != b->preemptions)
		return a->preemptions < b->preemptions;
	if (a->switches != b->switches)
		return a->switches < b->switches;
	if (a->points != b->points)
		return a->points < b->points;
	return strcmp(a->schedule, b->schedule) < 0;
}

/* Describe the schedule that was just run. */
void ilv_witness_set(struct ilv_witness *w)
{
	w->preemptions = ilv_run.preemptions;
	w->switches = ilv_run.nr_segments ? ilv_run.nr_segments - 1 : 0;
	w->points = ilv_run.points;
	ilv_schedule_print(&ilv_run, w->schedule, sizeof(w->schedule));
}

static struct {
	struct ilv_segment segment[ILV_MAX_SEGMENTS];
	unsigned int nr;
	unsigned int next;	/* the segment that starts next */
} ilv_script;

static int ilv_replay_choose(unsigned int enabled, int current_actor);

/* Can another schedule be run after this one? */
static bool ilv_goes_on(int error)
{
	return error != -EDEADLK && error != -EUCLEAN;
}

/* Note rules that a schedule broke, and perhaps does not break again. */
static void ilv_note_unstable(u32 rules, const struct ilv_witness *w,
			      struct ilv_result *result)
{
	unsigned long fresh = rules & ~result->broken & ~result->unstable;
	unsigned int rule;

	for_each_set_bit(rule, &fresh, ILV_MAX_RULES) {
		result->unstable_in[rule] = *w;
		if (ilv_run.program->found)
			ilv_run.program->found(ilv_run.program->world, rule,
					       w->schedule, false);
	}
	result->unstable |= fresh;
}

static int ilv_replay_left(void);

/*
 * Run the schedule that was just run again, until it has broken all of @rules, but
 * not too often. Returns those that it has broken. Leaves ilv_run as it is, unless
 * the world comes to its end. A repetition that goes another way tells nothing of
 * @rules; whatever else it breaks is noted.
 */
static u32 ilv_repeat(u32 rules, struct ilv_result *result)
{
	static struct ilv_run before;
	unsigned int tries = ILV_ATTEMPTS;
	struct ilv_witness w;
	u32 again = 0;

	ilv_shares_pause();
	before = ilv_run;
	ilv_script.nr = ilv_run.nr_segments;
	memcpy(ilv_script.segment, ilv_run.segment, sizeof(ilv_script.segment));
	ilv_run.choose = ilv_replay_choose;
	while (tries-- && rules & ~again) {
		ilv_script.next = 0;
		ilv_run_schedule();
		result->runs++;
		if (!ilv_goes_on(ilv_run.error) ||
		    (!ilv_run.error && !ilv_replay_left()))
			again |= ilv_run.broken & rules;
		if (ilv_run.broken & ~again) {
			ilv_witness_set(&w);
			ilv_note_unstable(ilv_run.broken & ~again, &w, result);
		}
		if (!ilv_goes_on(ilv_run.error)) {
			before.error = ilv_run.error;
			break;
		}
		result->retried += !!(rules & ~again);
	}
	before.number = ilv_run.number;
	ilv_run = before;
	return again;
}

/**
 * ilv_judge_broken() - add the rules that the schedule just run has broken
 * @result: to this
 *
 * A rule is broken for certain if the schedule breaks it again when it is repeated:
 * then the actors did it. Else something from outside may have had a part in it. That
 * can't be told from here, so the violation is noted as unstable, and not dropped.
 */
void ilv_judge_broken(struct ilv_result *result)
{
	unsigned long broken = ilv_run.broken;
	u32 doubtful = 0, again;
	struct ilv_witness w;
	unsigned int rule;

	if (!broken)
		return;
	ilv_witness_set(&w);
	for_each_set_bit(rule, &broken, ILV_MAX_RULES)
		if (ilv_cheaper(&w, &result->witness[rule]))
			doubtful |= BIT(rule);
	again = doubtful;
	if (doubtful && ilv_goes_on(ilv_run.error)) {
		again = ilv_repeat(doubtful, result);
		ilv_note_unstable(doubtful & ~again, &w, result);
	}

	for_each_set_bit(rule, &broken, ILV_MAX_RULES) {
		bool cheaper = doubtful & BIT(rule);

		if (cheaper && !(again & BIT(rule))) {
			broken &= ~BIT(rule);
			continue;
		}
		result->count[rule]++;
		if (!cheaper)
			continue;
		result->witness[rule] = w;
		if (!(result->broken & BIT(rule)) && ilv_run.program->found)
			ilv_run.program->found(ilv_run.program->world, rule,
					       w.schedule, true);
		result->broken |= BIT(rule);
	}
	if (broken && !result->violating++)
		result->first = result->schedules;
}

/* Add the schedule that was just run to the result. */
void ilv_judge(struct ilv_result *result)
{
	unsigned long near_misses = ilv_run.near_misses & ~ilv_run.broken;
	unsigned int rule;

	result->points = max(result->points, ilv_run.points);
	result->atomic = max(result->atomic, ilv_run.atomic);
	result->schedules++;
	for_each_set_bit(rule, &near_misses, ILV_MAX_RULES)
		result->near_misses[rule]++;
	if (ilv_run.program->outcomes)
		ilv_outcome(ilv_run.program->outcomes);
	ilv_judge_broken(result);
}

/* Let the rest of the kernel have the CPU if it is due, and say that all is well. */
void ilv_rest(void)
{
	static u64 next, next_word;
	u64 now = ktime_get_ns();

	if (now > next_word) {
		if (next_word)
			pr_info("interleave: alive, in %s, run %lu\n",
				ilv_run.program->name, ilv_run.number);
		next_word = now + ILV_WORD_NS;
	}
	if (now > next) {
		schedule_timeout_uninterruptible(1);
		next = ktime_get_ns() + ILV_REST_NS;
	}
}

/*
 * Run the schedule that is next. Where it does not follow its prefix, something from
 * outside had a part in it. It is run again then; what it broke counts. Returns whether
 * the last run still has to be judged.
 */
static bool ilv_search_run(struct ilv_result *result)
{
	unsigned int tries = ILV_ATTEMPTS;

	for (;;) {
		ilv_search.depth = 0;
		ilv_run_schedule();
		if (ilv_search.depth < ilv_search.prefix)
			ilv_error(-ESTALE);
		result->runs++;
		if (ilv_run.error != -ESTALE || !--tries)
			return true;
		result->retried++;
		ilv_judge_broken(result);
		if (!ilv_goes_on(ilv_run.error))
			return false;
	}
}

static void ilv_explore_bound(unsigned int bound, u64 limit,
			      struct ilv_result *result)
{
	u64 before = result->schedules;
	bool judge;

	ilv_search.bound = bound;
	ilv_search.prefix = 0;
	do {
		if (result->schedules == limit) {
			result->error = -ECANCELED;
			return;
		}
		ilv_shares_pause();
		ilv_rest();
		ilv_shares_next();
		judge = ilv_search_run(result);
		/* Schedules of lower bounds are run again and not counted again. */
		if (judge && (ilv_run.preemptions == bound || ilv_run.error))
			ilv_judge(result);
		else if (judge && ilv_run.broken & ~result->broken)
			ilv_judge_broken(result);
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

/**
 * ilv_keep_unstable() - add the rules that only an earlier exploration saw broken
 * @result: of a program; they are unstable there
 * @earlier: of the same program, and perhaps disturbed in the end
 */
void ilv_keep_unstable(struct ilv_result *result,
		       const struct ilv_result *earlier)
{
	unsigned long broken = earlier->broken | earlier->unstable;
	unsigned int rule;

	for_each_set_bit(rule, &broken, ILV_MAX_RULES)
		if (!(result->unstable & BIT(rule)))
			result->unstable_in[rule] = earlier->unstable & BIT(rule) ?
						    earlier->unstable_in[rule] :
						    earlier->witness[rule];
	result->unstable |= broken;
	result->unstable &= ~result->broken;
	result->retried += earlier->retried;
}

/**
 * ilv_explore() - run a program through every schedule within a bound
 * @program: the program
 * @bound: how many times an actor that could go on is preempted, at most
 * @limit: stop after this many schedules; 0 for no limit
 * @result: what was found; result->error tells whether it is all there is
 *
 * On a busy machine a schedule may be disturbed, and is run again then; if that does
 * not help, all begins anew. What is never the same twice is an error in the end:
 * -ESTALE.
 */
void ilv_explore(const struct ilv_program *program, unsigned int bound,
		 u64 limit, struct ilv_result *result)
{
	struct ilv_result *earlier = kzalloc(sizeof(*earlier), GFP_KERNEL);
	unsigned int attempt;

	ilv_search.decision = kcalloc(ILV_MAX_DECISIONS,
				      sizeof(*ilv_search.decision), GFP_KERNEL);
	if (!earlier || !ilv_search.decision) {
		memset(result, 0, sizeof(*result));
		result->error = -ENOMEM;
		goto out;
	}
	for (attempt = 0; attempt < ILV_ATTEMPTS; attempt++) {
		ilv_explore_once(program, bound, limit, result);
		result->disturbed = attempt;
		ilv_keep_unstable(result, earlier);
		if (result->error != -ESTALE)
			break;
		*earlier = *result;
	}
out:
	kfree(ilv_search.decision);
	kfree(earlier);
}

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

/* The result of one schedule, which speaks for itself. */
static void ilv_judge_once(struct ilv_result *result)
{
	unsigned long broken = ilv_run.broken;
	unsigned int rule;

	result->runs = 1;
	result->schedules = 1;
	result->points = ilv_run.points;
	result->atomic = ilv_run.atomic;
	result->violating = !!broken;
	result->broken = broken;
	ilv_witness_set(&result->last);
	for_each_set_bit(rule, &broken, ILV_MAX_RULES)
		result->witness[rule] = result->last;
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
		ilv_judge_once(result);
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

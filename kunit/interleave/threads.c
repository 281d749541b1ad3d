// SPDX-License-Identifier: GPL-2.0
/*
 * One schedule: threads that pass a token.
 *
 * The thread that holds the token runs; the others sleep in ilv_park(). The
 * decision who runs next is taken in the context of the actor that is at a
 * point, and costs a context switch only if it picks somebody else.
 *
 * An actor that falls asleep inside the operation gives the token up without
 * knowing (the sched_switch tracepoint tells). The explorer's own thread has a
 * lower priority than the actors', so it gets the CPU exactly when none of
 * them can run, and then passes the token on. An actor that somebody woke runs
 * on to its next point, and there waits for the token like the others.
 *
 * Everything here happens on one CPU. The fields of struct ilv_run are written
 * by the thread that holds the token, by the explorer when nobody does, and by
 * the tracepoints' probes when one of these sleeps or wakes another: no two at
 * once. Actors are to be woken by actors and by the program's callbacks. A wakeup
 * from elsewhere while some actor can run is an error.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <trace/events/sched.h>

#include "points.h"

/* How long a sleeper that no actor can wake may take, in clock ticks: half a second. */
#define ILV_PATIENCE	(HZ / 2)

/*
 * Wakeups meant for a sleep inside the operation must not end the wait for the
 * token: park in a state that only ilv_pass() wakes.
 */
#define ILV_PARKED	TASK_PARKED

struct ilv_run ilv_run = { .token = ILV_NOBODY };

/* Also called on other CPUs, while the threads are ended: see ilv_threads_stop(). */
static struct ilv_thread *ilv_thread_of(const struct task_struct *task)
{
	int token = READ_ONCE(ilv_run.token);
	struct ilv_thread *t;
	unsigned int i;

	/* Nearly always the one that is asked for. */
	t = token != ILV_NOBODY ? READ_ONCE(ilv_run.thread[token]) : NULL;
	if (t && t->task == task)
		return t;
	for (i = 0; i < ILV_MAX_ACTORS; i++) {
		t = READ_ONCE(ilv_run.thread[i]);
		if (t && t->task == task)
			return t;
	}
	return NULL;
}

/* Wait for the token, and leave the task in the state it was in. */
static void ilv_park(struct ilv_thread *t)
{
	long state = compat_task_state(current);

	t->woken = false;
	t->parked = true;
	for (;;) {
		/*
		 * A parked actor that was about to sleep can be woken by
		 * whom it was going to wait for, or by a signal. It must not
		 * miss that.
		 */
		if (signal_pending_state(state, current))
			t->woken = true;
		compat_set_current_state(ILV_PARKED | (t->woken ? 0 : state));
		if (READ_ONCE(ilv_run.token) == t->self || READ_ONCE(t->exit))
			break;
		t->late = 0;
		schedule();
	}
	t->late = 0;
	t->parked = false;
	__set_current_state(t->woken ? TASK_RUNNING : state);
	t->woken = false;
}

/*
 * Where the stack of the caller of the calling function ends, with its
 * registers: those that a function must preserve are saved there by now.
 */
#define ilv_frame()							\
({									\
	__builtin_unwind_init();					\
	(const unsigned long *)__builtin_frame_address(0) - ILV_REGS_BELOW;	\
})

/* The first error of a run is the one that counts. */
void ilv_error(int error)
{
	if (!ilv_run.error)
		ilv_run.error = error;
}

/*
 * Is some other actor on its way to its next point, without the token? It was
 * woken, and may wake, and be seen by, whoever is chosen meanwhile.
 */
static bool ilv_others_awake(void)
{
	unsigned int i;

	for (i = 0; i < ilv_run.program->nr_actors; i++) {
		const struct ilv_thread *t = ilv_run.thread[i];

		if (t->task != current && !t->parked && !t->asleep && !t->done)
			return true;
	}
	return false;
}

/* Hand the token to @next, which starts a segment of the schedule. */
static void ilv_pass(int next)
{
	struct ilv_thread *t = ilv_run.thread[next];
	struct ilv_segment *s;

	if (ilv_run.nr_segments == ILV_MAX_SEGMENTS) {
		ilv_error(-E2BIG);
		s = &ilv_run.segment[ILV_MAX_SEGMENTS - 1];
	} else {
		s = &ilv_run.segment[ilv_run.nr_segments++];
	}
	s->actor = next;
	s->steps = 0;
	s->preempted = false;

	if (unlikely(ilv_tracing))
		ilv_trace_event(ILV_EV_RUN, next, 0);
	WRITE_ONCE(ilv_run.token, next);
	if (t->parked)
		wake_up_state(t->task, ILV_PARKED);
}

/* Returns the number of the point in the actor's turn. */
static unsigned int ilv_count_step(void)
{
	ilv_run.points++;
	if (!ilv_run.nr_segments)
		return ilv_run.points;
	return ++ilv_run.segment[ilv_run.nr_segments - 1].steps;
}

/* The actor @self is at a point and could go on: let it, or preempt it. */
static void ilv_pass_on(int self)
{
	int next = ilv_run.choose(ilv_run.enabled, self);

	if (next == ILV_NOBODY) {
		ilv_error(-ENOENT);
		next = self;
	}
	if (next != self) {
		ilv_run.segment[ilv_run.nr_segments - 1].preempted = true;
		ilv_run.preemptions++;
		ilv_pass(next);
		return;
	}
	WRITE_ONCE(ilv_run.token, self);
	if (ilv_run.thread[self]->task != current)
		wake_up_state(ilv_run.thread[self]->task, ILV_PARKED);
}

/*
 * Nobody holds the token: give it to one of those that can run, if any. To be
 * called when no actor is on its way to a point.
 */
static bool ilv_pass_to_any(void)
{
	unsigned int enabled = ilv_run.enabled;
	int next = ilv_run.settling;

	if (!enabled)
		return false;
	ilv_run.settling = ILV_NOBODY;
	if (next != ILV_NOBODY) {
		ilv_pass_on(next);
		return true;
	}
	next = ilv_run.choose(enabled, ILV_NOBODY);
	if (next == ILV_NOBODY) {
		/* An impossible order was asked for; finish in any order. */
		ilv_error(-ENOENT);
		next = __ffs(enabled);
	}
	ilv_pass(next);
	return true;
}

/*
 * A point in the run of @t: who goes on? Actors that were woken come to their
 * next points first, so that the choice is made when each of them is at a point,
 * asleep or done. The last of them to come to a point makes it; if that one falls
 * asleep, the explorer's thread does, which has the CPU then.
 */
static void ilv_decide(struct ilv_thread *t)
{
	int token = READ_ONCE(ilv_run.token);

	if (ilv_others_awake()) {
		if (token == t->self) {
			ilv_run.settling = t->self;
			WRITE_ONCE(ilv_run.token, ILV_NOBODY);
		}
	} else if (token == ILV_NOBODY) {
		ilv_pass_to_any();
	} else if (token == t->self) {
		ilv_pass_on(t->self);
	}
	if (READ_ONCE(ilv_run.token) != t->self)
		ilv_park(t);
}

/* Is there something on this side of it that others may have to see? */
static bool ilv_is_point(int range, u32 self)
{
	if (range == ILV_AFTER_ATOMIC)
		return ilv_run.left_atomic & self;
	if (range == ILV_BEFORE_LOCK)
		return (ilv_run.left_atomic | ilv_run.touched) & self;
	return true;
}

/**
 * ilv_point() - an instrumented access of some thread, about to happen
 * @range: index of the watched range, %ILV_AT_SLEEP, %ILV_AFTER_ATOMIC or
 *	   %ILV_BEFORE_LOCK
 * @offset: offset within the range, in bytes
 * @size: size of the access, in bytes
 * @type: mask of enum ilv_access_type
 * @ip: address in the function that makes it
 * @frame: where that function's part of the stack ends
 *
 * Only what an actor does as a task counts: an interrupt on top of it, or
 * another thread of the kernel, is none of the schedule's business.
 */
void ilv_point(int range, unsigned int offset, unsigned int size,
	       unsigned int type, unsigned long ip, const void *frame)
{
	const struct ilv_program *program = ilv_run.program;
	unsigned int point = 0;
	struct ilv_thread *t;

	if (!in_task() || ilv_run.in_callback)
		return;
	t = ilv_thread_of(current);
	if (!t)
		return;

	ilv_turn(ILV_IN_EXPLORER);
	if (unlikely(t->asleep)) {
		/* Woken by another CPU before it was seen to sleep. */
		t->asleep = false;
		ilv_run.enabled |= BIT(t->self);
		ilv_error(-ESTALE);
	}
	if (!ilv_may_switch()) {
		if (range >= 0) {
			ilv_run.left_atomic |= BIT(t->self);
			ilv_run.atomic++;
		}
	} else if (ilv_is_point(range, BIT(t->self))) {
		ilv_run.left_atomic &= ~BIT(t->self);
		if (range >= 0 || range == ILV_AT_SLEEP)
			ilv_run.touched |= BIT(t->self);
		else
			ilv_run.touched &= ~BIT(t->self);
		t->sp = ilv_frame();
		t->frame = frame;
		t->state = compat_task_state(current);
		t->late = 0;
		ilv_decide(t);
		point = ilv_count_step();
	}

	if (range >= 0 && program->access) {
		struct ilv_access access = {
			.actor	= t->self,
			.range	= range,
			.offset	= offset,
			.size	= size,
			.type	= type,
			.ip	= ip,
		};

		/* It may itself be instrumented code, or call it. */
		ilv_run.in_callback = true;
		ilv_turn(ILV_IN_RULES);
		program->access(program->world, &access);
		ilv_turn(ILV_IN_EXPLORER);
		ilv_run.in_callback = false;
	}
	if (unlikely(ilv_tracing) && (point || range >= 0)) {
		struct ilv_place place = {
			.range	= range,
			.offset	= offset,
			.size	= size,
			.type	= type,
			.point	= point,
			.depth	= (const void *)t->top - frame,
			.ip	= ip,
		};

		ilv_trace_access(t->self, &place);
	}
	ilv_turn(ILV_IN_ACTORS);
	/* The last thing to be done, when this function's own part is gone. */
	if (unlikely(ilv_clean))
		ilv_clean_stack();
}

static void ilv_fell_asleep(struct ilv_thread *t)
{
	t->asleep = true;
	ilv_run.enabled &= ~BIT(t->self);
	t->sleeps++;
	if (ilv_run.token == t->self)
		WRITE_ONCE(ilv_run.token, ILV_NOBODY);
	if (unlikely(ilv_tracing))
		ilv_trace_event(ILV_EV_SLEEP, t->self, 0);
}

/* Both probes run with scheduler locks held: they may only take notes. */
static void ilv_probe_switch(void *data, COMPAT_SCHED_SWITCH_ARGS(prev, next))
{
	struct ilv_thread *t;

	if (!READ_ONCE(ilv_run.live))
		return;
	if (unlikely(ilv_shares.on)) {
		t = ilv_thread_of(next);
		ilv_turn(t && !t->parked ? ILV_IN_ACTORS : ILV_IN_EXPLORER);
	}
	if (preempt || !compat_task_state(prev))
		return;
	t = ilv_thread_of(prev);
	if (!t || t->parked)
		return;
	t->sp = ilv_frame();
	t->frame = t->sp + ILV_SAVED_REGS;
	ilv_fell_asleep(t);
}

/*
 * Threads of the kernel and interrupts may wake an actor when none can run. At any
 * other time their wakeup comes at a moment that no schedule decides.
 */
static void ilv_check_waker(const struct ilv_thread *waker)
{
	if (!waker && current != ilv_run.explorer &&
	    (ilv_run.token != ILV_NOBODY || ilv_run.settling != ILV_NOBODY))
		ilv_error(-ESTALE);
}

static void ilv_probe_waking(void *data, struct task_struct *task)
{
	struct ilv_thread *t, *waker;

	if (!READ_ONCE(ilv_run.live))
		return;
	t = ilv_thread_of(task);
	if (!t)
		return;
	waker = in_task() ? ilv_thread_of(current) : NULL;
	if (t->parked) {
		/* The token's own wakeup, or one that finds it awake? */
		if (compat_task_state(task) == ILV_PARKED ||
		    READ_ONCE(ilv_run.token) == t->self)
			return;
		ilv_check_waker(waker);
		t->woken = true;
		t->late = ++ilv_run.wakes;
	} else if (t->asleep) {
		ilv_check_waker(waker);
		t->asleep = false;
		t->late = ++ilv_run.wakes;
		ilv_run.enabled |= BIT(t->self);
	} else {
		return;
	}
	if (ilv_run.program->woken)
		ilv_run.program->woken(ilv_run.program->world,
				       waker ? waker->self : ILV_NOBODY, t->self);
	if (unlikely(ilv_tracing))
		ilv_trace_event(ILV_EV_WAKE, waker ? waker->self : ILV_NOBODY,
				t->self);
}

/*
 * Once and for all: each time, the kernel's code is patched, and emulators were
 * seen that go on with the old code on another CPU.
 */
static bool ilv_probed;

static int __init ilv_probe(void)
{
	int ret = register_trace_sched_switch(ilv_probe_switch, NULL);

	if (!ret)
		ret = register_trace_sched_waking(ilv_probe_waking, NULL);
	ilv_probed = !ret;
	return ret;
}
late_initcall(ilv_probe);

static int ilv_thread_main(void *data)
{
	struct ilv_thread *t = data;
	const struct ilv_program *program = ilv_run.program;

	t->top = __builtin_frame_address(0);
	for (;;) {
		ilv_park(t);
		if (t->exit)
			break;
		ilv_turn(ILV_IN_ACTORS);
		if (unlikely(ilv_clean))
			ilv_clean_stack();
		program->actors[t->self].run(program->world, t->self);
		ilv_turn(ILV_IN_EXPLORER);
		if (t->lost)
			break;
		t->done = true;
		t->late = 0;
		ilv_run.left_atomic &= ~BIT(t->self);
		ilv_run.enabled &= ~BIT(t->self);
		if (unlikely(ilv_tracing))
			ilv_trace_event(ILV_EV_DONE, t->self, 0);
		if (ilv_run.token == t->self)
			WRITE_ONCE(ilv_run.token, ILV_NOBODY);
		if (ilv_run.token == ILV_NOBODY && !ilv_others_awake())
			ilv_pass_to_any();
	}

	/* Of a thread that was given up, nobody knows when it ends: @t stays. */
	if (!t->lost)
		complete(&t->gone);
	return 0;
}

/* The explorer's own thread; set while threads exist. */
static int ilv_saved_rt_runtime;
static cpumask_t ilv_saved_cpus;

/**
 * ilv_threads_start() - make the actors' threads for a program
 * @program: the program
 *
 * Pins the calling thread to the CPU it runs on, as a real-time task below the
 * actors, until ilv_threads_stop().
 *
 * Return: 0 or a negative errno; on error nothing is left behind.
 */
int ilv_threads_start(const struct ilv_program *program)
{
	/* Counted on, as the watch dogs know a schedule by it. */
	unsigned long number = ilv_run.number;
	int cpu = raw_smp_processor_id();
	unsigned int i;
	int ret = 0;

	if (WARN_ON(ilv_run.program))
		return -EBUSY;
	if (!ilv_probed)
		return -ENODEV;

	cpumask_copy(&ilv_saved_cpus, current->cpus_ptr);
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	sched_set_fifo_low(current);
	/* Else the actors are throttled once they ran for 0.95 s in a second. */
	ilv_saved_rt_runtime = compat_set_rt_runtime(-1);

	memset(&ilv_run, 0, sizeof(ilv_run));
	ilv_run.number = number;
	ilv_run.token = ILV_NOBODY;
	ilv_run.settling = ILV_NOBODY;
	ilv_run.explorer = current;
	ilv_run.program = program;

	for (i = 0; i < program->nr_actors; i++) {
		struct ilv_thread *t = kzalloc(sizeof(*t), GFP_KERNEL);

		if (!t) {
			ret = -ENOMEM;
			break;
		}
		t->self = i;
		init_completion(&t->gone);
		t->task = kthread_create(ilv_thread_main, t, "ilv/%c",
					 program->actors[i].tag);
		if (IS_ERR(t->task)) {
			ret = PTR_ERR(t->task);
			kfree(t);
			break;
		}
		get_task_struct(t->task);
		kthread_bind(t->task, cpu);
		sched_set_fifo(t->task);
		ilv_run.thread[i] = t;
		wake_up_process(t->task);
	}
	schedule();		/* let them get to their start */
	if (!ret)
		return 0;

	ilv_threads_stop();
	return ret;
}

/**
 * ilv_threads_stop() - end the actors' threads
 *
 * A thread that sleeps for ever is left behind; should it ever be woken, it
 * ends by itself.
 */
void ilv_threads_stop(void)
{
	unsigned int i;

	for (i = 0; i < ILV_MAX_ACTORS; i++) {
		struct ilv_thread *t = ilv_run.thread[i];
		struct task_struct *task;

		if (!t)
			continue;
		task = t->task;
		WRITE_ONCE(ilv_run.thread[i], NULL);
		if (!t->lost) {
			WRITE_ONCE(t->exit, true);
			wake_up_state(task, ILV_PARKED);
			wait_for_completion(&t->gone);
			/* A probe on another CPU may have found it just now. */
			kfree_rcu(t, rcu);
		} else {
			/* Whatever it does when it is woken, it must not keep others away. */
			sched_set_normal(task, 0);
		}
		put_task_struct(task);
	}
	ilv_run.program = NULL;
	compat_set_rt_runtime(ilv_saved_rt_runtime);
	sched_set_normal(current, 0);
	set_cpus_allowed_ptr(current, &ilv_saved_cpus);
}

/* Let the actors run until none of them can. */
static void ilv_wait_for_token(void)
{
	struct ilv_thread *t;
	unsigned int tick;

	schedule();
	if (likely(ilv_run.token == ILV_NOBODY))
		return;
	/*
	 * It can run and does not: somebody else has the CPU, so not for long.
	 * Or it sleeps, and the probe was not called.
	 */
	ilv_error(-ESTALE);
	for (tick = 0; ilv_run.token != ILV_NOBODY; tick++) {
		t = ilv_run.thread[ilv_run.token];
		if (tick > ILV_PATIENCE && !t->parked && compat_task_state(t->task))
			ilv_fell_asleep(t);
		else
			schedule_timeout_uninterruptible(1);
	}
}

/*
 * The program may wake several actors. Each comes to its next point before the
 * choice among them, and none runs before all of them are known to be awake.
 */
static bool ilv_ask_program(void)
{
	const struct ilv_program *program = ilv_run.program;
	bool helped;

	if (!program->stuck)
		return false;
	preempt_disable();
	helped = program->stuck(program->world);
	preempt_enable();
	if (helped)
		ilv_wait_for_token();
	return helped;
}

/* Nobody can run. Returns false when every actor is done or given up. */
static bool ilv_resolve_stuck(void)
{
	const struct ilv_program *program = ilv_run.program;
	unsigned int i, tick, asleep = 0;

	for (i = 0; i < program->nr_actors; i++)
		asleep += ilv_run.thread[i]->asleep;
	if (!asleep)
		return false;
	if (ilv_ask_program())
		return true;

	/* Perhaps they wait for a thread of the kernel: let it run. */
	for (tick = 0; tick < ILV_PATIENCE; tick++) {
		schedule_timeout_uninterruptible(1);
		if (ilv_run.enabled)
			return true;
		for (i = 0; i < program->nr_actors; i++)
			if (!ilv_run.thread[i]->done)
				break;
		if (i == program->nr_actors)
			return false;
	}

	for (i = 0; i < program->nr_actors; i++)
		if (ilv_run.thread[i]->asleep)
			ilv_run.thread[i]->lost = true;
	if (program->deadlock)
		program->deadlock(program->world);
	/* Whatever went wrong before, this is what the caller must know. */
	ilv_run.error = -EDEADLK;
	return false;
}

/**
 * ilv_run_schedule() - run the program once, from setup to teardown
 *
 * Who runs when is up to ilv_run.choose(). What happened is in ilv_run. After
 * -EDEADLK the threads can't be used again.
 */
void ilv_run_schedule(void)
{
	const struct ilv_program *program = ilv_run.program;
	unsigned int i;
	int ret;

	ilv_run.nr_segments = 0;
	ilv_run.nr_watch = 0;
	ilv_run.preemptions = 0;
	ilv_run.points = 0;
	ilv_run.left_atomic = 0;
	ilv_run.touched = 0;
	ilv_run.atomic = 0;
	ilv_run.broken = 0;
	ilv_run.near_misses = 0;
	ilv_run.error = 0;
	ilv_run.wakes = 0;
	ilv_run.accesses = 0;
	ilv_run.token = ILV_NOBODY;
	ilv_run.settling = ILV_NOBODY;
	ilv_run.number++;
	ilv_run.enabled = GENMASK(program->nr_actors - 1, 0);
	for (i = 0; i < program->nr_actors; i++) {
		struct ilv_thread *t = ilv_run.thread[i];

		t->asleep = false;
		t->done = false;
		t->sleeps = 0;
		t->sp = NULL;
		t->late = 0;
	}

	WRITE_ONCE(ilv_run.busy, true);
	ilv_turn(ILV_IN_WORLD);
	ret = program->setup(program->world);
	ilv_turn(ILV_IN_EXPLORER);
	if (ret) {
		ilv_run.error = ret;
		WRITE_ONCE(ilv_run.busy, false);
		return;
	}

	WRITE_ONCE(ilv_run.live, true);
	do {
		while (ilv_pass_to_any())
			ilv_wait_for_token();
	} while (ilv_resolve_stuck());
	WRITE_ONCE(ilv_run.live, false);

	if (unlikely(ilv_tracing))
		ilv_trace_event(ILV_EV_END, ILV_NOBODY, 0);
	if (program->outcomes)
		ilv_run.digest = program->digest(program->world);
	/* Somebody who was given up may hold anything: leave the world as it is. */
	ilv_turn(ILV_IN_WORLD);
	if (program->teardown && ilv_run.error != -EDEADLK)
		program->teardown(program->world);
	ilv_turn(ILV_IN_EXPLORER);
	WRITE_ONCE(ilv_run.busy, false);
}

/**
 * ilv_give_up() - the world can't be used again after this schedule
 *
 * To be called from &ilv_program.teardown, of a program that has leaked what it can't
 * repair. The schedule counts as it is, and the exploration ends with -EUCLEAN.
 */
void ilv_give_up(void)
{
	ilv_run.error = -EUCLEAN;
}

/**
 * ilv_watch() - make accesses to a range points of the schedule
 * @base: start of the range
 * @size: its size in bytes
 *
 * To be called from &ilv_program.setup.
 *
 * Return: the index of the range, or -ENOSPC.
 */
int ilv_watch(const void *base, size_t size)
{
	unsigned int i = ilv_run.nr_watch;

	if (i == ILV_MAX_WATCH)
		return -ENOSPC;
	ilv_run.watch[i].base = (unsigned long)base;
	ilv_run.watch[i].size = size;
	ilv_run.nr_watch++;
	return i;
}

/**
 * ilv_violation() - the schedule being run broke a rule
 * @rule: number of the rule in &ilv_program.rules
 */
void ilv_violation(unsigned int rule)
{
	if (unlikely(ilv_tracing) && !(ilv_run.broken & BIT(rule)))
		ilv_trace_event(ILV_EV_RULE, ilv_self(), rule);
	ilv_run.broken |= BIT(rule);
}

/**
 * ilv_near_miss() - what breaks a rule happened, and perhaps did no harm
 * @rule: number of the rule in &ilv_program.rules
 *
 * May be called with scheduler locks held.
 */
void ilv_near_miss(unsigned int rule)
{
	ilv_run.near_misses |= BIT(rule);
}

/**
 * ilv_note() - say what the calling actor is doing, for the reader of a trace
 * @text: a constant string
 */
void ilv_note(const char *text)
{
	if (unlikely(ilv_tracing))
		ilv_trace_event(ILV_EV_NOTE, ilv_self(), (unsigned long)text);
}

/**
 * ilv_asleep() - does an actor sleep inside its operation?
 * @actor: index of the actor
 */
bool ilv_asleep(int actor)
{
	return ilv_run.thread[actor] && ilv_run.thread[actor]->asleep;
}

/**
 * ilv_sleeps() - how often did an actor sleep in this schedule?
 * @actor: index of the actor
 */
unsigned int ilv_sleeps(int actor)
{
	return ilv_run.thread[actor] ? ilv_run.thread[actor]->sleeps : 0;
}

/**
 * ilv_self() - which actor is the calling task?
 *
 * Return: the index, or %ILV_NOBODY for any other task and in interrupts.
 */
int ilv_self(void)
{
	struct ilv_thread *t = NULL;

	if (in_task())
		t = ilv_thread_of(current);
	return t ? t->self : ILV_NOBODY;
}

/**
 * ilv_task() - an actor's task
 * @actor: index of the actor
 */
struct task_struct *ilv_task(int actor)
{
	return ilv_run.thread[actor]->task;
}

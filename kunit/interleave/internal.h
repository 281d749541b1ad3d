/* SPDX-License-Identifier: GPL-2.0 */
/* What the explorer's own files share. Nobody else includes this. */
#ifndef _INTERLEAVE_INTERNAL_H
#define _INTERLEAVE_INTERNAL_H

#include <linux/completion.h>
#include <linux/sched.h>
#include "ilv.h"

#define ILV_MAX_WATCH		4
#define ILV_MAX_DECISIONS	4096
#define ILV_MAX_SEGMENTS	128
#define ILV_ATTEMPTS		3	/* to run a schedule, or a program, undisturbed */

/*
 * Where a function that calls __builtin_unwind_init() saves the registers that
 * functions preserve: all of them, as its caller had them. x86_64, User-Mode
 * Linux included, pushes them below the frame pointer. On arm64 the frame
 * pointer is the lowest address of the saved registers: x29 and x30, then x19
 * to x28 (aarch64_layout_frame() in GCC). ILV_KNOWS_REGS names these two.
 */
#ifdef CONFIG_X86_64
#define ILV_REGS_BELOW		5	/* words between them and the frame pointer */
#define ILV_SAVED_REGS		5
#elif defined(CONFIG_ARM64)
#define ILV_REGS_BELOW		0
#define ILV_SAVED_REGS		12
#else	/* there is no ilv_cover() */
#define ILV_REGS_BELOW		0
#define ILV_SAVED_REGS		0
#endif

/* Points that are not accesses to a watched range: in place of its index. */
#define ILV_AT_SLEEP		(-1)	/* about to sleep */
#define ILV_AFTER_ATOMIC	(-2)	/* perhaps just out of a critical section */
#define ILV_BEFORE_LOCK		(-3)	/* about to begin one */

/**
 * struct ilv_thread - an actor's kthread and where it is in the schedule
 * @task: the kthread
 * @self: index of the actor
 * @asleep: it sleeps inside the operation; only somebody's wakeup helps
 * @parked: it waits at a point (or for its start) for the token
 * @woken: while parked on its way to sleep, somebody woke it
 * @done: the operation has returned
 * @exit: the kthread is to end
 * @lost: given up: it slept for ever
 * @sleeps: how often it fell asleep in this schedule
 * @sp: where its stack ended when it was last at a point, or fell asleep: the
 *	address of its saved registers; NULL before its first point
 * @frame: the same without what the explorer's own functions have put there
 * @top: where the stack of the operation begins
 * @state: the task state it was in at its last point
 * @late: woken, and not at a point or parked again since: the number of the
 *	  wakeup, else 0
 * @gone: completed by the kthread when it ends
 * @rcu: for what is to be freed when no other CPU looks at it any more
 */
struct ilv_thread {
	struct task_struct *task;
	int self;
	bool asleep;
	bool parked;
	bool woken;
	bool done;
	bool exit;
	bool lost;
	unsigned int sleeps;
	const unsigned long *sp;
	const unsigned long *frame;
	const unsigned long *top;
	long state;
	unsigned int late;
	struct completion gone;
	struct rcu_head rcu;
};

/**
 * struct ilv_segment - one actor's uninterrupted part of a schedule
 * @actor: who ran
 * @steps: points it passed
 * @preempted: it could have gone on
 */
struct ilv_segment {
	u8 actor;
	bool preempted;
	u16 steps;
};

/**
 * struct ilv_decision - a place in a schedule where there was a choice
 * @enabled: mask of the actors that could run
 * @current_actor: the actor that could go on, or %ILV_NOBODY if it slept or ended
 * @chosen: who ran
 * @preemptions: preemptions before this decision
 * @points: points passed before it
 */
struct ilv_decision {
	u8 enabled;
	s8 current_actor;
	u8 chosen;
	u8 preemptions;
	unsigned int points;
};

/**
 * struct ilv_run - the schedule that is being run
 * @live: points are taken; the only thing an instrumented access reads
 *	  outside a run
 * @in_callback: a callback of the program runs in an actor's context
 * @left_atomic: mask of the actors whose last access to a watched range was one
 *		 where a switch was not possible; the next place where it is, is
 *		 a point
 * @touched: mask of the actors that have accessed a watched range, outside of
 *	     critical sections, or were about to sleep, since the last point that
 *	     was neither
 * @enabled: mask of the actors that can run: neither asleep nor done
 * @wakes: how often an actor was woken from its sleep, or on its way to it
 * @digest: of the world when all actors were done, if outcomes are collected
 * @token: the actor that runs, or %ILV_NOBODY
 * @settling: the actor that could go on, and waits until those that were woken are
 *	      at their next points; or %ILV_NOBODY
 * @explorer: the thread that explores
 * @busy: a schedule is being run, its setup and teardown included
 * @number: how many were begun
 * @accesses: instrumented accesses in it, to whatever
 * @choose: picks the next actor out of a mask; the second argument is the
 *	    actor that could go on, or %ILV_NOBODY. Returns %ILV_NOBODY on error
 */
struct ilv_run {
	bool live;
	bool in_callback;
	u32 left_atomic;
	u32 touched;
	u32 enabled;
	unsigned int wakes;
	u64 digest;
	int token;
	int settling;
	struct task_struct *explorer;
	bool busy;
	unsigned long number;
	unsigned int accesses;
	const struct ilv_program *program;
	int (*choose)(unsigned int enabled, int current_actor);
	struct ilv_thread *thread[ILV_MAX_ACTORS];
	struct {
		unsigned long base;
		size_t size;
	} watch[ILV_MAX_WATCH];
	unsigned int nr_watch;
	struct ilv_segment segment[ILV_MAX_SEGMENTS];
	unsigned int nr_segments;
	unsigned int preemptions;
	unsigned int points;
	unsigned int atomic;
	u32 broken;
	u32 near_misses;
	int error;
};

extern struct ilv_run ilv_run;

/* threads.c */
int ilv_threads_start(const struct ilv_program *program);
void ilv_threads_stop(void);
void ilv_run_schedule(void);
void ilv_error(int error);

/* crash.c */
#define ILV_MAX_ACCESSES	BIT(22)
void ilv_hang(const char *why);

/* explore.c */
void ilv_rest(void);
void ilv_judge_broken(struct ilv_result *result);
void ilv_judge(struct ilv_result *result);
void ilv_witness_set(struct ilv_witness *w);

/* shares.c */
struct ilv_shares {
	bool on;		/* the schedule being run is timed */
	enum ilv_share who;	/* at work since then */
	u64 since;
	u64 cost;		/* of reading the clock */
	u64 schedules;
	u64 shortest;
	u64 ns[ILV_NR_SHARES];	/* of this schedule */
	u64 sum[ILV_NR_SHARES];
};

extern struct ilv_shares ilv_shares;
void ilv_shares_start(void);
void ilv_shares_turn(enum ilv_share who);
void ilv_shares_pause(void);
void ilv_shares_next(void);
void ilv_shares_end(unsigned int *percent);

/* From here on it is @who that takes time. */
static __always_inline void ilv_turn(enum ilv_share who)
{
	if (unlikely(ilv_shares.on))
		ilv_shares_turn(who);
}

/* state.c */
extern bool ilv_clean;
u64 ilv_state(bool bounded, int current_actor);
void ilv_clean_stack(void);
void ilv_clean_deep(void);
void ilv_outcome(struct ilv_outcomes *outcomes);

/* schedule.c */
int ilv_schedule_parse(const struct ilv_program *program, const char *text,
		       struct ilv_segment *segment, unsigned int max);
void ilv_schedule_print(const struct ilv_run *run, char *buf, size_t size);

/* trace.c */
enum ilv_event {
	ILV_EV_ACCESS,
	ILV_EV_RUN,
	ILV_EV_SLEEP,
	ILV_EV_WAKE,
	ILV_EV_DONE,
	ILV_EV_NOTE,
	ILV_EV_RULE,
	ILV_EV_END,
};

/**
 * struct ilv_place - an access or a point that is none, for the trace
 * @range: as of ilv_point()
 * @offset: offset within the range, in bytes
 * @size: size of the access, in bytes
 * @type: mask of enum ilv_access_type
 * @point: the number of the point in the actor's turn; 0 if it is none
 * @depth: how much stack the function that makes it and its callers use
 * @ip: address in that function
 */
struct ilv_place {
	int range;
	unsigned int offset;
	unsigned int size;
	unsigned int type;
	unsigned int point;
	unsigned int depth;
	unsigned long ip;
};

extern bool ilv_tracing;
int ilv_trace_start(void);
void ilv_trace_event(enum ilv_event event, int actor, unsigned long arg);
void ilv_trace_access(int actor, const struct ilv_place *place);
void ilv_trace_print(const struct ilv_program *program,
		     void (*line)(void *data, const char *text), void *data);
void ilv_trace_stop(void);

#endif /* _INTERLEAVE_INTERNAL_H */

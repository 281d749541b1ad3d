/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interleaving explorer: run a few actors (kernel threads that each run
 * one operation of unmodified kernel code) through every order of their
 * accesses to a watched object, within a bound on preemptions.
 *
 * A program is data: the actors, and callbacks that make and judge the world
 * they run in. The explorer knows threads, points and schedules; what a
 * violation is, only the program knows.
 *
 * All actors and the explorer share one CPU, one actor runs at a time, and
 * another may be let in only at a point:
 *
 * - an access of an instrumented object to a watched range, outside of critical
 *   sections (interrupts, bottom halves or preemption disabled);
 * - the start of such a section in an instrumented object, or in one of those
 *   that take locks on its behalf (locks.mk), if there was an access before it;
 * - the first access to anything after such a section that touched a range;
 * - an access to the actor's own task state, and any of an actor that has left
 *   TASK_RUNNING and is about to check whether to sleep.
 *
 * Each access is one point, be it a load or store that the compiler reports, an
 * operation in assembly that the kernel announces, the assignment of a struct, or
 * what memset(), memcpy() or memmove() do to a range. An access that touches two
 * ranges has a point at each. These are no points: accesses in functions that must
 * not be instrumented (noinstr, __no_kcsan); those of objects that are not
 * instrumented, which uninstrumented.toml lists with the reasons; and the
 * sections of per-CPU operations, which touch nothing but a variable of the CPU.
 */
#ifndef _INTERLEAVE_ILV_H
#define _INTERLEAVE_ILV_H

#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/kconfig.h>
#include <linux/limits.h>
#include <linux/types.h>

#define ILV_MAX_ACTORS		6
#define ILV_MAX_BOUND		15
#define ILV_MAX_RULES		16
#define ILV_SCHEDULE_LEN	160	/* of a schedule string, with its NUL */
#define ILV_NOBODY		(-1)
#define ILV_UNBOUNDED		UINT_MAX
#define ILV_MAX_OUTCOMES	4096	/* a power of two */

/* Where __builtin_unwind_init() puts the callee-saved registers: internal.h. */
#define ILV_KNOWS_REGS							\
	(IS_ENABLED(CONFIG_X86_64) || IS_ENABLED(CONFIG_ARM64))

/*
 * ilv_cover() knows a state by the actors' stacks and the registers that are
 * saved there, so it must know where these are. What these checks leave on a stack
 * differs from run to run.
 */
#define ILV_CAN_COVER							\
	(!IS_ENABLED(CONFIG_KASAN) && !IS_ENABLED(CONFIG_PROVE_LOCKING) && \
	 ILV_KNOWS_REGS)
#define ILV_CANT_COVER							\
	(!ILV_KNOWS_REGS ? "no complete search on this architecture" :	\
			   "no complete search with these checks")

/**
 * struct ilv_actor - one thread of a program
 * @tag: the letter that stands for the actor in schedule strings; unique
 * @name: what it does, for the reader of a trace
 * @run: the operation; called once in every schedule, in a kthread of its own
 */
struct ilv_actor {
	char tag;
	const char *name;
	void (*run)(void *world, int self);
};

enum ilv_access_type {
	ILV_READ	= 0,
	ILV_WRITE	= 1,
	ILV_ATOMIC	= 2,
};

/**
 * struct ilv_access - an access to a watched range, about to happen
 * @actor: index of the actor that makes it
 * @range: index of the watched range
 * @offset: where in the range it begins, in bytes
 * @size: how much of the range it touches, in bytes
 * @type: mask of enum ilv_access_type
 * @ip: address in the function that makes it
 */
struct ilv_access {
	int actor;
	int range;
	unsigned int offset;
	unsigned int size;
	unsigned int type;
	unsigned long ip;
};

/**
 * struct ilv_outcomes - the distinct ways in which schedules ended
 * @nr: how many
 * @full: there were more than there is room for
 * @sum: of all hashes: equal for equal sets, whatever the order
 * @hash: of the final state and the rules broken; a hash table, 0 for no entry
 */
struct ilv_outcomes {
	unsigned int nr;
	bool full;
	u64 sum;
	u64 hash[ILV_MAX_OUTCOMES];
};

/**
 * struct ilv_program - actors and the world they run in
 * @name: one word, part of the schedule string
 * @nr_actors: number of @actors in use
 * @actors: the actors
 * @rules: names of the rules that a schedule can break, by number
 * @world: passed to every callback
 * @setup: makes a fresh world and calls ilv_watch(); 0 or a negative errno,
 *	   which ends the exploration
 * @stuck: called when no actor can run and at least one sleeps: either does
 *	   something that lets one go on and returns true, or returns false; may
 *	   not sleep
 * @deadlock: called when @stuck has not helped, nor has anybody else, and the actors
 *	      that sleep are given up; may not sleep
 * @teardown: judges what is left and takes the world down; not called when an
 *	      actor was given up
 * @access: called right before each access to a watched range; may not sleep
 * @woken: called when @waker (or %ILV_NOBODY) wakes an actor that sleeps or is
 *	   about to, with scheduler locks held: it may only note it
 * @state: one line on the watched objects' state, for traces; may not sleep
 * @found: called between two schedules when a rule turns out to be broken; @certain if
 *	   the schedule breaks it again when it is repeated, or none can be run after
 *	   it; may sleep
 * @digest: a hash of everything outside of the actors' stacks that any actor,
 *	    rule or callback can look at and any of them can change; needed by
 *	    ilv_cover() and for @outcomes; may not sleep
 * @outcomes: where to collect the outcomes, if not NULL
 *
 * Only @setup is mandatory.
 */
struct ilv_program {
	const char *name;
	unsigned int nr_actors;
	struct ilv_actor actors[ILV_MAX_ACTORS];
	const char *const *rules;
	void *world;
	int (*setup)(void *world);
	bool (*stuck)(void *world);
	void (*deadlock)(void *world);
	void (*teardown)(void *world);
	void (*access)(void *world, const struct ilv_access *access);
	void (*woken)(void *world, int waker, int sleeper);
	void (*state)(void *world, char *buf, size_t size);
	void (*found)(void *world, unsigned int rule, const char *schedule,
		      bool certain);
	u64 (*digest)(void *world);
	struct ilv_outcomes *outcomes;
};

/**
 * struct ilv_witness - the cheapest schedule seen that breaks a rule: the one
 *			with the fewest preemptions, then switches, then points
 * @preemptions: switches away from an actor that could go on
 * @switches: all switches
 * @points: points passed
 * @schedule: the string that ilv_replay() takes
 */
struct ilv_witness {
	unsigned int preemptions;
	unsigned int switches;
	unsigned int points;
	char schedule[ILV_SCHEDULE_LEN];
};

/**
 * struct ilv_count - a number that may be very large
 * @digits: the first 18 digits of it, at most
 * @exponent: how many more follow; if none, @digits is exact
 */
struct ilv_count {
	u64 digits;
	unsigned int exponent;
};

/* What takes the time of an exploration. */
enum ilv_share {
	ILV_IN_ACTORS,		/* the code under test, with the hooks in it */
	ILV_IN_EXPLORER,	/* decisions and switches */
	ILV_IN_RULES,		/* what the program does about an access */
	ILV_IN_WORLD,		/* setup, teardown and the rules that it checks */
	ILV_NR_SHARES
};

/**
 * struct ilv_result - what an exploration or a replay found
 * @error: 0, or why it could not be completed: -E2BIG when a schedule is too
 *	   long, -ESTALE when the same schedule did not behave the same twice,
 *	   -EDEADLK when an actor slept for ever and could not be woken,
 *	   -EUCLEAN when ilv_give_up() was called,
 *	   -ECANCELED when @limit was reached, or what @setup returned
 * @bound: the bound on preemptions that was explored completely
 * @complete: no schedule needs more preemptions than that: these are all
 * @schedules: distinct schedules run
 * @violating: how many of them broke a rule
 * @retried: schedules run once more, as something from outside had a part in them
 * @unstable: mask of the rules that a schedule broke, and not when it was repeated;
 *	      those that another schedule breaks each time are in @broken alone
 * @unstable_in: the first such schedule, by rule
 * @first: number of the first of these, from 1 on
 * @broken: mask of the rules that were broken
 * @count: violating schedules, by rule
 * @near_misses: schedules with a near miss of a rule that held, by rule
 * @witness: the cheapest schedule, by rule
 * @last: the schedule run last; where @error is set, the one it happened in
 * @points: most points passed in one schedule
 * @atomic: most accesses in one schedule where a switch was not possible
 * @runs: schedules run, those repeated from lower bounds included
 * @disturbed: how often all began anew, as something from outside had a part in it
 * @states: distinct states that had a choice (ilv_cover() only)
 * @steps: choices made in them, each once (ilv_cover() only)
 * @checked: how often one led where it had led before (ilv_cover() only)
 * @pairs: merged states of which what follows was compared (ilv_cover() only)
 * @whole_pairs: of them, those where all that follows was (ilv_cover() only)
 * @differs: with @last, the schedules of two runs that were in the same state,
 *	     made the same choices, and came to different ends (ilv_cover() only)
 * @all: the schedules that the ones that were run stand for, themselves included
 *	 (ilv_cover() only)
 * @all_violating: how many of these break a rule (ilv_cover() only)
 * @ns: time taken, in nanoseconds
 * @percent: of it, by enum ilv_share, as measured in some of the schedules
 *	     (ilv_explore() only)
 */
struct ilv_result {
	int error;
	unsigned int bound;
	bool complete;
	u64 schedules;
	u64 violating;
	unsigned int retried;
	u32 unstable;
	struct ilv_witness unstable_in[ILV_MAX_RULES];
	u64 first;
	u32 broken;
	u64 count[ILV_MAX_RULES];
	u64 near_misses[ILV_MAX_RULES];
	struct ilv_witness witness[ILV_MAX_RULES];
	struct ilv_witness last;
	unsigned int points;
	unsigned int atomic;
	u64 runs;
	unsigned int disturbed;
	u64 states;
	u64 steps;
	u64 checked;
	unsigned int pairs;
	unsigned int whole_pairs;
	struct ilv_witness differs;
	struct ilv_count all;
	struct ilv_count all_violating;
	u64 ns;
	unsigned int percent[ILV_NR_SHARES];
};

/*
 * Called by whoever wants schedules. All take the calling thread's scheduling
 * policy and CPU over for their duration, may sleep, and must not be called
 * concurrently.
 */
void ilv_explore(const struct ilv_program *program, unsigned int bound,
		 u64 limit, struct ilv_result *result);
void ilv_cover(const struct ilv_program *program, unsigned int bound,
	       u64 limit, struct ilv_result *result);
void ilv_replay(const struct ilv_program *program, const char *schedule,
		void (*line)(void *data, const char *text), void *data,
		struct ilv_result *result);
void ilv_keep_unstable(struct ilv_result *result,
		       const struct ilv_result *earlier);

#ifdef CONFIG_INTERLEAVE
/* For threads that run freely; may sleep. */
void ilv_delays(unsigned int one_in, unsigned int max_us);

/* Called by a program's callbacks and actors. */
int ilv_watch(const void *base, size_t size);
void ilv_violation(unsigned int rule);
void ilv_near_miss(unsigned int rule);
void ilv_give_up(void);
void ilv_note(const char *text);
bool ilv_asleep(int actor);
unsigned int ilv_sleeps(int actor);
int ilv_self(void);
u64 ilv_hash(u64 seed, const void *data, size_t size);
#else
/* For suites that run without schedules: there is nobody who is an actor. */
static inline void ilv_delays(unsigned int one_in, unsigned int max_us) { }
static inline int ilv_watch(const void *base, size_t size) { return 0; }
static inline void ilv_violation(unsigned int rule) { WARN_ON_ONCE(1); }
static inline void ilv_near_miss(unsigned int rule) { }
static inline void ilv_give_up(void) { }
static inline void ilv_note(const char *text) { }
static inline bool ilv_asleep(int actor) { return false; }
static inline unsigned int ilv_sleeps(int actor) { return 0; }
static inline int ilv_self(void) { return ILV_NOBODY; }
static inline u64 ilv_hash(u64 seed, const void *data, size_t size) { return seed; }
#endif
struct task_struct *ilv_task(int actor);

/* How many pairs of runs that meet in a state ilv_cover() compares from there on. */
extern unsigned int ilv_pairs;

/* For tests of ilv_cover() alone: parts of a state to leave out of its hash. */
#define ILV_FORGET_STACKS	BIT(0)
#define ILV_FORGET_DIGEST	BIT(1)
#define ILV_FORGET_BROKEN	BIT(2)
#define ILV_FORGET_CHECKS	BIT(3)	/* and not to notice the consequences */
#define ILV_FORGET_REGS		BIT(4)	/* those that functions preserve */
extern unsigned int ilv_forget;

#endif /* _INTERLEAVE_ILV_H */

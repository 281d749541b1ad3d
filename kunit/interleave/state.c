// SPDX-License-Identifier: GPL-2.0
/*
 * What decides the rest of a schedule, as one number: see cover.c.
 *
 * The actors run kernel code that is not instrumented as well, so that nobody
 * could list what they have read and written so far. But all that is left of it
 * is in two places. One is the memory that actors share, of which the program
 * knows what it is (&ilv_program.digest). The other is each actor's own: its
 * stack, with its registers saved on it. So take that, all of it, from where the
 * operation begins to the point that the actor is at.
 *
 * The entry of a wait queue lives on its owner's stack, and so does the list of
 * those who wait. As others write to it, no stack's hash is kept from one
 * state to the next.
 *
 * Slots of a frame that the compiler does not use (any more) are included: at
 * worst, two states count as different that are the same. What is below the
 * frame is cleared whenever an actor goes on from a point, lest the next
 * frames there inherit what differs from run to run, like the scheduler's
 * notion of time.
 */
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include "internal.h"

#define ILV_DEAD_STACK	1920	/* what calls from a point may have used */
#define ILV_LIVE_STACK	2048	/* an actor that waits for its start uses less */

bool ilv_clean;
unsigned int ilv_forget;

/**
 * ilv_hash() - a hash of some memory
 * @seed: what it depends on beside that
 * @data: the memory
 * @size: its size in bytes
 *
 * 64 bits are enough if they are mixed well: of 500,000 states, which are more
 * than any scenario has, two have the same hash with a probability of
 * 500,000^2 / 2^65, or 1 : 150 million. A state's hash is made of some ten in
 * a chain, each of which may be the one to collide: 1 : 15 million.
 */
u64 ilv_hash(u64 seed, const void *data, size_t size)
{
	return xxh64(data, size, seed);
}

/* What is left out of the state where a test asks for that. */
static bool ilv_forgets(unsigned int part)
{
	return unlikely(ilv_forget & part);
}

/**
 * struct ilv_actor_state - the part of the state that is an actor's own
 * @flags: what it is doing
 * @sleeps: how often it slept
 * @task_state: what it goes on with, or falls asleep in
 * @stack: how many words there are on its stack
 */
struct ilv_actor_state {
	u32 flags;
	u32 sleeps;
	u64 task_state;
	u64 stack;
};

static const unsigned long *ilv_stack(const struct ilv_thread *t)
{
	return ilv_forgets(ILV_FORGET_REGS) ? t->frame : t->sp;
}

static void ilv_actor_state(struct ilv_actor_state *s, const struct ilv_thread *t)
{
	s->flags = t->done | t->asleep << 1 | !t->sp << 2 |
		   signal_pending(t->task) << 3;
	s->sleeps = t->sleeps;
	if (t->done || !t->sp)
		return;
	if (!t->asleep && !t->woken)
		s->task_state = t->state;
	if (!ilv_forgets(ILV_FORGET_STACKS))
		s->stack = t->top - ilv_stack(t);
}

/*
 * Actors that were woken where they are parked have the CPU before the one that is
 * chosen, in the order of their wakeups, and only park again. But if the one that runs
 * now falls asleep, the dead end of its stack tells which of them was next.
 */
static u64 ilv_late_state(int current_actor)
{
	unsigned int i, j, rank, nr = ilv_run.program->nr_actors;
	u64 order = 0;

	for (i = 0; i < nr; i++) {
		if (!ilv_run.thread[i]->late)
			continue;
		for (j = 0, rank = 1; j < nr; j++)
			if (ilv_run.thread[j]->late &&
			    ilv_run.thread[j]->late < ilv_run.thread[i]->late)
				rank++;
		order |= (u64)rank << (8 * i);
	}
	return order ? order | (u64)(u8)current_actor << 56 : 0;
}

static u64 ilv_program_state(void)
{
	const struct ilv_program *program = ilv_run.program;
	bool nested = ilv_run.in_callback;
	u64 digest;

	if (ilv_forgets(ILV_FORGET_DIGEST))
		return 0;
	ilv_run.in_callback = true;
	digest = program->digest(program->world);
	ilv_run.in_callback = nested;
	return digest;
}

/**
 * ilv_state() - a hash of what the rest of the schedule depends on
 * @bounded: that includes how many preemptions are left
 * @current_actor: the actor that could go on, or %ILV_NOBODY
 */
u64 ilv_state(bool bounded, int current_actor)
{
	struct {
		u32 touched;
		u32 left_atomic;
		u32 preemptions;
		s32 current_actor;
		u64 broken;
		u64 program;
		u64 late;
		struct ilv_actor_state actor[ILV_MAX_ACTORS];
	} s = {
		.touched	= ilv_run.touched,
		.left_atomic	= ilv_run.left_atomic,
	};
	unsigned int i;
	u64 hash;

	BUILD_BUG_ON(ILV_MAX_ACTORS > 7);	/* in ilv_late_state() */
	if (bounded) {
		s.preemptions = ilv_run.preemptions;
		s.current_actor = current_actor;
	}
	if (!ilv_forgets(ILV_FORGET_BROKEN))
		s.broken = ilv_run.broken;
	s.program = ilv_program_state();
	s.late = ilv_late_state(current_actor);
	for (i = 0; i < ilv_run.program->nr_actors; i++)
		ilv_actor_state(&s.actor[i], ilv_run.thread[i]);

	hash = ilv_hash(0, &s, offsetof(typeof(s), actor[i]));
	for (i = 0; i < ilv_run.program->nr_actors; i++)
		if (s.actor[i].stack)
			hash = ilv_hash(hash, ilv_stack(ilv_run.thread[i]),
					s.actor[i].stack * sizeof(u64));
	return hash;
}

/* Clear what earlier calls have left below the calling function's frame. */
noinline void ilv_clean_stack(void)
{
	u64 dead[ILV_DEAD_STACK / sizeof(u64)];

	memset(dead, 0, sizeof(dead));
	barrier_data(dead);
}

/**
 * ilv_clean_deep() - clear what interrupts have left on the actors' stacks
 *
 * To be called between two schedules.
 */
void ilv_clean_deep(void)
{
	unsigned int i;

	for (i = 0; i < ilv_run.program->nr_actors; i++) {
		const struct ilv_thread *t = ilv_run.thread[i];
		void *end = end_of_stack(t->task) + 1;

		memset(end, 0, (void *)t->top - ILV_LIVE_STACK - end);
	}
}

/**
 * ilv_outcome() - note how the schedule that was just run has ended
 * @outcomes: where
 *
 * &ilv_run.digest is the world's state before it was taken down.
 */
void ilv_outcome(struct ilv_outcomes *outcomes)
{
	u64 end[] = { ilv_run.digest, ilv_run.broken };
	u64 hash = ilv_hash(0, end, sizeof(end)) ?: 1;
	unsigned int i = hash % ILV_MAX_OUTCOMES;

	while (outcomes->hash[i]) {
		if (outcomes->hash[i] == hash)
			return;
		i = (i + 1) % ILV_MAX_OUTCOMES;
	}
	if (outcomes->nr == ILV_MAX_OUTCOMES - 1) {
		outcomes->full = true;
		return;
	}
	outcomes->hash[i] = hash;
	outcomes->nr++;
	outcomes->sum += hash;
}

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
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>

#include "internal.h"

#define ILV_HASH_PRIME	0x9e3779b97f4a7c15ULL
#define ILV_DEAD_STACK	1920	/* what calls from a point may have used */
#define ILV_LIVE_STACK	2048	/* an actor that waits for its start uses less */

bool ilv_clean;
unsigned int ilv_forget;

static __always_inline u64 ilv_mix(u64 hash, u64 word)
{
	return rol64((hash ^ word) * ILV_HASH_PRIME, 29);
}

static u64 ilv_hash_words(u64 seed, const u64 *w, size_t n)
{
	u64 a = seed, b = n, c = 1, d = 2;

	/* Four at a time, as a multiplication takes its time. */
	for (; n >= 4; n -= 4, w += 4) {
		a = ilv_mix(a, w[0]);
		b = ilv_mix(b, w[1]);
		c = ilv_mix(c, w[2]);
		d = ilv_mix(d, w[3]);
	}
	while (n--)
		a = ilv_mix(a, *w++);
	return ilv_mix(ilv_mix(ilv_mix(a, b), c), d);
}

/**
 * ilv_hash() - a hash of some memory
 * @seed: what it depends on beside that
 * @data: the memory, aligned to 8 bytes
 * @size: its size in bytes; what is left beyond a multiple of 8 counts as well
 */
u64 ilv_hash(u64 seed, const void *data, size_t size)
{
	u64 tail = 0;

	memcpy(&tail, data + size - size % 8, size % 8);
	return ilv_mix(ilv_hash_words(seed, data, size / 8), tail);
}

/* The part of the state that is an actor's own. */
static u64 ilv_actor_state(u64 hash, const struct ilv_thread *t)
{
	u64 flags = t->done | t->asleep << 1 | !t->sp << 2 |
		    (u64)t->sleeps << 8 |
		    (u64)signal_pending(t->task) << 32;

	if (t->done || !t->sp)
		return ilv_mix(hash, flags);
	if (!t->asleep && !t->woken)
		flags |= (u64)t->state << 40;
	hash = ilv_mix(hash, flags);
	if (ilv_forget & ILV_FORGET_STACKS)
		return hash;
	hash = ilv_mix(hash, t->top - t->sp);
	return ilv_hash_words(hash, (const u64 *)t->sp, t->top - t->sp);
}

/*
 * Actors that were woken and have not come to a point yet run on before
 * whoever is chosen: in the order of their wakeups, and as soon as the one that
 * runs now does not. One that was parked then only parks again, but when it is
 * the one that is chosen, it has its place in that order.
 */
static u64 ilv_late_state(u64 hash, int current_actor)
{
	unsigned int i, j, rank, nr = ilv_run.program->nr_actors;
	bool late = false;

	for (i = 0; i < nr; i++) {
		if (!ilv_run.thread[i]->late)
			continue;
		late = true;
		for (j = 0, rank = 0; j < nr; j++)
			if (ilv_run.thread[j]->late &&
			    ilv_run.thread[j]->late < ilv_run.thread[i]->late)
				rank++;
		hash = ilv_mix(hash, i << 8 | rank);
	}
	return late ? ilv_mix(hash, current_actor) : hash;
}

static u64 ilv_program_state(u64 hash)
{
	const struct ilv_program *program = ilv_run.program;
	bool nested = ilv_run.in_callback;

	if (ilv_forget & ILV_FORGET_DIGEST)
		return hash;
	ilv_run.in_callback = true;
	hash = ilv_mix(hash, program->digest(program->world));
	ilv_run.in_callback = nested;
	return hash;
}

/**
 * ilv_state() - a hash of what the rest of the schedule depends on
 * @bounded: that includes how many preemptions are left
 * @current_actor: the actor that could go on, or %ILV_NOBODY
 */
u64 ilv_state(bool bounded, int current_actor)
{
	unsigned int i;
	u64 hash = ilv_mix(ilv_run.touched, ilv_run.left_atomic);

	if (bounded) {
		hash = ilv_mix(hash, ilv_run.preemptions);
		hash = ilv_mix(hash, current_actor);
	}
	if (!(ilv_forget & ILV_FORGET_BROKEN))
		hash = ilv_mix(hash, ilv_run.broken);
	hash = ilv_program_state(hash);
	hash = ilv_late_state(hash, current_actor);
	for (i = 0; i < ilv_run.program->nr_actors; i++)
		hash = ilv_actor_state(hash, ilv_run.thread[i]);
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
	u64 hash = ilv_mix(ilv_mix(0, ilv_run.digest), ilv_run.broken) ?: 1;
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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pre-included (-include) for the objects under test, and for those alone.
 *
 * -fsanitize=thread makes the compiler report plain and volatile accesses, but
 * it cannot see into inline assembly. The kernel announces each such operation,
 * atomic or not, through the functions below; announce them to the explorer as
 * well. The functions themselves stay as they are: only the names that the
 * headers included after this one use are redirected.
 */
#ifndef _INTERLEAVE_INSTRUMENT_H
#define _INTERLEAVE_INSTRUMENT_H

#include <linux/instrumented.h>

void ilv_atomic_read(const volatile void *addr, unsigned long size);
void ilv_atomic_write(const volatile void *addr, unsigned long size);
void ilv_atomic_read_write(const volatile void *addr, unsigned long size);
void ilv_plain_write(const volatile void *addr, unsigned long size);
void ilv_plain_read_write(const volatile void *addr, unsigned long size);

#define instrument_atomic_read(v, size)		ilv_atomic_read(v, size)
#define instrument_atomic_write(v, size)	ilv_atomic_write(v, size)
#define instrument_atomic_read_write(v, size)	ilv_atomic_read_write(v, size)
#define instrument_write(v, size)		ilv_plain_write(v, size)
#define instrument_read_write(v, size)		ilv_plain_read_write(v, size)

/*
 * In a critical section there is no switch. What an actor did right before one
 * may have to be seen by others before it: let them in ahead of it.
 */
void ilv_before_lock(void);

/* Of RCU's, too, unless readers can be preempted: hence before its header. */
#include <linux/preempt.h>

#ifdef CONFIG_PREEMPT_COUNT
#undef preempt_disable
#define preempt_disable()						\
do {									\
	ilv_before_lock();						\
	preempt_count_inc();						\
	barrier();							\
} while (0)
#endif

/* Where there are several CPUs, a lock is taken by a function that is elsewhere. */
#include <linux/spinlock.h>

#define spin_lock(lock)							\
do {									\
	ilv_before_lock();						\
	spin_lock(lock);						\
} while (0)

#define spin_lock_irq(lock)						\
do {									\
	ilv_before_lock();						\
	spin_lock_irq(lock);						\
} while (0)

#undef spin_lock_irqsave
#define spin_lock_irqsave(lock, flags)					\
do {									\
	ilv_before_lock();						\
	raw_spin_lock_irqsave(spinlock_check(lock), flags);		\
} while (0)

#endif /* _INTERLEAVE_INSTRUMENT_H */

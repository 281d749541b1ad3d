/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pre-included (-include) for objects whose critical sections begin at a point,
 * be their accesses announced (instrument.h) or not (locks.mk).
 *
 * In a critical section there is no switch. An actor's last access before one
 * may have to be seen by others before it: allow a switch just ahead of it.
 *
 * Sections begin with one of a few primitives, in macros and inline functions of
 * the headers that are read after these lines. Where there are several CPUs, most
 * locks are taken by functions of kernel/locking/: these have doubles in points.c.
 *
 * The per-CPU operations guard themselves with preempt_disable_notrace() and
 * raw_local_irq_save(). They stay as they are: their sections have nothing in
 * them but a variable of this CPU.
 */
#ifndef _INTERLEAVE_LOCKS_H
#define _INTERLEAVE_LOCKS_H

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

#include <linux/irqflags.h>

#undef local_irq_disable
#define local_irq_disable()						\
do {									\
	bool ilv_were_off;						\
									\
	ilv_before_lock();						\
	ilv_were_off = raw_irqs_disabled();				\
	raw_local_irq_disable();					\
	if (!ilv_were_off)						\
		trace_hardirqs_off();					\
} while (0)

#undef local_irq_save
#define local_irq_save(flags)						\
do {									\
	ilv_before_lock();						\
	raw_local_irq_save(flags);					\
	if (!raw_irqs_disabled_flags(flags))				\
		trace_hardirqs_off();					\
} while (0)

#include <linux/bottom_half.h>

#define __local_bh_disable_ip(ip, cnt)					\
do {									\
	ilv_before_lock();						\
	__local_bh_disable_ip(ip, cnt);					\
} while (0)

#define local_bh_disable()						\
do {									\
	ilv_before_lock();						\
	local_bh_disable();						\
} while (0)

/* The guards of these three headers have the primitives as they were. */
#define class_preempt_constructor()					\
	({ ilv_before_lock(); class_preempt_constructor(); })
#define class_irq_constructor()						\
	({ ilv_before_lock(); class_irq_constructor(); })
#define class_irqsave_constructor()					\
	({ ilv_before_lock(); class_irqsave_constructor(); })

/* Inline functions have the primitives in them. */
#if defined(CONFIG_SMP) || defined(CONFIG_DEBUG_SPINLOCK)
#ifndef CONFIG_INLINE_SPIN_LOCK
#define _raw_spin_lock			ilv_raw_spin_lock
#endif
#ifndef CONFIG_INLINE_SPIN_LOCK_BH
#define _raw_spin_lock_bh		ilv_raw_spin_lock_bh
#endif
#ifndef CONFIG_INLINE_SPIN_LOCK_IRQ
#define _raw_spin_lock_irq		ilv_raw_spin_lock_irq
#endif
#ifndef CONFIG_INLINE_SPIN_LOCK_IRQSAVE
#define _raw_spin_lock_irqsave		ilv_raw_spin_lock_irqsave
#endif
#ifndef CONFIG_INLINE_SPIN_TRYLOCK
#define _raw_spin_trylock		ilv_raw_spin_trylock
#endif
#ifndef CONFIG_INLINE_SPIN_TRYLOCK_BH
#define _raw_spin_trylock_bh		ilv_raw_spin_trylock_bh
#endif
#ifndef CONFIG_INLINE_READ_LOCK
#define _raw_read_lock			ilv_raw_read_lock
#endif
#ifndef CONFIG_INLINE_READ_LOCK_BH
#define _raw_read_lock_bh		ilv_raw_read_lock_bh
#endif
#ifndef CONFIG_INLINE_READ_LOCK_IRQ
#define _raw_read_lock_irq		ilv_raw_read_lock_irq
#endif
#ifndef CONFIG_INLINE_READ_LOCK_IRQSAVE
#define _raw_read_lock_irqsave		ilv_raw_read_lock_irqsave
#endif
#ifndef CONFIG_INLINE_READ_TRYLOCK
#define _raw_read_trylock		ilv_raw_read_trylock
#endif
#ifndef CONFIG_INLINE_WRITE_LOCK
#define _raw_write_lock			ilv_raw_write_lock
#endif
#ifndef CONFIG_INLINE_WRITE_LOCK_BH
#define _raw_write_lock_bh		ilv_raw_write_lock_bh
#endif
#ifndef CONFIG_INLINE_WRITE_LOCK_IRQ
#define _raw_write_lock_irq		ilv_raw_write_lock_irq
#endif
#ifndef CONFIG_INLINE_WRITE_LOCK_IRQSAVE
#define _raw_write_lock_irqsave		ilv_raw_write_lock_irqsave
#endif
#ifndef CONFIG_INLINE_WRITE_TRYLOCK
#define _raw_write_trylock		ilv_raw_write_trylock
#endif
#ifdef CONFIG_DEBUG_LOCK_ALLOC
#define _raw_spin_lock_nested		ilv_raw_spin_lock_nested
#define _raw_spin_lock_nest_lock	ilv_raw_spin_lock_nest_lock
#define _raw_spin_lock_irqsave_nested	ilv_raw_spin_lock_irqsave_nested
#endif
#endif

#include <linux/spinlock.h>

#endif /* _INTERLEAVE_LOCKS_H */

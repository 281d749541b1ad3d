/* SPDX-License-Identifier: GPL-2.0 */
/* From an access of an instrumented object to a point of the schedule. */
#ifndef _INTERLEAVE_POINTS_H
#define _INTERLEAVE_POINTS_H

#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/jump_label.h>
#include <linux/preempt.h>
#include "internal.h"
#include "../compat.h"

/* threads.c */
void ilv_point(int range, unsigned int offset, unsigned int size,
	       unsigned int type, unsigned long ip, const void *frame);

/* Where the caller's own part of the stack ends: the same for all its calls. */
#define ilv_caller_frame()	__builtin_dwarf_cfa()

/* delay.c */
DECLARE_STATIC_KEY_FALSE(ilv_delaying);
void ilv_delay(void);

/* Neither in a critical section nor in an interrupt. */
static __always_inline bool ilv_may_switch(void)
{
	return !preempt_count() && !irqs_disabled();
}

/*
 * The count of preempt_disable() is the task's own, and how often it is read on
 * the way out of a critical section may depend on whether the clock has ticked:
 * see arm64's __preempt_count_dec_and_test(). x86 does not keep it in the task.
 */
static __always_inline bool ilv_is_preempt_count(unsigned long addr)
{
#ifdef CONFIG_X86
	return false;
#else
	const struct thread_info *ti = current_thread_info();

	return addr - (unsigned long)&ti->preempt_count < sizeof(ti->preempt_count);
#endif
}

/* Of an access that is wider than a watched range, or lies across its end, a part. */
static __always_inline void ilv_touch(unsigned int range, unsigned long addr,
				      size_t size, unsigned int type,
				      unsigned long ip, const void *frame)
{
	unsigned long base = ilv_run.watch[range].base;
	unsigned long begin = max(addr, base);
	unsigned long end = min(addr + size, base + ilv_run.watch[range].size);

	ilv_point(range, begin - base, end - begin, type, ip, frame);
}

static __always_inline void ilv_access(const volatile void *addr, size_t size,
				       unsigned int type, unsigned long ip)
{
	unsigned long a = (unsigned long)addr;
	bool found = false;
	unsigned int i;

	if (likely(!READ_ONCE(ilv_run.live))) {
		if (static_branch_unlikely(&ilv_delaying))
			ilv_delay();
		return;
	}
	if (unlikely(!size))
		return;

	if (unlikely(++ilv_run.accesses >= ILV_MAX_ACCESSES))
		ilv_hang("an endless loop");

	for (i = 0; i < ilv_run.nr_watch; i++) {
		unsigned long base = ilv_run.watch[i].base;
		size_t room = ilv_run.watch[i].size;

		/* Where its last byte is tells whether any is in the range. */
		if (likely(a + size - 1 - base >= room + size - 1))
			continue;
		ilv_touch(i, a, size, type, ip, ilv_caller_frame());
		found = true;
	}
	if (found)
		return;

	if (ilv_is_preempt_count(a))
		return;

	/* At set_current_state(), and between it and schedule(). */
	if (unlikely(compat_task_state(current) ||
		     a == (unsigned long)compat_task_state_ptr(current)))
		ilv_point(ILV_AT_SLEEP, 0, size, type, ip, ilv_caller_frame());
	else if (unlikely(READ_ONCE(ilv_run.left_atomic) && ilv_may_switch()))
		ilv_point(ILV_AFTER_ATOMIC, 0, size, type, ip, ilv_caller_frame());
}

#endif /* _INTERLEAVE_POINTS_H */

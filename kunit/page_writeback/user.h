/* SPDX-License-Identifier: GPL-2.0 */
/* An address space for a thread of the kernel, as system calls want one. */
#ifndef _PAGE_WRITEBACK_USER_H
#define _PAGE_WRITEBACK_USER_H

#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

/* The calling kthread's, and owned by it; NULL if there is no memory. */
static inline struct mm_struct *pwb_mm_get(void)
{
	struct mm_struct *mm = mm_alloc();

	if (!mm)
		return NULL;
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(mm);
	return mm;
}

static inline void pwb_mm_put(struct mm_struct *mm)
{
	kthread_unuse_mm(mm);
	mmput(mm);
}

#endif /* _PAGE_WRITEBACK_USER_H */

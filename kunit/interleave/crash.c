// SPDX-License-Identifier: GPL-2.0
/*
 * If the kernel dies in a schedule, its last words are that schedule, and the rules
 * that it has broken by then: replayed, it leads to the same end. A replay also prints
 * the trace up to there.
 *
 * A kernel that hangs is made to die. An actor in an endless loop makes more accesses
 * than any schedule needs. Where a loop makes none, or something sleeps for ever
 * before or after the actors run, a timer on each CPU notices that a schedule does not
 * end. With one CPU and interrupts off
 * there is no timer; User-Mode Linux then says its last words when it is asked to end
 * from outside.
 */
#include <linux/hrtimer.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/stringify.h>

#include "../compat.h"
#include "internal.h"

#define ILV_PATIENCE_S	8	/* for one schedule, which takes microseconds */

static const char *ilv_why;

static void ilv_last_trace_line(void *data, const char *text)
{
	pr_emerg("interleave: | %s\n", text);
}

static int ilv_last_words(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	static char buf[ILV_SCHEDULE_LEN];
	unsigned long broken = ilv_run.broken;
	unsigned int rule;

	if (!ilv_run.busy)
		return NOTIFY_DONE;
	WRITE_ONCE(ilv_run.live, false);
	ilv_schedule_print(&ilv_run, buf, sizeof(buf));
	for_each_set_bit(rule, &broken, ILV_MAX_RULES)
		pr_emerg("interleave: broke %s in %s\n",
			 ilv_run.program->rules[rule], buf);
	if (ilv_tracing)
		ilv_trace_print(ilv_run.program, ilv_last_trace_line, NULL);
	if (ilv_why)
		pr_emerg("interleave: hangs in %s: %s\n", buf, ilv_why);
	else
		pr_emerg("interleave: died in %s\n", buf);
	WRITE_ONCE(ilv_run.busy, false);
	return NOTIFY_DONE;
}

static struct notifier_block ilv_panic_notifier = {
	.notifier_call = ilv_last_words,
	.priority = INT_MAX,
};

/**
 * ilv_hang() - end a kernel in which nothing moves
 * @why: what shows that, for the last words
 *
 * Does not return: what hangs may hold any lock.
 */
void ilv_hang(const char *why)
{
	ilv_why = why;
	panic("interleave: nothing moves");
}

/**
 * struct ilv_watch_dog - looks once a second whether something moves
 * @timer: on a CPU of its own, in hard interrupts: ksoftirqd may not get to run
 * @number: of the schedule, when it looked last
 * @still: how often in a row it was the same
 */
struct ilv_watch_dog {
	struct hrtimer timer;
	unsigned long number;
	unsigned int still;
};

static DEFINE_PER_CPU(struct ilv_watch_dog, ilv_watch_dogs);

static enum hrtimer_restart ilv_look(struct hrtimer *timer)
{
	struct ilv_watch_dog *dog = container_of(timer, struct ilv_watch_dog, timer);

	if (READ_ONCE(ilv_run.busy) && dog->number == READ_ONCE(ilv_run.number))
		dog->still++;
	else
		dog->still = 0;
	dog->number = ilv_run.number;
	if (dog->still == ILV_PATIENCE_S)
		ilv_hang("no progress for " __stringify(ILV_PATIENCE_S) " s");
	hrtimer_forward_now(timer, ns_to_ktime(NSEC_PER_SEC));
	return HRTIMER_RESTART;
}

static void ilv_let_watch(void *unused)
{
	struct ilv_watch_dog *dog = this_cpu_ptr(&ilv_watch_dogs);

	hrtimer_setup(&dog->timer, ilv_look, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(&dog->timer, ns_to_ktime(NSEC_PER_SEC), HRTIMER_MODE_REL_PINNED_HARD);
}

static int __init ilv_crash_init(void)
{
	return atomic_notifier_chain_register(&panic_notifier_list,
					      &ilv_panic_notifier);
}
core_initcall(ilv_crash_init);

static int __init ilv_watch_init(void)
{
	on_each_cpu(ilv_let_watch, NULL, 1);
	return 0;
}
late_initcall(ilv_watch_init);

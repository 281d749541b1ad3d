// SPDX-License-Identifier: GPL-2.0
/*
 * If the kernel dies in a schedule, its last words are that schedule: replayed,
 * it leads to the same end.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/printk.h>

#include "../compat.h"
#include "internal.h"

static int ilv_last_words(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	static char buf[ILV_SCHEDULE_LEN];

	if (!ilv_run.live)
		return NOTIFY_DONE;
	ilv_schedule_print(&ilv_run, buf, sizeof(buf));
	pr_emerg("interleave: died in %s\n", buf);
	return NOTIFY_DONE;
}

static struct notifier_block ilv_panic_notifier = {
	.notifier_call = ilv_last_words,
	.priority = INT_MAX,
};

static int __init ilv_crash_init(void)
{
	return atomic_notifier_chain_register(&panic_notifier_list,
					      &ilv_panic_notifier);
}
core_initcall(ilv_crash_init);

/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites share: parameters, diagnostics, reasons to skip a case. */
#ifndef _PAGE_WRITEBACK_SUITE_H
#define _PAGE_WRITEBACK_SUITE_H

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/moduleparam.h>

#include "../compat.h"

/* One prefix on the kernel's command line for the parameters of all files. */
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "page_writeback."

/* A line of diagnostics, for the tools to read. */
#define pwb_print(test, fmt, ...)					\
	kunit_log(KERN_INFO, test, KUNIT_SUBTEST_INDENT "# " fmt, ##__VA_ARGS__)

struct ilv_count;
struct ilv_program;
struct ilv_result;

#define PWB_UNSET		UINT_MAX

/*
 * Without a bound only on kernels for one CPU, where nothing but the timer's
 * interrupt disturbs the stacks of the actors.
 */
#define PWB_CAN_COVER		(ILV_CAN_COVER && !IS_ENABLED(CONFIG_SMP))

/* How often to search before a search that is not the same twice counts as that. */
#define PWB_TRIES		3

/* Parameters of more than one suite: see output.c. */
extern uint pwb_bound_asked;	/* PWB_UNSET if none is */
extern uint pwb_limit;		/* schedules, at most; 0 for no limit */
extern char *pwb_actors;	/* of programs to be run: "2,3", or "" */
extern char *pwb_skip;		/* not to be run, with commas */
extern char pwb_bad_value[64];	/* a number that is none, or "" */

/* For all files: module_param_cb(name, &pwb_uint_ops, &variable, 0444). */
extern const struct kernel_param_ops pwb_uint_ops;
extern const struct kernel_param_ops pwb_bool_ops;
extern char *pwb_scenario;	/* the only one to be run, or "" */
extern char *pwb_schedule;	/* to be replayed, or "" */
extern uint pwb_pairs;		/* see reduction_kunit.c */

/* Does an exploration that ends with @error leave a world that can't be used again? */
static inline bool pwb_world_is_lost(int error)
{
	return error == -EDEADLK || error == -EUCLEAN;
}

void pwb_print_names(struct kunit *test, const char *what, const char *name,
		     unsigned long mask, const char *const *names,
		     unsigned int max);
void pwb_print_line(void *data, const char *text);
void pwb_format_count(char *buf, size_t size, const struct ilv_count *n);
void pwb_print_unstable(struct kunit *test, const char *name,
			const struct ilv_result *r, unsigned int rule);
bool pwb_is_asked_for(const char *name);
bool pwb_is_contract(const char *name);
bool pwb_expect_parameters(struct kunit *test);
void pwb_replay(struct kunit *test, const struct ilv_program *program,
		struct ilv_result *r);

/* stress_locks.c */
void pwb_stress_locks(struct kunit *test, unsigned int ms, unsigned int delay,
		      unsigned int delay_us);

#endif /* _PAGE_WRITEBACK_SUITE_H */

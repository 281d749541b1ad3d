// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters that do not take a bad value in silence. Of one that is no number the
 * kernel says so in a line that nobody reads, and boots on with the default. It is kept
 * here for the suite page_writeback_parameters.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>

#include "suite.h"

char pwb_bad_value[64];

static int pwb_note_bad(const char *val, const struct kernel_param *kp, int ret)
{
	if (ret)
		snprintf(pwb_bad_value, sizeof(pwb_bad_value), "%s=%s", kp->name,
			 val ?: "");
	return 0;
}

static int pwb_set_uint(const char *val, const struct kernel_param *kp)
{
	return pwb_note_bad(val, kp, val ? param_set_uint(val, kp) : -EINVAL);
}

static int pwb_set_bool(const char *val, const struct kernel_param *kp)
{
	return pwb_note_bad(val, kp, param_set_bool(val, kp));
}

const struct kernel_param_ops pwb_uint_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = pwb_set_uint,
	.get = param_get_uint,
};

const struct kernel_param_ops pwb_bool_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = pwb_set_bool,
	.get = param_get_bool,
};

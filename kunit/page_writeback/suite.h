/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites share: parameters, diagnostics, reasons to skip a case. */
#ifndef _PAGE_WRITEBACK_SUITE_H
#define _PAGE_WRITEBACK_SUITE_H

#include <kunit/test.h>
#include <linux/moduleparam.h>

#include "../compat.h"

/* One prefix on the kernel's command line for the parameters of all files. */
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "page_writeback."

/* A line of diagnostics, for the tools to read. */
#define pwb_print(test, fmt, ...)					\
	kunit_log(KERN_INFO, test, KUNIT_SUBTEST_INDENT "# " fmt, ##__VA_ARGS__)

#endif /* _PAGE_WRITEBACK_SUITE_H */

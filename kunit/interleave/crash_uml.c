// SPDX-License-Identifier: GPL-2.0
/*
 * The last words of a kernel under User-Mode Linux that is ended from outside in the
 * middle of a schedule: with interrupts off, nothing else is left to tell of it. There
 * is no console to rely on, as the kernel may have been anywhere.
 */
#include "internal.h"

/* After the kernel's own headers, which have another IRQ_NONE. */
#include <init.h>
#include <os.h>

static void ilv_ended_from_outside(void)
{
	char buf[ILV_SCHEDULE_LEN];

	if (!ilv_run.busy)
		return;
	ilv_schedule_print(&ilv_run, buf, sizeof(buf));
	os_warn("\ninterleave: hangs in %s: it was ended\n", buf);
}

__uml_exitcall(ilv_ended_from_outside);

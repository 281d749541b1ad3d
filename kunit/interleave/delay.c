// SPDX-License-Identifier: GPL-2.0
/*
 * For free-running threads: now and then, an access of an instrumented object
 * takes its time. What races with it on another CPU gets a chance.
 */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "points.h"

DEFINE_STATIC_KEY_FALSE(ilv_delaying);

static unsigned int ilv_delay_one_in;
static unsigned int ilv_delay_max_us;
static DEFINE_PER_CPU(u32, ilv_delay_random);

/**
 * ilv_delay() - an access of an instrumented object, about to happen
 *
 * Spins, in whatever context. Threads and interrupts that share a CPU may
 * disturb each other's random numbers, which does no harm.
 */
void ilv_delay(void)
{
	u32 *random = raw_cpu_ptr(&ilv_delay_random);
	u32 r = *random + raw_smp_processor_id() + 1;

	/* Marsaglia's xorshift. */
	r ^= r << 13;
	r ^= r >> 17;
	r ^= r << 5;
	*random = r;
	if (r % ilv_delay_one_in == 0)
		udelay((r >> 16) % ilv_delay_max_us + 1);
}

/**
 * ilv_delays() - make instrumented accesses slow at random, or stop that
 * @one_in: how many accesses to one that is slow; 0 for none
 * @max_us: how long it may take, in microseconds; at least 1
 *
 * Not for use while schedules are explored. May sleep.
 */
void ilv_delays(unsigned int one_in, unsigned int max_us)
{
	static_branch_disable(&ilv_delaying);
	if (!one_in)
		return;
	ilv_delay_one_in = one_in;
	ilv_delay_max_us = max(max_us, 1U);
	static_branch_enable(&ilv_delaying);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Where the time of an exploration goes.
 *
 * One schedule in so many is timed: there each place where something else
 * begins reads the clock. All of it is on one CPU, so that at any time only one
 * of them is at work. A schedule that took much longer than others do was
 * interrupted, by the host of the machine perhaps: it does not count.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "internal.h"

#define ILV_TIMED_ONE_IN	128
#define ILV_TOO_LONG		4	/* times as long as the shortest */
#define ILV_READINGS		64	/* to find out what one costs */

struct ilv_shares ilv_shares;

/* What reading the clock adds to what is measured, in nanoseconds. */
static u64 ilv_cost_of_reading(void)
{
	u64 start = ktime_get_ns();
	unsigned int i;

	for (i = 0; i < ILV_READINGS; i++)
		ktime_get_ns();
	return (ktime_get_ns() - start) / (ILV_READINGS + 1);
}

/**
 * ilv_shares_start() - forget what was measured
 */
void ilv_shares_start(void)
{
	memset(&ilv_shares, 0, sizeof(ilv_shares));
	ilv_shares.cost = ilv_cost_of_reading();
}

/**
 * ilv_shares_turn() - something else begins; see ilv_turn()
 * @who: what it is
 */
void ilv_shares_turn(enum ilv_share who)
{
	u64 now = ktime_get_ns();
	u64 ns = now - ilv_shares.since;

	if (ns > ilv_shares.cost)
		ilv_shares.ns[ilv_shares.who] += ns - ilv_shares.cost;
	ilv_shares.who = who;
	ilv_shares.since = now;
}

/**
 * ilv_shares_pause() - what comes now is no part of a schedule
 */
void ilv_shares_pause(void)
{
	unsigned int i;
	u64 all = 0;

	if (!ilv_shares.on)
		return;
	ilv_turn(ILV_IN_EXPLORER);
	ilv_shares.on = false;
	for (i = 0; i < ILV_NR_SHARES; i++)
		all += ilv_shares.ns[i];
	if (!ilv_shares.shortest || all < ilv_shares.shortest)
		ilv_shares.shortest = all;
	for (i = 0; i < ILV_NR_SHARES; i++) {
		if (all <= ILV_TOO_LONG * ilv_shares.shortest)
			ilv_shares.sum[i] += ilv_shares.ns[i];
		ilv_shares.ns[i] = 0;
	}
}

/**
 * ilv_shares_next() - a schedule begins: is it timed?
 */
void ilv_shares_next(void)
{
	ilv_shares.on = !(ilv_shares.schedules++ % ILV_TIMED_ONE_IN);
	ilv_shares.who = ILV_IN_EXPLORER;
	if (ilv_shares.on)
		ilv_shares.since = ktime_get_ns();
}

/**
 * ilv_shares_end() - sum up
 * @percent: filled in, by enum ilv_share; all zero if the clock is too coarse
 */
void ilv_shares_end(unsigned int *percent)
{
	u64 all = 0;
	unsigned int i;

	ilv_shares_pause();
	for (i = 0; i < ILV_NR_SHARES; i++)
		all += ilv_shares.sum[i];
	for (i = 0; i < ILV_NR_SHARES; i++)
		percent[i] = all ? div64_u64(100 * ilv_shares.sum[i] + all / 2, all) : 0;
}

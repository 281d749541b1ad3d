// SPDX-License-Identifier: GPL-2.0
/*
 * The rules. They say what must hold, never how a fix does it.
 *
 * pwb_access() runs right before each access of an actor to the struct page
 * under test, pwb_woken() when an actor is woken, pwb_freed() when the frame
 * is freed. None of them may sleep.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#include "page_checks.h"
#include "pwb.h"
#include "suite.h"
#include "../../internal.h"

static bool lethal;
module_param_cb(lethal, &pwb_bool_ops, &lethal, 0444);
MODULE_PARM_DESC(lethal, "leave to the kernel what it dies of: page flags' checks, a page freed while it is split");

const char *const pwb_rules[] = {
	[PWB_DEAD_TOUCH]	= "H1 dead touch",
	[PWB_STRAY_WAKE]	= "H2 stray wake",
	[PWB_LATE_WAKE]		= "H3 late wake",
	[PWB_TAIL_CHECK]	= "H4 tail check",
	[PWB_EARLY_RETURN]	= "early return",
	[PWB_MISSED_WAKE]	= "H5 missed wake",
	[PWB_LOST_LOCK_WAKE]	= "lost lock wakeup",
	[PWB_WRONG_WAITER]	= "wrong waiter woken",
	[PWB_WAITERS_LOST]	= "PG_waiters lost",
	[PWB_LEAK]		= "page leaked",
	[PWB_FREED_IN_USE]	= "page freed in use",
	[PWB_DOUBLE_FREE]	= "page freed twice",
	[PWB_ACCOUNTING]	= "accounting",
	[PWB_WRONG_RETURN]	= "wrong return value",
	[PWB_DEADLOCK]		= "deadlock",
};

const char *const pwb_events[] = {
	[PWB_SAW_WINDOW]	= "window",
	[PWB_SAW_FREED]		= "freed",
	[PWB_SAW_REUSED]	= "reused",
	[PWB_SAW_TAIL]		= "tail",
	[PWB_SAW_REARMED]	= "rearmed",
	[PWB_SAW_WAIT]		= "wait",
	[PWB_SAW_WAIT_AGAIN]	= "wait-again",
	[PWB_SAW_FDATAWAIT]	= "fdatawait",
	[PWB_SAW_STALE]		= "stale-waiters",
	[PWB_SAW_LOCK_WAIT]	= "lock-wait",
	[PWB_SAW_STRAY]		= "stray-wake",
	[PWB_SAW_SPLIT]		= "split",
	[PWB_SAW_MOVED]		= "moved",
	[PWB_SAW_HEAD]		= "head",
	[PWB_SAW_NEIGHBOUR]	= "neighbour",
	[PWB_SAW_DROPPED]	= "dropped",
	[PWB_SAW_GAVE_UP]	= "gave-up",
	[PWB_SAW_MEANWHILE]	= "meanwhile",
};

void pwb_saw(struct pwb_world *world, enum pwb_event event)
{
	world->reached |= BIT(event);
}

/*
 * The ender may touch its page as long as somebody holds a reference, and
 * never after. Whoever drops the last one may walk through the freeing of the
 * page: whether that is the ender shows when the page is freed.
 */
static void pwb_check_touch(struct pwb_world *world, int actor)
{
	struct page *page = world->page;

	if (actor != world->ender || world->ended)
		return;
	if (world->free || world->life != 1)
		ilv_violation(PWB_DEAD_TOUCH);
	else if (!page_ref_count(page) && !world->frozen)
		world->zero |= BIT(actor);
}

/* Of those that the page has now, how many has somebody taken while they are frozen? */
static int pwb_taken(struct pwb_world *world)
{
	int n = page_ref_count(world->page) - world->spare;

	if (world->taken && !n)
		ilv_violation(PWB_FREED_IN_USE);
	world->taken = n > 0;
	return n;
}

/*
 * Another CPU has frozen the references: the count is 0, and the page in use. Whoever
 * takes one and puts it frees the page. No kernel can go on from there, so the
 * put finds a spare one.
 */
static void pwb_check_frozen(struct pwb_world *world, const struct ilv_access *access)
{
	bool count = access->offset == offsetof(struct page, _refcount) &&
		     access->type == (ILV_WRITE | ILV_ATOMIC);

	if (pwb_taken(world) == 1 && count && !world->spare && !lethal) {
		page_ref_inc(world->page);
		world->spare++;
	}
}

/**
 * pwb_thaw() - who has the references frozen may go on, and finds what was taken
 * @world: the world
 */
void pwb_thaw(struct pwb_world *world)
{
	if (!world->frozen)
		return;
	set_page_count(world->page, pwb_taken(world));
	world->frozen = false;
	world->taken = false;
	world->spare = 0;
}

/**
 * pwb_check_policy() - a page flag is about to be used that tail pages lack
 * @page: the page
 *
 * Called in place of the check by page_checks.h. The access itself, before
 * which another actor may be let in, comes next: judge the page as it is then.
 *
 * Return: whether that is done; if not, the caller's own check applies.
 */
bool pwb_check_policy(const struct page *page)
{
	struct pwb_world *world = pwb_world_of(page);
	int self;

	if (likely(!world) || lethal)
		return false;
	self = ilv_self();
	if (self == ILV_NOBODY)
		return false;
	world->checked |= BIT(self);
	return true;
}

static void pwb_check_tail(struct pwb_world *world, int actor)
{
	if (!(world->checked & BIT(actor)))
		return;
	world->checked &= ~BIT(actor);
	if (PageTail(world->page))
		ilv_violation(PWB_TAIL_CHECK);
}

static void pwb_check_waiters(struct pwb_world *world)
{
	const struct page *neighbour = world->neighbour;
	unsigned int i;

	if (neighbour && !test_bit(PG_waiters, compat_page_flags(neighbour)))
		for (i = 0; i < ARRAY_SIZE(world->wait); i++)
			if (unlikely(world->wait[i].waiting) &&
			    world->wait[i].neighbour && ilv_asleep(i))
				ilv_violation(PWB_WAITERS_LOST);
	if (world->free || PageTail(world->page) ||
	    folio_test_waiters(pwb_folio(world)))
		return;
	for (i = 0; i < ARRAY_SIZE(world->wait); i++)
		if (unlikely(world->wait[i].waiting) &&
		    !world->wait[i].neighbour &&
		    world->wait[i].life == world->life && ilv_asleep(i))
			ilv_violation(PWB_WAITERS_LOST);
}

static void pwb_check_window(struct pwb_world *world, int actor)
{
	if (actor != world->ender && world->ending && !world->ended)
		pwb_saw(world, PWB_SAW_WINDOW);
}

void pwb_access(void *data, const struct ilv_access *access)
{
	struct pwb_world *world = data;

	if (world->meanwhile)
		world->meanwhile(world, access->actor);
	/* The first range is the page; the neighbour is nobody's to free. */
	if (!access->range) {
		if (unlikely(world->frozen))
			pwb_check_frozen(world, access);
		pwb_check_touch(world, access->actor);
		pwb_check_tail(world, access->actor);
	}
	pwb_check_waiters(world);
	pwb_check_window(world, access->actor);
}

static bool pwb_in_file(const struct pwb_world *world)
{
	const struct address_space *mapping = READ_ONCE(world->page->mapping);

	return !PageTail(world->page) &&
	       (mapping == world->file[0] || mapping == world->file[1]);
}

/**
 * pwb_freed() - the frame under test is being freed by the calling task
 * @world: the world
 *
 * Called before it is. A frame that is free already would be put into the
 * allocator's list a second time, and a page that its file still has would be
 * somebody else's as well. Neither leaves a kernel that can go on. So the free frame is
 * taken off the list first, and the page gets the reference back that its file has
 * lost. The frame is not used again after the schedule.
 */
void pwb_freed(struct pwb_world *world)
{
	int self = ilv_self();

	world->frees++;
	if (world->free) {
		/* The file of a page that was freed in use drops its own reference. */
		if (!world->corrupt)
			ilv_violation(PWB_DOUBLE_FREE);
		if (pwb_take_back(world))
			set_page_count(world->page, 0);
		world->corrupt = true;
	} else if (world->frozen || pwb_in_file(world)) {
		ilv_violation(PWB_FREED_IN_USE);
		page_ref_inc(world->page);
		world->corrupt = true;
	}
	world->free = true;
	if (self != ILV_NOBODY) {
		pwb_saw(world, PWB_SAW_FREED);
		world->zero &= ~BIT(self);
	}
	if (world->zero)
		ilv_violation(PWB_DEAD_TOUCH);
	world->zero = 0;
}

void pwb_woken(void *data, int waker, int sleeper)
{
	struct pwb_world *world = data;
	const struct pwb_wait *wait = &world->wait[sleeper];

	/*
	 * Who waits inside a function of the kernel does so without a word. But
	 * only the end of writeback wakes for PG_writeback: the ender's, or
	 * pwb_stuck()'s for a writeback that was begun later.
	 */
	if (!wait->waiting && waker == ILV_NOBODY && world->writebacks > 1)
		pwb_saw(world, PWB_SAW_WAIT_AGAIN);
	if (!wait->waiting)
		return;
	/* Each of the two pages' ends is for those who wait for that page. */
	if (waker != ILV_NOBODY &&
	    waker == (wait->neighbour ? world->ender : world->neighbour_ender))
		ilv_violation(PWB_WRONG_WAITER);
	if (waker != world->ender || wait->neighbour)
		return;
	if (wait->bit == PG_locked) {
		/* Unless he had it locked. */
		if (!world->drops)
			ilv_violation(PWB_WRONG_WAITER);
	} else if (wait->life != 1) {
		/* Whether he falls for it, he says himself. */
		pwb_saw(world, PWB_SAW_STRAY);
		ilv_near_miss(PWB_STRAY_WAKE);
	} else if (wait->writeback != 1) {
		ilv_near_miss(PWB_LATE_WAKE);
	}
}

/**
 * pwb_deadlock() - an actor sleeps, and it is not for a bit that is clear
 * @data: the world
 *
 * For the page lock, say, which was never released.
 */
void pwb_deadlock(void *data)
{
	ilv_violation(PWB_DEADLOCK);
}

/**
 * pwb_found() - say at once which rule is broken, in case the kernel dies later
 * @data: the world
 * @rule: the rule
 * @schedule: a schedule that breaks it
 * @certain: and does so again when it is repeated
 */
void pwb_found(void *data, unsigned int rule, const char *schedule, bool certain)
{
	struct pwb_world *world = data;
	struct kunit *test = world->test;

	if (test)
		pwb_print(test, "%s %s: %s, %s", certain ? "seen" : "once",
			  test->name, pwb_rules[rule], schedule);
}

/* Reference count and the flags that matter, for traces. */
void pwb_state(void *data, char *buf, size_t size)
{
	struct pwb_world *world = data;
	struct page *page = world->page;
	const unsigned long *flags = compat_page_flags(page);

	snprintf(buf, size, "%d%s%s%s%s%s", page_ref_count(page) - world->spare,
		 world->free ? " free" : world->life > 1 ? " reused" : "",
		 PageTail(page) ? " tail" : "",
		 test_bit(PG_locked, flags) ? " lock" : "",
		 test_bit(PG_writeback, flags) ? " wb" : "",
		 test_bit(PG_waiters, flags) ? " wait" : "");
}

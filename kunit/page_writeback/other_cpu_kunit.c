// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_other_cpu: what only another CPU can do, in critical sections.
 *
 * The explorer does not switch away from an actor with a lock held. But a lock
 * keeps nobody away who does not take it: who waits for PG_writeback takes that
 * of the wait queue and not i_pages', who ends writeback takes none of the
 * wait queue's as long as PG_waiters is clear. Here one of the two runs alone,
 * and before one of its accesses to the page, each in turn, does what the other
 * would do in full at that moment. A wakeup must not be missed.
 *
 * And whoever freezes the references of a page, once PG_writeback is clear, must
 * find them frozen afterwards: a reference that is taken meanwhile would be lost.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/wait.h>

#include "catalogue.h"
#include "suite.h"

/* How long another CPU may take, before it is taken to wait for a lock. */
#define PWB_PATIENCE_MS		1000

/**
 * struct pwb_other - one actor, and what another CPU does meanwhile
 * @world: of the page; first, as the actors get at it
 * @act: what the other CPU does; false if it can't at this moment
 * @at: before which of the actor's accesses it does
 * @seen: accesses so far
 * @acted: it has
 * @acted_at: the last of the accesses before which it could
 * @clears_at: the access that clears PG_writeback, if left alone
 * @locked: it has, while the lock of the wait queue was held
 * @page: whose writeback it is to end, as a CPU that is there in truth
 * @csd: by an interrupt on that one
 * @ended: it has done so, or was not asked to
 * @refused: it had to wait for the lock that is held
 * @wait: the other CPU's waiter, while on the wait queue
 * @stale: PG_waiters is set, for nobody
 * @frozen: the other CPU has frozen the references
 * @thawed: and somebody has taken one
 * @nested: PG_writeback was cleared where the wait queue may have been locked
 */
struct pwb_other {
	struct pwb_world world;
	bool (*act)(struct pwb_other *other);
	unsigned int at;
	unsigned int seen;
	bool acted;
	unsigned int acted_at;
	unsigned int clears_at;
	bool locked;
	struct page *page;
	call_single_data_t csd;
	struct completion ended;
	bool refused;
	wait_queue_entry_t wait;
	bool stale;
	bool frozen;
	bool thawed;
	bool nested;
};

static struct pwb_other *pwb_other(void *world)
{
	return container_of(world, struct pwb_other, world);
}

/*
 * No lock is held, or none but the one of i_pages. Where that was taken with interrupts
 * off, it may have been within the wait queue's.
 */
static bool pwb_wait_queue_unlocked(const struct pwb_world *world)
{
	if (world->xa_locked)
		return !world->xa_nested && preempt_count() == world->xa_depth;
	return !preempt_count() && !irqs_disabled();
}

static int pwb_other_woken(wait_queue_entry_t *wait, unsigned int mode,
			   int sync, void *arg)
{
	struct pwb_other *other = container_of(wait, struct pwb_other, wait);
	struct wait_page_key *key = arg;

	if (!compat_wait_key_is(key, other->world.page))
		return 0;
	key->page_match = 1;
	if (key->bit_nr == PG_writeback)
		list_del_init(&wait->entry);
	return 0;
}

/* Another CPU goes to sleep on PG_writeback, all under the wait queue lock. */
static bool pwb_other_waits(struct pwb_other *other)
{
	struct page *page = other->world.page;

	if (!PageWriteback(page) || !pwb_wait_queue_unlocked(&other->world))
		return false;
	COMPAT_ADD_WAIT_QUEUE(page_folio(page), &other->wait);
	return true;
}

static void pwb_other_interrupted(void *data)
{
	struct pwb_other *other = data;

	end_page_writeback(other->page);
	complete(&other->ended);
}

static bool pwb_other_has_ended(struct pwb_other *other, unsigned int ms)
{
	unsigned long us;

	for (us = 0; us < 1000UL * ms; us++) {
		if (completion_done(&other->ended))
			return true;
		udelay(1);
	}
	return false;
}

/*
 * On SMP a lock must not be taken twice. Another CPU that waits for the one that
 * is held here ends the writeback as soon as it is released.
 */
static bool pwb_other_ends_elsewhere(struct pwb_other *other)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());

	if (cpu >= nr_cpu_ids || other->refused)
		return false;
	other->page = other->world.page;
	other->csd.func = pwb_other_interrupted;
	other->csd.info = other;
	reinit_completion(&other->ended);
	if (smp_call_function_single_async(cpu, &other->csd)) {
		complete(&other->ended);
		return false;
	}
	other->refused = !pwb_other_has_ended(other, PWB_PATIENCE_MS);
	return !other->refused;
}

/* Another CPU ends the writeback. Nobody waits that it can see. */
static bool pwb_other_ends(struct pwb_other *other)
{
	struct page *page = other->world.page;
	bool locked = irqs_disabled();

	if (!PageWriteback(page) || folio_test_waiters(page_folio(page)))
		return false;
	if (!IS_ENABLED(CONFIG_SMP) || !locked)
		end_page_writeback(page);
	else if (!pwb_other_ends_elsewhere(other))
		return false;
	other->locked |= locked;
	return true;
}

/*
 * Another CPU freezes the references of the page, of which there is only its
 * file's, as s390's gmap_make_secure() did: by the lock of the page alone.
 */
static bool pwb_other_freezes_unlocked(struct pwb_other *other)
{
	struct pwb_world *world = &other->world;

	if (world->free || PageWriteback(world->page) ||
	    !page_ref_freeze(world->page, 1))
		return false;
	other->frozen = true;
	return true;
}

/* And by that of i_pages, too, as all others. */
static bool pwb_other_freezes(struct pwb_other *other)
{
	return !other->world.xa_locked && pwb_other_freezes_unlocked(other);
}

/* Others' references stay what they are, whatever became of the frozen ones. */
static void pwb_other_thaw(struct pwb_other *other)
{
	struct page *page = other->world.page;

	if (!other->frozen)
		return;
	other->frozen = false;
	other->thawed |= page_ref_count(page) != 0;
	page_ref_add(page, 1);
	/* It was not about to be freed. */
	other->world.zero = 0;
}

static void pwb_other_access(void *data, const struct ilv_access *access)
{
	struct pwb_other *other = pwb_other(data);

	if (other->frozen && page_ref_count(other->world.page))
		pwb_other_thaw(other);
	/* A compare-and-exchange does not clear it if the other has acted right before. */
	if (!other->acted && !PageWriteback(other->world.page) && !other->clears_at)
		other->clears_at = other->seen - 1;
	other->nested |= other->world.xa_locked && other->world.xa_nested;
	if (other->seen++ == other->at) {
		other->acted = other->act(other);
		if (other->acted)
			other->acted_at = other->at;
	}
	pwb_access(data, access);
}

static int pwb_other_setup(void *data)
{
	struct pwb_other *other = pwb_other(data);
	int ret;

	other->seen = 0;
	other->acted = false;
	init_waitqueue_func_entry(&other->wait, pwb_other_woken);
	INIT_LIST_HEAD(&other->wait.entry);
	ret = pwb_setup(data);
	if (!ret && other->stale)
		folio_set_waiters(pwb_folio(data));
	return ret;
}

static void pwb_other_teardown(void *data)
{
	struct pwb_other *other = pwb_other(data);

	pwb_other_thaw(other);
	/* One that had to wait for the lock can go on now. */
	while (!pwb_other_has_ended(other, PWB_PATIENCE_MS))
		;
	if (!list_empty(&other->wait.entry)) {
		ilv_violation(PWB_MISSED_WAKE);
		/* Its lock is not to be had; nobody else waits for a page. */
		list_del_init(&other->wait.entry);
	}
	pwb_teardown(data);
}

/**
 * struct pwb_acted - what came of another CPU's acting, in all runs of an actor
 * @times: how often it could act
 * @last: it could right before the access that clears PG_writeback
 * @locked: it could while the lock of the wait queue was held
 * @thawed: somebody has taken a reference of those that it had frozen
 * @nested: the wait queue may have been locked where PG_writeback is cleared
 */
struct pwb_acted {
	unsigned int times;
	bool last;
	bool locked;
	bool thawed;
	bool nested;
};

static struct pwb_acted pwb_other_cpu(struct kunit *test,
				      const struct ilv_actor *actor,
				      bool (*act)(struct pwb_other *other),
				      bool stale)
{
	struct ilv_program program = {
		.name		= test->name,
		.nr_actors	= 1,
		.actors		= { *actor },
		.rules		= pwb_rules,
		.setup		= pwb_other_setup,
		.stuck		= pwb_stuck,
		.teardown	= pwb_other_teardown,
		.access		= pwb_other_access,
		.woken		= pwb_woken,
		.state		= pwb_state,
	};
	struct pwb_acted acted = {};
	unsigned int locked = 0;
	struct ilv_result *result;
	struct pwb_other *other;

	result = kunit_kzalloc(test, sizeof(*result), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, result);
	/* Not the test's: an actor that was given up may still use it. */
	other = kzalloc(sizeof(*other), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_ASSERT_EQ(test, 0, pwb_world_init(&other->world));
	other->world.ender = actor->run == pwb_actor_end ? 0 : ILV_NOBODY;
	init_completion(&other->ended);
	complete(&other->ended);
	other->act = act;
	other->stale = stale;
	program.world = &other->world;
	do {
		ilv_explore(&program, 0, 0, result);
		KUNIT_EXPECT_EQ(test, 0, result->error);
		KUNIT_EXPECT_FALSE_MSG(test,
				       result->broken & BIT(PWB_MISSED_WAKE),
				       "if another CPU acts before access %u",
				       other->at);
		acted.times += other->acted;
		locked = result->atomic;
	} while (!result->error && other->at++ < other->seen);
	pwb_world_exit(&other->world);
	acted.last = other->clears_at && other->acted_at == other->clears_at;
	acted.locked = other->locked;
	acted.thawed = other->thawed;
	acted.nested = other->nested;
	if (result->error != -EDEADLK)
		kfree(other);
	KUNIT_EXPECT_GT(test, locked, 0U);
	return acted;
}

static const struct ilv_actor pwb_other_end = PWB_OP_END;
static const struct ilv_actor pwb_other_wait = PWB_OP_WAIT;

static void waits_during_end(struct kunit *test)
{
	struct pwb_acted acted;

	if (!COMPAT_HAS_ADD_WAIT_QUEUE)
		kunit_skip(test, "not on this line");

	acted = pwb_other_cpu(test, &pwb_other_end, pwb_other_waits, false);
	/* Before, after, and in a critical section. */
	KUNIT_EXPECT_GT_MSG(test, acted.times, 1U, "the other CPU could not act");
	KUNIT_EXPECT_TRUE_MSG(test, acted.last || acted.nested,
			      "it could not act right before PG_writeback is cleared");
}

static void ends_during_wait(struct kunit *test)
{
	struct pwb_acted acted;

	acted = pwb_other_cpu(test, &pwb_other_wait, pwb_other_ends, false);
	KUNIT_EXPECT_GT_MSG(test, acted.times, 1U, "the other CPU could not act");
	if (!acted.locked)
		pwb_print(test, "relies %s: on the order under the wait queue's lock, not tried",
			  test->name);
}

/*
 * Where a reference is held all the time, freezing fails. Where it is taken after
 * PG_writeback is clear, that must be in a place where nobody freezes.
 */
static void freezes_during_end(struct kunit *test)
{
	struct pwb_acted acted;

	acted = pwb_other_cpu(test, &pwb_other_end, pwb_other_freezes, true);
	KUNIT_EXPECT_FALSE_MSG(test, acted.thawed,
			       "a reference is taken of a page whose references are frozen");
	/* A kernel with these checks would die of it. */
	if (IS_ENABLED(CONFIG_DEBUG_VM))
		return;
	acted = pwb_other_cpu(test, &pwb_other_end, pwb_other_freezes_unlocked,
			      true);
	if (acted.thawed)
		pwb_print(test, "relies %s: on all who freeze references holding the i_pages lock",
			  test->name);
}

static struct kunit_case pwb_other_cpu_cases[] = {
	KUNIT_CASE(waits_during_end),
	KUNIT_CASE(ends_during_wait),
	KUNIT_CASE(freezes_during_end),
	{}
};

static struct kunit_suite pwb_other_cpu_suite = {
	.name = "page_writeback_other_cpu",
	.test_cases = pwb_other_cpu_cases,
};

kunit_test_suite(pwb_other_cpu_suite);

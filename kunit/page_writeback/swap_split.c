// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page of the swap cache that is split while its writeback ends, on another CPU.
 *
 * The split looks at PG_writeback, and later freezes the references, in a critical
 * section. The end of writeback clears PG_writeback and may take a reference, in a
 * critical section. The explorer takes each as one step, so that the one would never
 * meet the other. Hence P only hands the page, locked, over to a thread on a CPU
 * that the explorer does not use. That thread goes at the first moment at which
 * PG_writeback is clear: right before the next access of E, be it in a critical section,
 * or at once if E is at a point or through. It is let run
 *
 * - outside of critical sections to its end, with all actors where they are;
 * - in E's section up to where it takes the lock of the swap cache, which E may hold,
 *   or to its end, if it does not get that far. Once it has that lock, it stays there
 *   until E is through, or another actor gets at the page.
 *
 * So the schedule alone decides what happens, as for actors.
 *
 * The page is one as reclaim leaves behind: a process has mapped it; it was moved to
 * the swap cache, unmapped, put under writeback; and the process has read from it again,
 * for a split wants a page that is mapped. It has been taken off the LRU list by
 * the one that splits it, as for migration.
 *
 * The thread has the process's address space. It is the only one that uses that, as a
 * change to it interrupts all CPUs that did, and E's may have interrupts off.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/rmap.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/uaccess.h>

#include "catalogue.h"
#include "swap.h"
#include "user.h"
#include "../compat.h"
#include "../../internal.h"

/* Of what is mapped, one half is aligned. */
#define PWB_SPLIT_SIZE		(2 * HPAGE_PMD_SIZE)

/* How long the thread may take, before it is taken to wait for another lock of E's. */
#define PWB_SPLIT_PATIENCE_US	(1000 * 1000)

/**
 * struct pwb_split - the fixture
 * @world: the world
 * @thread: the process, and the one that splits
 * @job: what it is to do next; NULL: to exit
 * @go: it may begin
 * @done: it has done so, for those that sleep meanwhile
 * @ret: and this came out of it
 * @over: it has done so, for those that can't
 * @mm: its address space
 * @addr: where the page is mapped, or 0
 * @entry: the head's slot
 * @wanted: P has handed the page over
 * @begun: the thread was let go
 * @section: in a critical section of E's
 * @waits: it takes the lock of the swap cache
 * @through: and may go on when it has it
 */
struct pwb_split {
	struct pwb_world *world;
	struct task_struct *thread;
	int (*job)(struct pwb_split *s);
	struct completion go;
	struct completion done;
	int ret;
	bool over;
	struct mm_struct *mm;
	unsigned long addr;
	swp_entry_t entry;
	bool wanted;
	bool begun;
	bool section;
	bool waits;
	bool through;
};

/* For the other CPU to see, with all that was written before. */
static void pwb_split_tell(bool *flag)
{
	/* Pairs with that in pwb_split_was_told(). */
	smp_store_release(flag, true);
}

static bool pwb_split_was_told(const bool *flag)
{
	/* Pairs with that in pwb_split_tell(). */
	return smp_load_acquire(flag);
}

static int pwb_split_main(void *data)
{
	struct pwb_split *s = data;

	for (;;) {
		wait_for_completion(&s->go);
		if (!s->job)
			break;
		s->ret = s->job(s);
		pwb_split_tell(&s->over);
		complete(&s->done);
	}
	if (s->mm)
		pwb_mm_put(s->mm);
	complete(&s->done);
	return 0;
}

static void pwb_split_start(struct pwb_split *s, int (*job)(struct pwb_split *s))
{
	s->job = job;
	s->over = false;
	reinit_completion(&s->done);
	complete(&s->go);
}

/* May sleep. */
static int pwb_split_run(struct pwb_split *s, int (*job)(struct pwb_split *s))
{
	pwb_split_start(s, job);
	wait_for_completion(&s->done);
	return s->ret;
}

static int pwb_split_unmap(struct pwb_split *s)
{
	if (s->addr)
		vm_munmap(s->addr, PWB_SPLIT_SIZE);
	s->addr = 0;
	lru_add_drain();
	return 0;
}

/* The process writes to new memory, and gets a huge page. */
static struct page *pwb_split_fault(char __user *at)
{
	struct page *page;
	int ret;

	set_bit(TRANSPARENT_HUGEPAGE_FLAG, &transparent_hugepage_flags);
	ret = put_user(1, at);
	clear_bit(TRANSPARENT_HUGEPAGE_FLAG, &transparent_hugepage_flags);
	if (ret || get_user_pages_fast((unsigned long)at, 1, FOLL_WRITE, &page) != 1)
		return NULL;
	lru_add_drain();
	if (compound_order(page) == HPAGE_PMD_ORDER && compat_isolate_lru(page))
		return page;
	put_page(page);
	return NULL;
}

/* It is to be swapped out, and its writeback has begun. */
static bool pwb_split_swap_out(struct page *page)
{
	struct folio *folio = page_folio(page);
	bool swapped;

	lock_page(page);
	swapped = compat_swap_alloc(folio);
	if (swapped) {
		compat_unmap(folio);
		swapped = !folio_mapped(folio);
	}
	if (swapped) {
		clear_page_dirty_for_io(page);
		set_page_writeback(page);
	}
	unlock_page(page);
	return swapped;
}

static int pwb_split_map(struct pwb_split *s)
{
	char __user *at;
	struct page *page;
	bool swapped;
	char c;

	if (!s->mm)
		s->mm = pwb_mm_get();
	if (!s->mm)
		return -ENOMEM;
	s->addr = vm_mmap(NULL, 0, PWB_SPLIT_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(s->addr)) {
		s->addr = 0;
		return -ENOMEM;
	}
	at = (char __user *)ALIGN(s->addr, HPAGE_PMD_SIZE);
	page = pwb_split_fault(at);
	if (!page)
		return -ENOMEM;
	swapped = pwb_split_swap_out(page);
	put_page(page);
	if (!swapped || get_user(c, at)) {
		folio_putback_lru(page_folio(page));
		return -EIO;
	}
	s->entry.val = page_private(page);
	s->world->page = page;
	return 0;
}

static int pwb_split_split(struct pwb_split *s)
{
	struct page *page = s->world->page, *tail, *next;
	LIST_HEAD(tails);
	int ret = compat_split(page, &tails);

	if (!ret)
		pwb_saw(s->world, PWB_SAW_SPLIT);
	unlock_page(page);
	list_for_each_entry_safe(tail, next, &tails, lru) {
		list_del(&tail->lru);
		folio_putback_lru(page_folio(tail));
	}
	folio_putback_lru(page_folio(page));
	lru_add_drain();
	/* And the process exits. */
	return ret ?: pwb_split_unmap(s);
}

/* The thread takes the lock, for the first time since it was let go, or has it. */
static void pwb_split_lock(struct pwb_world *world, bool locked)
{
	struct pwb_split *s = world->more;
	unsigned long us;

	if (current != s->thread || !s->section || s->through)
		return;
	if (!locked) {
		world->frozen = !page_ref_count(world->page);
		pwb_split_tell(&s->waits);
		return;
	}
	for (us = 0; us < 10 * PWB_SPLIT_PATIENCE_US && !pwb_split_was_told(&s->through); us++)
		udelay(1);
}

static const char *pwb_split_state(struct pwb_split *s)
{
	if (s->world->frozen)
		return "another CPU has frozen the references";
	if (!pwb_split_was_told(&s->over))
		return "another CPU is about to freeze the references";
	return s->ret ? "another CPU can't split the page" : "another CPU has split the page";
}

static void pwb_split_begin(struct pwb_split *s)
{
	bool section = preempt_count() || irqs_disabled();
	unsigned long us;

	if (s->world->ending && !s->world->ended)
		pwb_saw(s->world, PWB_SAW_MEANWHILE);
	s->begun = true;
	s->section = section;
	pwb_split_start(s, pwb_split_split);
	for (us = 0; !pwb_split_was_told(&s->over); us++) {
		if (section && (pwb_split_was_told(&s->waits) || us == PWB_SPLIT_PATIENCE_US))
			break;
		udelay(1);
	}
	ilv_note(pwb_split_state(s));
}

static void pwb_split_finish(struct pwb_split *s)
{
	if (!s->begun || s->through)
		return;
	pwb_thaw(s->world);
	pwb_split_tell(&s->through);
	if (pwb_split_was_told(&s->over))
		return;
	while (!pwb_split_was_told(&s->over))
		udelay(1);
	ilv_note(pwb_split_state(s));
}

/*
 * Before an access of an actor. Others than E may look a frozen page up again and again;
 * but not with the lock of the wait queue, which the thread needs at its end.
 */
static void pwb_split_meanwhile(struct pwb_world *world, int actor)
{
	struct pwb_split *s = world->more;

	if (actor != world->ender) {
		if (!irqs_disabled())
			pwb_split_finish(s);
		return;
	}
	if (s->wanted && !s->begun && world->ending && !world->ended &&
	    !folio_test_writeback(pwb_folio(world)))
		pwb_split_begin(s);
}

/* E: as usual, and then the other CPU may go on. */
static void pwb_actor_split_end(void *data, int self)
{
	struct pwb_world *world = data;
	struct pwb_split *s = world->more;

	pwb_actor_end(data, self);
	if (s->wanted && !s->begun)
		pwb_split_begin(s);
	pwb_split_finish(s);
}

/* P: lock the page that was isolated, and have it split on another CPU. */
void pwb_actor_swap_split(void *data, int self)
{
	struct pwb_world *world = data;
	struct pwb_split *s = world->more;

	lock_page(world->page);
	ilv_note("has another CPU split the page");
	s->wanted = true;
	if (!folio_test_writeback(pwb_folio(world)))
		pwb_split_begin(s);
}

/* K: as K of a file. */
void pwb_actor_swap_killed(void *data, int self)
{
	struct pwb_world *world = data;
	struct pwb_split *s = world->more;
	struct page *page = compat_swap_find(s->entry);

	if (!page)
		return;
	pwb_wait_killed(world, page);
	put_page(page);
}

static int pwb_split_init(struct pwb_world *world)
{
	struct pwb_split *s = kzalloc(sizeof(*s), GFP_KERNEL);
	int ret;

	if (!s)
		return -ENOMEM;
	s->world = world;
	init_completion(&s->go);
	init_completion(&s->done);
	s->thread = kthread_create(pwb_split_main, s, "pwb_split");
	if (IS_ERR(s->thread)) {
		ret = PTR_ERR(s->thread);
		kfree(s);
		return ret;
	}
	wake_up_process(s->thread);
	world->more = s;
	world->meanwhile = pwb_split_meanwhile;
	world->xa_other_cpu = pwb_split_lock;
	ret = pwb_swap_on();
	if (!ret)
		return 0;
	pwb_split_run(s, NULL);
	kfree(s);
	return ret;
}

static void pwb_split_exit(struct pwb_world *world)
{
	struct pwb_split *s = world->more;

	pwb_split_run(s, NULL);
	WARN_ON(pwb_swap_off());
	kfree(s);
}

static int pwb_split_setup(void *data)
{
	struct pwb_world *world = data;
	struct pwb_split *s = world->more;
	int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	int ret = set_cpus_allowed_ptr(s->thread, cpumask_of(cpu));

	if (ret)
		return ret;
	s->wanted = false;
	s->begun = false;
	s->section = false;
	s->waits = false;
	s->through = false;
	ret = pwb_split_run(s, pwb_split_map);
	if (ret) {
		pwb_split_run(s, pwb_split_unmap);
		return ret;
	}
	pwb_world_reset(world);
	return pwb_world_watch(world);
}

static void pwb_split_teardown(void *data)
{
	struct pwb_world *world = data;
	struct pwb_split *s = world->more;

	pwb_end_left(world);
	if (!s->wanted)
		lock_page(world->page);
	if (!s->begun)
		pwb_split_run(s, pwb_split_split);
	pwb_split_run(s, pwb_split_unmap);
	pwb_teardown(world);
}

const struct pwb_scenario pwb_swap_split_scenarios[] = {
	/*
	 * A page freed in the middle of its split, for fixes that take a reference if there
	 * are waiters: (0) K was killed, and PG_waiters is set for nobody, (1) E clears
	 * PG_writeback, (2) P finds it clear and freezes the references: the count is 0, (3) E
	 * sees PG_waiters, and takes a reference: 1, (4) E wakes nobody and puts it:
	 * 0, and the page is freed, (5) P goes on with the split.
	 *
	 * And H1, for those that take none: (2) P splits and frees the page, (3) E looks for
	 * waiters there.
	 */
	{
		.program = PWB_PROGRAM("swap_split", pwb_split_setup,
				       pwb_split_teardown,
				       { 'E', "end_page_writeback()", pwb_actor_split_end },
				       PWB_OP_SWAP_SPLIT, PWB_OP_SWAP_KILLED),
		.max_bound = 1,
		.other_cpu = true,
		/* MEANWHILE is not: after the clear, the ender need not touch the page. */
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(STALE) | PWB_NEEDS(SPLIT),
		.init = pwb_split_init,
		.exit = pwb_split_exit,
	},

	{}
};

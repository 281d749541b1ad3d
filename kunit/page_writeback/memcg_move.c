// SPDX-License-Identifier: GPL-2.0
/* The page moves to another memory cgroup while its writeback ends. */
#include <linux/kallsyms.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "catalogue.h"
#include "memcg.h"
#include "user.h"
#include "../../internal.h"

/* One page; reached by way of a task that moves, and of that one's page tables. */
typedef int (*pwb_move_account_t)(struct compat_move_folio *folio, bool compound,
				  struct mem_cgroup *from, struct mem_cgroup *to);

/**
 * struct pwb_move - the cgroup that the page is charged to at first
 * @mnt: the hierarchy
 * @mm: what charges to @from whatever the explorer's thread allocates
 * @from: the cgroup
 * @account: mem_cgroup_move_account()
 * @begun: pages under writeback of @from and of the root, but for the one under test
 */
struct pwb_move {
	struct vfsmount *mnt;
	struct mm_struct *mm;
	struct mem_cgroup *from;
	pwb_move_account_t account;
	unsigned long begun[2];
};

static unsigned long pwb_cgroup_writeback(struct mem_cgroup *memcg,
					  const struct page *page)
{
	compat_flush_memcg(memcg);
	return lruvec_page_state_local(mem_cgroup_lruvec(memcg, page_pgdat(page)),
				       NR_WRITEBACK);
}

static int pwb_move_init(struct pwb_world *world)
{
	struct pwb_move *m = kzalloc(sizeof(*m), GFP_KERNEL);
	int ret;

	if (!m)
		return -ENOMEM;
	ret = -ENOENT;
	m->account = (pwb_move_account_t)kallsyms_lookup_name("mem_cgroup_move_account");
	if (!m->account)
		goto out_free;
	ret = pwb_cgroup_get(&m->mnt);
	if (ret)
		goto out_free;
	ret = pwb_cgroup_enter(m->mnt);
	if (ret)
		goto out_remove;
	m->mm = pwb_mm_get();
	ret = -ENOMEM;
	if (!m->mm)
		goto out_leave;
	m->from = get_mem_cgroup_from_mm(m->mm);

	/* Moving has begun, for all schedules: see lock_page_memcg(). */
	atomic_inc(&m->from->moving_account);
	synchronize_rcu();
	world->more = m;
	return 0;

out_leave:
	pwb_cgroup_leave(m->mnt);
out_remove:
	pwb_cgroup_remove(m->mnt);
	mntput(m->mnt);
out_free:
	kfree(m);
	return ret;
}

static void pwb_move_exit(struct pwb_world *world)
{
	struct pwb_move *m = world->more;

	atomic_dec(&m->from->moving_account);
	mem_cgroup_put(m->from);
	pwb_mm_put(m->mm);
	pwb_cgroup_leave(m->mnt);
	pwb_cgroup_remove(m->mnt);
	mntput(m->mnt);
	kfree(m);
}

static int pwb_move_account(struct pwb_move *m, struct page *page)
{
	struct folio *folio = page_folio(page);
	int ret;

	if (COMPAT_MOVES_LOCKED && !folio_trylock(folio))
		return -EBUSY;
	ret = m->account((struct compat_move_folio *)folio, false, m->from,
			 root_mem_cgroup);
	if (COMPAT_MOVES_LOCKED)
		folio_unlock(folio);
	return ret;
}

/* M: as a task that moves takes along the pages that it has mapped. */
void pwb_actor_move(void *data, int self)
{
	struct pwb_world *world = data;
	struct pwb_move *m = world->more;
	struct page *page = find_get_page(world->file[0], 0);

	if (!page)
		return;
	ilv_note("mem_cgroup_move_account()");
	if (compat_isolate_lru(page)) {
		if (!pwb_move_account(m, page) && world->ending && !world->ended)
			pwb_saw(world, PWB_SAW_MOVED);
		folio_putback_lru(page_folio(page));
	}
	put_page(page);
	/* The batch of pages on their way to the LRU list holds a reference. */
	lru_add_drain();
}

static int pwb_move_setup(void *data)
{
	struct pwb_world *world = data;
	struct pwb_move *m = world->more;
	int ret = pwb_setup(data);

	if (!ret) {
		m->begun[0] = pwb_cgroup_writeback(m->from, world->page) - 1;
		m->begun[1] = pwb_cgroup_writeback(root_mem_cgroup, world->page);
	}
	return ret;
}

/* No cgroup may be left with a page under writeback. */
static void pwb_move_teardown(void *data)
{
	struct pwb_world *world = data;
	struct pwb_move *m = world->more;

	pwb_end_left(world);
	if (pwb_cgroup_writeback(m->from, world->page) != m->begun[0] ||
	    pwb_cgroup_writeback(root_mem_cgroup, world->page) != m->begun[1]) {
		ilv_note("NR_WRITEBACK of a cgroup is off");
		ilv_violation(PWB_ACCOUNTING);
	}
	pwb_teardown(world);
}

const struct pwb_scenario pwb_move_scenarios[] = {
	/*
	 * (1) E has found the page's cgroup, (2) M moves the page to another,
	 * with the writeback that is counted there, (3) E counts its end: in
	 * which of the two? (4) T frees the page.
	 */
	{
		.program = PWB_PROGRAM("memcg_move", pwb_move_setup,
				       pwb_move_teardown,
				       PWB_OP_END, PWB_OP_MOVE, PWB_OP_TRUNCATE),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) | PWB_NEEDS(MOVED),
		.init = pwb_move_init,
		.exit = pwb_move_exit,
	},

	{}
};

/* SPDX-License-Identifier: GPL-2.0 */
/* The operations that scenarios are made of: see actors.c and catalogue.h. */
#ifndef _PAGE_WRITEBACK_ACTORS_H
#define _PAGE_WRITEBACK_ACTORS_H

#include "pwb.h"

/* As page->private; the value means nothing. */
#define PWB_PRIVATE	((void *)1)

/* actors.c */
struct page *pwb_find(struct pwb_world *world);
struct page *pwb_find_lock(struct pwb_world *world);
void pwb_will_wait(struct pwb_world *world, int self, int bit);
void pwb_wait_locked(struct pwb_world *world, int self, struct page *page,
		     enum pwb_rule rule);
void pwb_wait_killed(struct pwb_world *world, struct page *page);
void pwb_write_again(struct pwb_world *world);
void pwb_reuse(struct pwb_world *world, int self);
void pwb_actor_end(void *data, int self);
void pwb_actor_truncate(void *data, int self);
void pwb_actor_reuse(void *data, int self);
void pwb_actor_compound(void *data, int self);
void pwb_actor_head(void *data, int self);
void pwb_actor_rearm(void *data, int self);
void pwb_actor_wait(void *data, int self);
void pwb_actor_stable(void *data, int self);
void pwb_actor_fdatawait(void *data, int self);
void pwb_actor_killed(void *data, int self);
void pwb_actor_lock(void *data, int self);
void pwb_actor_lock_killed(void *data, int self);
void pwb_actor_read(void *data, int self);
void pwb_actor_read_end(void *data, int self);
void pwb_actor_drop(void *data, int self);
void pwb_actor_sync(void *data, int self);
void pwb_actor_reuse_sync(void *data, int self);

/* contexts.c */
void pwb_actor_partial(void *data, int self);
void pwb_actor_invalidate(void *data, int self);

/* programs.c, reclaim.c, neighbour.c */
void pwb_actor_fsync(void *data, int self);
void pwb_actor_reclaim(void *data, int self);
void pwb_actor_neighbour_end(void *data, int self);
void pwb_actor_neighbour_wait(void *data, int self);

/* migrate.c */
#ifdef CONFIG_MIGRATION
void pwb_actor_migrate(void *data, int self);
#else
#define pwb_actor_migrate	NULL
#endif

/* huge.c */
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
void pwb_actor_huge(void *data, int self);
void pwb_actor_huge_truncate(void *data, int self);
void pwb_actor_huge_reuse(void *data, int self);
void pwb_actor_huge_punch(void *data, int self);
#else
#define pwb_actor_huge		NULL
#define pwb_actor_huge_truncate	NULL
#define pwb_actor_huge_reuse	NULL
#define pwb_actor_huge_punch	NULL
#endif

/* memcg_move.c */
#ifdef CONFIG_PAGE_WRITEBACK_MOVE
void pwb_actor_move(void *data, int self);
#else
#define pwb_actor_move		NULL
#endif

/* swap.c */
#ifdef CONFIG_PAGE_WRITEBACK_SWAP
void pwb_actor_swap_free(void *data, int self);
void pwb_actor_swap_wait(void *data, int self);
#else
#define pwb_actor_swap_free	NULL
#define pwb_actor_swap_wait	NULL
#endif

/* swap_split.c */
#ifdef CONFIG_PAGE_WRITEBACK_SWAP_SPLIT
void pwb_actor_swap_split(void *data, int self);
void pwb_actor_swap_killed(void *data, int self);
#else
#define pwb_actor_swap_split	NULL
#define pwb_actor_swap_killed	NULL
#endif

#endif /* _PAGE_WRITEBACK_ACTORS_H */

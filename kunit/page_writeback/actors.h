/* SPDX-License-Identifier: GPL-2.0 */
/* The operations that scenarios are made of: see actors.c. */
#ifndef _PAGE_WRITEBACK_ACTORS_H
#define _PAGE_WRITEBACK_ACTORS_H

#include "pwb.h"

void pwb_wait_locked(struct pwb_world *world, int self, struct page *page,
		     enum pwb_rule rule);
void pwb_reuse(struct pwb_world *world, int self);
void pwb_actor_end(void *data, int self);
void pwb_actor_truncate(void *data, int self);
void pwb_actor_reuse(void *data, int self);
void pwb_actor_compound(void *data, int self);
void pwb_actor_rearm(void *data, int self);
void pwb_actor_wait(void *data, int self);
void pwb_actor_fdatawait(void *data, int self);
void pwb_actor_killed(void *data, int self);
void pwb_actor_lock(void *data, int self);
void pwb_actor_sync(void *world, int self);
void pwb_actor_reuse_sync(void *world, int self);

#endif /* _PAGE_WRITEBACK_ACTORS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* A memory cgroup that comes and goes: see memcg.c. Only with CONFIG_MEMCG. */
#ifndef _PAGE_WRITEBACK_MEMCG_H
#define _PAGE_WRITEBACK_MEMCG_H

#include <linux/memcontrol.h>
#include <linux/mm_types.h>
#include <linux/mount.h>

int pwb_cgroup_get(struct vfsmount **mnt);
int pwb_cgroup_enter(struct vfsmount *mnt);
int pwb_cgroup_leave(struct vfsmount *mnt);
int pwb_cgroup_remove(struct vfsmount *mnt);
struct mem_cgroup *pwb_cgroup_of(struct page *page);

#endif /* _PAGE_WRITEBACK_MEMCG_H */

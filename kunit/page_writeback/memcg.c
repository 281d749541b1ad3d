// SPDX-License-Identifier: GPL-2.0
/* A memory cgroup, made and removed through the cgroup filesystem. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "memcg.h"
#include "../compat.h"

#define PWB_CGROUP	"pwb"

static int pwb_cgroup_write(struct vfsmount *mnt, const char *name,
			    const char *text)
{
	struct file *file = file_open_root_mnt(mnt, name, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	fput(file);
	flush_delayed_fput();
	return n < 0 ? n : 0;
}

/**
 * pwb_cgroup_get() - make a memory cgroup
 * @mnt: filled in with a mount of its hierarchy; for mntput() by the caller,
 *	 after pwb_cgroup_remove()
 *
 * Return: 0 or a negative errno.
 */
int pwb_cgroup_get(struct vfsmount **mnt)
{
	struct file_system_type *type = get_fs_type("cgroup2");
	int ret;

	if (!type)
		return -ENODEV;
	*mnt = vfs_kern_mount(type, SB_KERNMOUNT, type->name, NULL);
	put_filesystem(type);
	if (IS_ERR(*mnt))
		return PTR_ERR(*mnt);
	ret = pwb_cgroup_write(*mnt, "cgroup.subtree_control", "+memory") ?:
	      compat_mkdir((*mnt)->mnt_root, PWB_CGROUP);
	if (ret)
		mntput(*mnt);
	return ret;
}

/**
 * pwb_cgroup_enter() - move the calling thread into the cgroup
 * @mnt: of pwb_cgroup_get()
 *
 * Return: 0 or a negative errno.
 */
int pwb_cgroup_enter(struct vfsmount *mnt)
{
	return pwb_cgroup_write(mnt, PWB_CGROUP "/cgroup.procs", "0");
}

/**
 * pwb_cgroup_leave() - move the calling thread back to the root
 * @mnt: of pwb_cgroup_get()
 *
 * Return: 0 or a negative errno.
 */
int pwb_cgroup_leave(struct vfsmount *mnt)
{
	return pwb_cgroup_write(mnt, "cgroup.procs", "0");
}

/**
 * pwb_cgroup_remove() - remove the cgroup, whoever is charged to it
 * @mnt: of pwb_cgroup_get()
 *
 * Return: 0 or a negative errno.
 */
int pwb_cgroup_remove(struct vfsmount *mnt)
{
	return compat_rmdir(mnt->mnt_root, PWB_CGROUP);
}

/**
 * pwb_cgroup_of() - the cgroup that a page is charged to
 * @page: the page
 *
 * Return: the cgroup, or NULL for none and for the root. It is there for as long
 * as somebody holds it: the page may be charged to its parent when it is gone.
 */
struct mem_cgroup *pwb_cgroup_of(struct page *page)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	memcg = folio_memcg(page_folio(page));
	rcu_read_unlock();
	return memcg && !mem_cgroup_is_root(memcg) ? memcg : NULL;
}

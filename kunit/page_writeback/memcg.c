// SPDX-License-Identifier: GPL-2.0
/* A memory cgroup, made and removed through the cgroup filesystem. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/string.h>

#include "memcg.h"
#include "../compat.h"

#define PWB_CGROUP	"pwb"

static int pwb_cgroup_write(struct vfsmount *mnt, const char *name,
			    const char *text)
{
	struct file *file = file_open_root(mnt->mnt_root, mnt, name, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	fput(file);
	flush_delayed_fput();
	return n < 0 ? n : 0;
}

/* Look the cgroup's folder up, with its parent locked. */
static struct dentry *pwb_cgroup_lookup(struct dentry *root)
{
	struct dentry *dentry;

	inode_lock_nested(d_inode(root), I_MUTEX_PARENT);
	dentry = lookup_one_len(PWB_CGROUP, root, strlen(PWB_CGROUP));
	if (IS_ERR(dentry))
		inode_unlock(d_inode(root));
	return dentry;
}

static void pwb_cgroup_forget(struct dentry *root, struct dentry *dentry)
{
	inode_unlock(d_inode(root));
	dput(dentry);
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
	struct dentry *dentry;
	int ret;

	if (!type)
		return -ENODEV;
	*mnt = vfs_kern_mount(type, SB_KERNMOUNT, type->name, NULL);
	put_filesystem(type);
	if (IS_ERR(*mnt))
		return PTR_ERR(*mnt);
	ret = pwb_cgroup_write(*mnt, "cgroup.subtree_control", "+memory");
	if (ret)
		goto out;
	dentry = pwb_cgroup_lookup((*mnt)->mnt_root);
	ret = PTR_ERR_OR_ZERO(dentry);
	if (ret)
		goto out;
	ret = vfs_mkdir(d_inode((*mnt)->mnt_root), dentry, 0755);
	pwb_cgroup_forget((*mnt)->mnt_root, dentry);
	if (!ret)
		return 0;
out:
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
	struct dentry *root = mnt->mnt_root;
	struct dentry *dentry = pwb_cgroup_lookup(root);
	int ret;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = vfs_rmdir(d_inode(root), dentry);
	pwb_cgroup_forget(root, dentry);
	return ret;
}

/**
 * pwb_cgroup_of() - the cgroup that a page is charged to
 * @page: the page
 *
 * Return: the cgroup, or NULL for none and for the root.
 */
struct mem_cgroup *pwb_cgroup_of(struct page *page)
{
	struct mem_cgroup *memcg = compat_page_memcg(page);

	return memcg && !mem_cgroup_is_root(memcg) ? memcg : NULL;
}

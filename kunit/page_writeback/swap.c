// SPDX-License-Identifier: GPL-2.0
/*
 * A page of the swap cache, whose file is a real swap device in RAM.
 *
 * The kernel offers swapon() as a system call alone. So the calling thread
 * borrows an address space, puts the path there, and makes that call.
 */
#include <asm/syscall.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/memcontrol.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/uaccess.h>
#include <linux/writeback.h>

#include "catalogue.h"
#include "swap.h"
#include "user.h"
#include "../compat.h"

#define PWB_SWAP_PATH	"/pwb-swap"
#define PWB_SWAP_PAGES	(CONFIG_BLK_DEV_RAM_SIZE / (PAGE_SIZE / 1024))

/* A node for the first RAM disk. */
static int pwb_swap_node(void)
{
	struct dentry *dentry;
	struct path path;
	int ret;

	dentry = start_creating_path(AT_FDCWD, PWB_SWAP_PATH, &path, 0);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry) == -EEXIST ? 0 : PTR_ERR(dentry);
	ret = compat_vfs(mknod, d_inode(path.dentry), dentry, S_IFBLK | 0600,
			 MKDEV(RAMDISK_MAJOR, 0));
	end_creating_path(&path, dentry);
	return ret;
}

/* What mkswap writes. */
static int pwb_swap_format(void)
{
	union swap_header *header = kzalloc(PAGE_SIZE, GFP_KERNEL);
	struct file *file;
	loff_t pos = 0;
	ssize_t n;

	if (!header)
		return -ENOMEM;
	header->info.version = 1;
	header->info.last_page = PWB_SWAP_PAGES - 1;
	memcpy(header->magic.magic, "SWAPSPACE2", 10);

	file = filp_open(PWB_SWAP_PATH, O_RDWR | O_LARGEFILE, 0);
	if (IS_ERR(file)) {
		n = PTR_ERR(file);
		goto out;
	}
	n = kernel_write(file, header, PAGE_SIZE, &pos);
	if (n == PAGE_SIZE)
		n = vfs_fsync(file, 0);
	else if (n >= 0)
		n = -EIO;
	fput(file);
	flush_delayed_fput();
out:
	kfree(header);
	return n;
}

/* Make a system call that takes the path and another argument. */
static long pwb_swap_call(unsigned int nr, unsigned long arg)
{
	struct mm_struct *mm = pwb_mm_get();
	unsigned long addr;
	long ret;

	if (!mm)
		return -ENOMEM;
	addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		ret = addr;
	else if (copy_to_user((void __user *)addr, PWB_SWAP_PATH,
			      sizeof(PWB_SWAP_PATH)))
		ret = -EFAULT;
	else
		ret = compat_syscall(nr, addr, arg);
	pwb_mm_put(mm);
	flush_delayed_fput();
	return ret;
}

/**
 * pwb_swap_on() - swap to the first RAM disk
 *
 * Return: 0 or a negative errno.
 */
int pwb_swap_on(void)
{
	int ret = 0;

	scoped_with_init_fs()
		ret = pwb_swap_node() ?: pwb_swap_format() ?:
		      pwb_swap_call(__NR_swapon, 0);
	return ret;
}

/**
 * pwb_swap_off() - undo pwb_swap_on()
 *
 * Return: 0 or a negative errno.
 */
int pwb_swap_off(void)
{
	int ret = 0;

	scoped_with_init_fs()
		ret = pwb_swap_call(__NR_swapoff, 0);
	return ret;
}

/**
 * pwb_swap_add() - put a new page into the swap cache
 * @page: the page
 *
 * As reclaim does with an anonymous page of a single process: the slot is in
 * use once, by the page table entry that refers to it.
 *
 * Return: 0, with the page locked; or a negative errno.
 */
int pwb_swap_add(struct page *page)
{
	struct folio *folio = page_folio(page);

	lock_page(page);
	folio_set_swapbacked(folio);
	folio_mark_uptodate(folio);
	if (compat_charge(folio) || !compat_swap_add(folio)) {
		unlock_page(page);
		return -ENOMEM;
	}
	folio_add_lru(folio);
	/* The batch of pages on their way to the LRU list holds a reference. */
	lru_add_drain();
	return 0;
}

/**
 * pwb_swap_free() - take a page out of the swap cache, if it is there
 * @page: the page, not under writeback; its slot is not in use
 */
void pwb_swap_free(struct page *page)
{
	get_page(page);
	lock_page(page);
	folio_free_swap(page_folio(page));
	unlock_page(page);
	put_page(page);
}

/**
 * pwb_swap_write() - write a page of the swap cache to the device
 * @page: the page, locked; it comes back unlocked
 *
 * The RAM disk is done with it, and has ended the writeback, on return.
 *
 * Return: 0 or a negative errno.
 */
int pwb_swap_write(struct page *page)
{
	clear_page_dirty_for_io(page);
	return compat_swap_write(page_folio(page));
}

/**
 * pwb_swap_read() - read a page of the swap cache from the device
 * @page: the page, locked; it comes back unlocked
 *
 * Return: 0 or a negative errno.
 */
int pwb_swap_read(struct page *page)
{
	ClearPageUptodate(page);
	return compat_swap_read(page_folio(page));
}

/**
 * pwb_swap_unuse() - nobody refers to a page's slot any more
 * @page: a page of the swap cache
 */
void pwb_swap_unuse(struct page *page)
{
	compat_swap_unuse(page_folio(page));
}

static int pwb_swap_init(struct pwb_world *world)
{
	swp_entry_t *entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	int ret;

	if (!entry)
		return -ENOMEM;
	world->more = entry;
	ret = pwb_swap_on();
	if (ret)
		kfree(entry);
	return ret;
}

static void pwb_swap_exit(struct pwb_world *world)
{
	WARN_ON(pwb_swap_off());
	kfree(world->more);
}

static int pwb_swap_setup(void *data)
{
	struct pwb_world *world = data;
	swp_entry_t *entry = world->more;
	int ret = pwb_get_frames(world);

	if (ret)
		return ret;
	pwb_world_reset(world);
	ret = pwb_swap_add(world->page);
	if (ret) {
		__free_page(world->page);
		return ret;
	}
	entry->val = page_private(world->page);
	set_page_writeback(world->page);
	unlock_page(world->page);
	put_page(world->page);
	return pwb_world_watch(world);
}

static void pwb_swap_teardown(void *data)
{
	struct pwb_world *world = data;

	pwb_end_left(world);
	if (world->life == 1 && !world->free)
		pwb_swap_free(world->page);
	pwb_teardown(world);
}

/* X: the process exits, and its page table entries are zapped. */
void pwb_actor_swap_free(void *data, int self)
{
	struct pwb_world *world = data;
	swp_entry_t *entry = world->more;

	ilv_note("frees the swap slot");
	compat_swap_zap(*entry);
}

/* W: as reclaim does with a page that it has isolated. */
void pwb_actor_swap_wait(void *data, int self)
{
	struct pwb_world *world = data;
	swp_entry_t *entry = world->more;
	struct page *page = compat_swap_find(*entry);

	if (!page)
		return;
	/* Without the page lock; but nobody writes this page a second time. */
	pwb_wait_locked(world, self, page, PWB_EARLY_RETURN);
	put_page(page);
}

const struct pwb_scenario pwb_swap_scenarios[] = {
	/*
	 * H1 and H2 with a page that has no file: (1) E clears PG_writeback,
	 * (2) X finds the page in the swap cache, sees that nobody needs it any
	 * more, and frees it, (3) R gets the frame for another file, puts it
	 * under writeback and waits, (4) E looks for waiters, and wakes R. With
	 * W, there are waiters before the clear, too.
	 */
	{
		.program = PWB_PROGRAM("swap_reuse", pwb_swap_setup,
				       pwb_swap_teardown, PWB_OP_END,
				       PWB_OP_SWAP_FREE, PWB_OP_REUSE,
				       PWB_OP_SWAP_WAIT),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) |
			 PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT) |
			 PWB_NEEDS(WAIT_AGAIN),
		.init = pwb_swap_init,
		.exit = pwb_swap_exit,
	},

	{}
};

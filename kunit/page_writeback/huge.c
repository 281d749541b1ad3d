// SPDX-License-Identifier: GPL-2.0
/*
 * Huge pages of shmem: the frame under test becomes the tail of one, or is the
 * head of one. They are real: shmem allocates them for a file on a tmpfs that
 * is mounted with huge=always.
 *
 * To have a given frame in the next huge page, the world owns an aligned block
 * of that size, in pieces: the first frame and the last, and what is between
 * them. Once all are freed the allocator has merged them again, and hands the
 * block to whoever wants one of its order next, for it is the one that was freed
 * last. The block after it stays allocated, so that no larger one comes out.
 * All of this is movable memory, as that of shmem is.
 *
 * The last frame makes a tail like most. In the first few, later kernels keep
 * fields of the folio: who takes one of those for a page on its own follows what
 * is no pointer, and the kernel dies.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/writeback.h>

#include "catalogue.h"
#include "huge.h"
#include "../compat.h"
#include "../../internal.h"

#define PWB_MOVABLE		(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN)
#define PWB_BLOCK_TRIES		3

/**
 * struct pwb_huge - the fixture of these scenarios
 * @file: on the tmpfs
 * @block: where the huge page is to be, or is
 * @next: the block after it, which is kept
 * @cut: the world owns @block, in pieces
 */
struct pwb_huge {
	struct file *file;
	struct page *block;
	struct page *next;
	bool cut;
};

/**
 * pwb_huge_file_get() - a file of one huge page's size on a tmpfs of its own,
 *			 mounted with huge=always
 *
 * Return: the file or an error pointer.
 */
struct file *pwb_huge_file_get(void)
{
	struct file_system_type *type = get_fs_type("tmpfs");
	char options[] = "huge=always";
	struct vfsmount *mnt;
	struct file *file;

	if (!type)
		return ERR_PTR(-ENODEV);
	mnt = vfs_kern_mount(type, SB_KERNMOUNT, type->name, options);
	put_filesystem(type);
	if (IS_ERR(mnt))
		return ERR_CAST(mnt);
	file = shmem_file_setup_with_mnt(mnt, "pwb", HPAGE_PMD_SIZE,
					 COMPAT_NORESERVE);
	/* From here on the file holds the mount. */
	mntput(mnt);
	/* As in pwb_files_get(): v7.2 counts the writeback of any file's pages. */
	if (!IS_ERR(file))
		inode_attach_wb(file_inode(file), NULL);
	return file;
}

/**
 * pwb_huge_file_put() - undo pwb_huge_file_get()
 * @file: the file
 */
void pwb_huge_file_put(struct file *file)
{
	fput(file);
	flush_delayed_fput();
}

/**
 * pwb_huge_page() - have shmem allocate the file's huge page
 * @file: the file, empty
 *
 * As at the beginning of a write to the file, which spares shmem the clearing.
 *
 * Return: the head page, with the file's references only, or NULL.
 */
struct page *pwb_huge_page(struct file *file)
{
	struct page *page = compat_write_begin(file);

	if (!page)
		return NULL;
	unlock_page(page);
	put_page(page);
	return compound_order(page) == HPAGE_PMD_ORDER ? page : NULL;
}

static void pwb_huge_truncate(const struct pwb_huge *h)
{
	shmem_truncate_range(file_inode(h->file), 0, -1);
}

static struct page *pwb_block_last(const struct pwb_huge *h)
{
	return h->block + HPAGE_PMD_NR - 1;
}

static void pwb_block_cut(struct pwb_huge *h)
{
	unsigned int order;

	/* The first frame has its reference already. */
	for (order = 0; order < HPAGE_PMD_ORDER - 1; order++) {
		set_page_refcounted(h->block + (1 << order));
		set_page_refcounted(h->block + HPAGE_PMD_NR - (2 << order));
	}
	set_page_refcounted(pwb_block_last(h));
	h->cut = true;
}

/* Give the pieces back, but for a frame that is free already, or NULL. */
static void pwb_block_merge(struct pwb_huge *h, const struct page *free)
{
	unsigned int order;

	/* What has been freed before must not come out first. */
	drain_local_pages(NULL);
	if (h->block != free)
		__free_page(h->block);
	for (order = 0; order < HPAGE_PMD_ORDER - 1; order++) {
		__free_pages(h->block + (1 << order), order);
		__free_pages(h->block + HPAGE_PMD_NR - (2 << order), order);
	}
	if (pwb_block_last(h) != free)
		__free_page(pwb_block_last(h));
	h->cut = false;
	/* Single frames are kept apart for each CPU: merge them as well. */
	drain_local_pages(NULL);
}

/* Own the block, in pieces: the same one again, if nobody has taken it. */
static int pwb_block_get(struct pwb_huge *h)
{
	struct page *page = alloc_pages(PWB_MOVABLE, HPAGE_PMD_ORDER);

	if (!page)
		return -ENOMEM;
	if (page != h->block) {
		__free_pages(page, HPAGE_PMD_ORDER);
		page = alloc_pages(PWB_MOVABLE, HPAGE_PMD_ORDER + 1);
		if (!page)
			return -ENOMEM;
		if (h->next)
			__free_pages(h->next, HPAGE_PMD_ORDER);
		h->block = page;
		h->next = page + HPAGE_PMD_NR;
		set_page_refcounted(h->next);
	}
	pwb_block_cut(h);
	return 0;
}

static int pwb_huge_init(struct pwb_world *world)
{
	struct pwb_huge *h = kzalloc(sizeof(*h), GFP_KERNEL);
	int ret;

	if (!h)
		return -ENOMEM;
	h->file = pwb_huge_file_get();
	if (IS_ERR(h->file)) {
		ret = PTR_ERR(h->file);
		kfree(h);
		return ret;
	}
	world->more = h;
	return 0;
}

static void pwb_huge_exit(struct pwb_world *world)
{
	struct pwb_huge *h = world->more;

	if (h->cut)
		pwb_block_merge(h, world->page);
	if (h->next)
		__free_pages(h->next, HPAGE_PMD_ORDER);
	pwb_huge_file_put(h->file);
	kfree(h);
}

/* The frame under test was freed by the last schedule: have it again. */
static bool pwb_huge_again(struct pwb_world *world, struct pwb_huge *h)
{
	struct page *page;

	if (!h->cut)
		return false;
	page = alloc_page(PWB_MOVABLE);
	if (page == world->page)
		return true;
	if (page)
		__free_page(page);
	pwb_block_merge(h, world->page);
	return false;
}

/* A page of the first file, in the one frame of the block that will be a tail. */
static int pwb_huge_tail_setup(void *data)
{
	struct pwb_world *world = data;
	struct pwb_huge *h = world->more;
	int ret;

	if (!pwb_huge_again(world, h)) {
		ret = pwb_block_get(h);
		if (ret)
			return ret;
		world->page = pwb_block_last(h);
	}
	return pwb_setup_frame(world);
}

/* A huge page of shmem under writeback, in the block. */
static int pwb_huge_head_setup(void *data)
{
	struct pwb_world *world = data;
	struct pwb_huge *h = world->more;
	struct page *page;
	unsigned int i;
	int ret;

	for (i = 0; i < PWB_BLOCK_TRIES; i++) {
		if (h->cut) {
			pwb_block_merge(h, world->page);
		} else if (!h->block || i) {
			ret = pwb_block_get(h);
			if (ret)
				return ret;
			pwb_block_merge(h, NULL);
		}
		page = pwb_huge_page(h->file);
		if (!page)
			return -ENOMEM;
		if (page == h->block)
			break;
		pwb_huge_truncate(h);
	}
	if (i == PWB_BLOCK_TRIES)
		return -EAGAIN;

	world->page = page;
	pwb_world_reset(world);
	lock_page(page);
	set_page_writeback(page);
	unlock_page(page);
	return pwb_world_watch(world);
}

static void pwb_huge_teardown(void *data)
{
	struct pwb_world *world = data;

	pwb_end_left(world);
	pwb_huge_truncate(world->more);
	pwb_teardown(world);
}

/* H: somebody writes to the file on the tmpfs. */
void pwb_actor_huge(void *data, int self)
{
	struct pwb_world *world = data;
	struct pwb_huge *h = world->more;
	struct page *page;

	if (!world->free)
		return;
	ilv_note("frees what is around the frame");
	pwb_block_merge(h, world->page);
	ilv_note("writes to a file on tmpfs");
	page = pwb_huge_page(h->file);
	world->captured = page && page == h->block;
	if (world->captured && PageTail(world->page))
		pwb_saw(world, PWB_SAW_TAIL);
}

/*
 * Shmem never truncates a page under writeback, for it has moved it to the swap
 * cache by then, and so does not wait: wait here.
 */
static bool pwb_huge_wait(struct pwb_world *world, int self)
{
	struct pwb_huge *h = world->more;
	struct page *page = find_lock_page(h->file->f_mapping, 0);

	if (!page)
		return false;
	pwb_wait_locked(world, self, page, PWB_LATE_WAKE);
	unlock_page(page);
	put_page(page);
	return true;
}

/* T: truncate the file to nothing. */
void pwb_actor_huge_truncate(void *data, int self)
{
	struct pwb_world *world = data;

	if (pwb_huge_wait(world, self))
		pwb_huge_truncate(world->more);
}

/* R: the block is allocated for other purposes, and the head is another page. */
void pwb_actor_huge_reuse(void *data, int self)
{
	struct pwb_world *world = data;
	struct pwb_huge *h = world->more;
	struct page *page;

	if (!world->free)
		return;
	page = alloc_pages(PWB_MOVABLE, HPAGE_PMD_ORDER);
	world->captured = page && page == h->block;
	if (world->captured) {
		pwb_block_cut(h);
		pwb_reuse(world, self);
	} else if (page) {
		__free_pages(page, HPAGE_PMD_ORDER);
	}
}

/* P: punch a hole in place of the head, once its writeback is over. */
void pwb_actor_huge_punch(void *data, int self)
{
	struct pwb_world *world = data;
	struct pwb_huge *h = world->more;
	struct page *page;

	if (!pwb_huge_wait(world, self))
		return;
	ilv_note("punches a hole");
	shmem_truncate_range(file_inode(h->file), 0, PAGE_SIZE - 1);
	page = find_get_page(h->file->f_mapping, 1);
	if (!page)
		return;
	if (!PageCompound(page))
		pwb_saw(world, PWB_SAW_SPLIT);
	put_page(page);
}

const struct pwb_scenario pwb_huge_scenarios[] = {
	/*
	 * H4, to the letter: (1) E clears PG_writeback, (2) T frees the page,
	 * (3) H gets the frame as a tail of a huge page, (4) E asks the tail
	 * for its waiters.
	 */
	{
		.program = PWB_PROGRAM("huge_tail", pwb_huge_tail_setup,
				       pwb_huge_teardown,
				       PWB_OP_END, PWB_OP_TRUNCATE, PWB_OP_HUGE),
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) | PWB_NEEDS(TAIL),
		.init = pwb_huge_init,
		.exit = pwb_huge_exit,
	},

	/*
	 * H2 the other way round: (1) E clears PG_writeback of a huge page,
	 * (2) T frees it, (3) R gets its head as a page of another file, puts
	 * it under writeback and waits, (4) E wakes R.
	 *
	 * page_mapped() alone looks at the head for each of the 512 pages: over
	 * 1,100 points and 60,000 schedules at bound 2, at 400 a second in QEMU.
	 */
	{
		.program = PWB_PROGRAM("huge_reuse", pwb_huge_head_setup,
				       pwb_huge_teardown,
				       PWB_OP_END, PWB_OP_HUGE_TRUNCATE, PWB_OP_HUGE_REUSE),
		.max_bound = 1,
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) |
			 PWB_NEEDS(REUSED) | PWB_NEEDS(WAIT_AGAIN),
		.init = pwb_huge_init,
		.exit = pwb_huge_exit,
	},

	/*
	 * H1 by way of a split: (1) E clears PG_writeback of a huge page, (2) P
	 * splits it and frees what was its head, (3) E looks for waiters there.
	 *
	 * 512 pages to split and to free one by one: 50 a second in QEMU.
	 */
	{
		.program = PWB_PROGRAM("huge_split", pwb_huge_head_setup,
				       pwb_huge_teardown,
				       PWB_OP_END, PWB_OP_HUGE_PUNCH),
		.max_bound = 1,
		.needs = PWB_NEEDS(WINDOW) | PWB_NEEDS(FREED) |
			 PWB_NEEDS(WAIT) | PWB_NEEDS(SPLIT),
		.init = pwb_huge_init,
		.exit = pwb_huge_exit,
	},

	{}
};

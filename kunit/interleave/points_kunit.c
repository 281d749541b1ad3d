// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what is a point and what is none, on toy programs. This file is
 * instrumented like the code under test.
 *
 * In each program a writer W has some points, which is what is tested, and a
 * reader R has one: it looks at the word that is watched. An actor with k points
 * has k + 1 steps, and R has two, so that there are (k + 3)! / ((k + 1)! 2!)
 * interleavings: 3 if W has no point, 6 if it has one, 10 with two, 15 with three.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/bit_spinlock.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <linux/writeback.h>
#include <linux/xarray.h>

#include "ilv.h"
#include "../compat.h"

#define TOY_UNBOUNDED	ILV_MAX_BOUND

static const char *const toy_rules[] = { "seen before the section" };

/**
 * struct toy_op - what W does, and what comes of it
 * @name: for the reader of a failure
 * @run: does it
 * @points: how many points that has
 * @offset: in the first range, of the last of its accesses
 * @size: how much of the range that is
 */
struct toy_op {
	const char *name;
	void (*run)(void);
	unsigned int points;
	unsigned int offset;
	unsigned int size;
};

/**
 * struct toy_section - a critical section of W
 * @name: for the reader of a failure
 * @run: the section
 * @done: did it have its effect? NULL if it writes a 2
 * @violating: in how many schedules R sees W's 1 and no effect
 */
struct toy_section {
	const char *name;
	void (*run)(void);
	bool (*done)(void);
	unsigned int violating;
};

struct toy_memory {
	unsigned long before;
	unsigned long word;		/* watched */
	unsigned long between;
	unsigned long other;		/* watched if @both */
	unsigned long after;
};

static struct toy {
	struct toy_memory m, plain;
	bool both;
	int bit;			/* not known to the compiler */
	size_t size;			/* nor this */
	const struct toy_op *op;
	const struct toy_section *section;
	unsigned int offset, len;	/* of W's last access to the first range */

	spinlock_t lock;		/* this and the next three guard nothing */
	raw_spinlock_t raw;
	rwlock_t rw;
	unsigned long bits;
	wait_queue_head_t queue;
	wait_queue_entry_t entry;
	struct xarray xa;
	struct super_block sb;
	struct inode inode;
	unsigned long page;
} toy;

static int toy_setup(void *world)
{
	memset(&toy.m, 0, sizeof(toy.m));
	memset(&toy.plain, 0, sizeof(toy.plain));
	toy.bit = 3;
	toy.size = sizeof(toy.m.word);
	toy.offset = UINT_MAX;
	toy.len = 0;
	if (ilv_watch(&toy.m.word, sizeof(toy.m.word)) < 0)
		return -ENOSPC;
	return toy.both && ilv_watch(&toy.m.other, sizeof(toy.m.other)) < 0 ?
		-ENOSPC : 0;
}

static void toy_access(void *world, const struct ilv_access *access)
{
	if (access->actor || access->range)
		return;
	toy.offset = access->offset;
	toy.len = access->size;
}

static void toy_do(void *world, int self)
{
	toy.op->run();
}

static void toy_look(void *world, int self)
{
	(void)READ_ONCE(toy.m.word);
}

static const struct ilv_program toy_points = {
	.name		= "points",
	.nr_actors	= 2,
	.actors		= {
		{ 'W', "does something", toy_do },
		{ 'R', "looks", toy_look },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
	.access		= toy_access,
};

static void toy_expect_points(struct kunit *test, const struct toy_op *op,
			      unsigned int nr)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	for (; nr; nr--, op++) {
		unsigned int k = op->points;

		toy.op = op;
		ilv_explore(&toy_points, TOY_UNBOUNDED, 0, r);
		KUNIT_EXPECT_EQ_MSG(test, r->error, 0, "%s", op->name);
		KUNIT_EXPECT_EQ_MSG(test, r->points, k + 1, "%s", op->name);
		KUNIT_EXPECT_EQ_MSG(test, r->schedules, (u64)(k + 3) * (k + 2) / 2,
				    "%s", op->name);
		if (!op->size)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, toy.offset, op->offset, "%s", op->name);
		KUNIT_EXPECT_EQ_MSG(test, toy.len, op->size, "%s", op->name);
	}
}

/* What W runs: a statement, as a function. */
#define TOY_RUN(name, ...)						\
static void toy_##name(void)						\
{									\
	__VA_ARGS__;							\
}

static void toy_bit_loop(void)
{
	int i;

	for (i = 0; i < 3; i++)
		(void)test_bit(3, &toy.m.word);
}

TOY_RUN(read, (void)READ_ONCE(toy.m.word))
TOY_RUN(read_twice, toy_read(); toy_read())
TOY_RUN(bit, (void)test_bit(3, &toy.m.word))
TOY_RUN(bit_twice, toy_bit(); toy_bit())
TOY_RUN(bit_read, toy_bit(); toy_read())
TOY_RUN(read_bit, toy_read(); toy_bit())
TOY_RUN(any_bit, (void)test_bit(READ_ONCE(toy.bit), &toy.m.word))
TOY_RUN(any_bit_twice, toy_any_bit(); toy_any_bit())
TOY_RUN(any_bit_read, toy_any_bit(); toy_read())
TOY_RUN(any_bit_bit, toy_any_bit(); toy_bit())

#define TOY_ATOMIC	((atomic_t *)&toy.m.word)

TOY_RUN(atomic, (void)atomic_read(TOY_ATOMIC))
TOY_RUN(atomic_twice, toy_atomic(); toy_atomic())
TOY_RUN(atomic_plain, toy_atomic(); (void)READ_ONCE(TOY_ATOMIC->counter))
TOY_RUN(atomic_acquire, (void)atomic_read_acquire(TOY_ATOMIC))
TOY_RUN(atomic64, (void)atomic64_read((atomic64_t *)&toy.m.word))
TOY_RUN(atomic_long, (void)atomic_long_read((atomic_long_t *)&toy.m.word))
/* Pairs with nothing: it is only counted. */
TOY_RUN(acquire, (void)smp_load_acquire(&toy.m.word))
TOY_RUN(inc, atomic_inc(TOY_ATOMIC))
TOY_RUN(set_bit, set_bit(3, &toy.m.word))
TOY_RUN(set_test_bit, toy_set_bit(); toy_bit())
TOY_RUN(elsewhere, (void)test_bit(3, &toy.m.after))
#ifdef test_bit_acquire
TOY_RUN(bit_acquire, (void)test_bit_acquire(3, &toy.m.word))
TOY_RUN(any_bit_acquire,
	(void)test_bit_acquire(READ_ONCE(toy.bit), &toy.m.word))
#endif

/* A read is one point, however it is announced; and each of two is one. */
static const struct toy_op toy_reads[] = {
	{ "READ_ONCE()", toy_read, 1, 0, 8 },
	{ "READ_ONCE(), twice", toy_read_twice, 2, 0, 8 },
	{ "test_bit()", toy_bit, 1, 0, 8 },
	{ "test_bit(), twice", toy_bit_twice, 2, 0, 8 },
	{ "test_bit(), three times", toy_bit_loop, 3, 0, 8 },
	{ "test_bit(), READ_ONCE()", toy_bit_read, 2, 0, 8 },
	{ "READ_ONCE(), test_bit()", toy_read_bit, 2, 0, 8 },
	{ "test_bit() of any", toy_any_bit, 1, 0, 8 },
	{ "test_bit() of any, twice", toy_any_bit_twice, 2, 0, 8 },
	{ "test_bit() of any, READ_ONCE()", toy_any_bit_read, 2, 0, 8 },
	{ "test_bit() of any, test_bit()", toy_any_bit_bit, 2, 0, 8 },
	{ "atomic_read()", toy_atomic, 1, 0, 4 },
	{ "atomic_read(), twice", toy_atomic_twice, 2, 0, 4 },
	{ "atomic_read(), READ_ONCE()", toy_atomic_plain, 2, 0, 4 },
	{ "atomic_read_acquire()", toy_atomic_acquire, 1, 0, 4 },
	{ "atomic64_read()", toy_atomic64, 1, 0, 8 },
	{ "atomic_long_read()", toy_atomic_long, 1, 0, 8 },
	{ "smp_load_acquire()", toy_acquire, 1, 0, 8 },
	{ "atomic_inc()", toy_inc, 1, 0, 4 },
	{ "set_bit()", toy_set_bit, 1, 0, 8 },
	{ "set_bit(), test_bit()", toy_set_test_bit, 2, 0, 8 },
	{ "test_bit() elsewhere", toy_elsewhere, 0 },
#ifdef test_bit_acquire
	{ "test_bit_acquire()", toy_bit_acquire, 1, 0, 8 },
	{ "test_bit_acquire() of any", toy_any_bit_acquire, 1, 0, 8 },
#endif
};

static void reads_count_once(struct kunit *test)
{
	toy.both = false;
	toy_expect_points(test, toy_reads, ARRAY_SIZE(toy_reads));
}

/* An access that begins before the word, or ends after it, or both. */
TOY_RUN(set, memset(&toy.m.word, 0, sizeof(toy.m.word)))
TOY_RUN(set_some, memset(&toy.m.word, 0, READ_ONCE(toy.size)))
TOY_RUN(set_none, memset(&toy.m.word, 0, READ_ONCE(toy.size) - 8))
TOY_RUN(set_all, memset(&toy.m, 0, sizeof(toy.m)))
TOY_RUN(set_into, memset((char *)&toy.m.before + 4, 0, 8))
TOY_RUN(set_beyond, memset((char *)&toy.m.word + 4, 0, 8))
TOY_RUN(set_before, memset(&toy.m.before, 0, sizeof(toy.m.before)))
TOY_RUN(set_after, memset(&toy.m.between, 0, 3 * sizeof(toy.m.between)))
TOY_RUN(copy_to, memcpy(&toy.m.word, &toy.plain.word, sizeof(toy.m.word)))
TOY_RUN(copy_from, memcpy(&toy.plain.word, &toy.m.word, sizeof(toy.m.word)))
TOY_RUN(copy_some, memcpy(&toy.plain, &toy.m, READ_ONCE(toy.size) + 4))
TOY_RUN(move, memmove(&toy.m.word, &toy.m.before, 2 * sizeof(toy.m.word)))
TOY_RUN(assign, toy.m = toy.plain)
TOY_RUN(assign_from, toy.plain = toy.m)
TOY_RUN(zero, toy.m = (struct toy_memory){ 0 }; barrier())
TOY_RUN(unaligned, WRITE_ONCE(*(unsigned long *)((char *)&toy.m.before + 6), 0))
TOY_RUN(last_byte, WRITE_ONCE(*((char *)&toy.m.word + 7), 0))
TOY_RUN(byte_before, WRITE_ONCE(*((char *)&toy.m.word - 1), 0))
TOY_RUN(byte_after, WRITE_ONCE(*((char *)&toy.m.word + 8), 0))

static const struct toy_op toy_ranges[] = {
	{ "memset()", toy_set, 1, 0, 8 },
	{ "memset() of any size", toy_set_some, 1, 0, 8 },
	{ "memset() of nothing", toy_set_none, 0 },
	{ "memset() from before to after", toy_set_all, 1, 0, 8 },
	{ "memset() from before", toy_set_into, 1, 0, 4 },
	{ "memset() to after", toy_set_beyond, 1, 4, 4 },
	{ "memset() right before", toy_set_before, 0 },
	{ "memset() right after", toy_set_after, 0 },
	{ "memcpy() to", toy_copy_to, 1, 0, 8 },
	{ "memcpy() from", toy_copy_from, 1, 0, 8 },
	{ "memcpy() of any size", toy_copy_some, 1, 0, 4 },
	{ "memmove() within", toy_move, 2, 0, 8 },
	{ "assignment to a struct", toy_assign, 1, 0, 8 },
	{ "assignment of a struct", toy_assign_from, 1, 0, 8 },
	{ "assignment of nothing", toy_zero, 1, 0, 8 },
	{ "write from before", toy_unaligned, 1, 0, 6 },
	{ "write of the last byte", toy_last_byte, 1, 7, 1 },
	{ "write right before", toy_byte_before, 0 },
	{ "write right after", toy_byte_after, 0 },
};

/* With two words watched, what touches both has a point at each. */
TOY_RUN(copy_both, memcpy(&toy.m.word, &toy.m.other, sizeof(toy.m.word)))

static const struct toy_op toy_two_ranges[] = {
	{ "memset() of both", toy_set_all, 2, 0, 8 },
	{ "memset() of the other", toy_set_after, 1 },
	{ "memcpy() from one to the other", toy_copy_both, 2, 0, 8 },
	{ "memcpy() of any size", toy_copy_some, 1, 0, 4 },
	{ "assignment to both", toy_assign, 2, 0, 8 },
};

static void ranges(struct kunit *test)
{
	toy.both = false;
	toy_expect_points(test, toy_ranges, ARRAY_SIZE(toy_ranges));
	toy.both = true;
	toy_expect_points(test, toy_two_ranges, ARRAY_SIZE(toy_two_ranges));
}

/*
 * W writes a 1, and then begins a critical section in which it writes a 2, or has
 * some other effect. Its points are ahead of the 1 and ahead of the section, so
 * there are 10 interleavings. In 3 of them R looks in between: R's own first step
 * is before, between or after W's first two. Were the section's start no point,
 * there would be 6, and none of these.
 */
static void toy_write_and_section(void *world, int self)
{
	WRITE_ONCE(toy.m.word, 1);
	toy.section->run();
}

static void toy_look_between(void *world, int self)
{
	if (READ_ONCE(toy.m.word) == 1 &&
	    !(toy.section->done && toy.section->done()))
		ilv_violation(0);
}

static const struct ilv_program toy_sections = {
	.name		= "sections",
	.nr_actors	= 2,
	.actors		= {
		{ 'W', "writes, then has a section", toy_write_and_section },
		{ 'R', "looks", toy_look_between },
	},
	.rules		= toy_rules,
	.setup		= toy_setup,
};

static void toy_expect_sections(struct kunit *test,
				const struct ilv_program *program,
				const struct toy_section *section, unsigned int nr)
{
	struct ilv_result *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	toy.both = false;
	for (; nr; nr--, section++) {
		toy.section = section;
		ilv_explore(program, TOY_UNBOUNDED, 0, r);
		KUNIT_EXPECT_EQ_MSG(test, r->error, 0, "%s", section->name);
		KUNIT_EXPECT_EQ_MSG(test, r->schedules, 10ULL, "%s", section->name);
		KUNIT_EXPECT_EQ_MSG(test, r->violating, (u64)section->violating,
				    "%s", section->name);
	}
}

static void toy_write_two(void)
{
	WRITE_ONCE(toy.m.word, 2);
}

#define TOY_SECTION(name, lock, unlock)					\
	TOY_RUN(name, lock; toy_write_two(); unlock)

#define TOY_SECTION_SAVE(name, lock, unlock, ...)			\
	TOY_RUN(name, unsigned long flags; lock(__VA_ARGS__, flags);	\
		toy_write_two(); unlock(__VA_ARGS__, flags))

#define TOY_SECTION_TRY(name, lock, unlock)				\
	TOY_RUN(name, if (lock) { toy_write_two(); unlock; })

TOY_SECTION(preempt, preempt_disable(), preempt_enable())
TOY_SECTION(irq, local_irq_disable(), local_irq_enable())
TOY_RUN(irqsave, unsigned long flags; local_irq_save(flags); toy_write_two();
	local_irq_restore(flags))
TOY_SECTION(bh, local_bh_disable(), local_bh_enable())
TOY_SECTION(spin, spin_lock(&toy.lock), spin_unlock(&toy.lock))
TOY_SECTION(spin_bh, spin_lock_bh(&toy.lock), spin_unlock_bh(&toy.lock))
TOY_SECTION(spin_irq, spin_lock_irq(&toy.lock), spin_unlock_irq(&toy.lock))
TOY_SECTION_SAVE(spin_irqsave, spin_lock_irqsave, spin_unlock_irqrestore, &toy.lock)
TOY_SECTION(spin_nested, spin_lock_nested(&toy.lock, 1), spin_unlock(&toy.lock))
TOY_SECTION_TRY(try, spin_trylock(&toy.lock), spin_unlock(&toy.lock))
TOY_SECTION_TRY(try_bh, spin_trylock_bh(&toy.lock), spin_unlock_bh(&toy.lock))
TOY_SECTION_TRY(try_irq, spin_trylock_irq(&toy.lock), spin_unlock_irq(&toy.lock))
TOY_RUN(try_irqsave, unsigned long flags;
	if (spin_trylock_irqsave(&toy.lock, flags)) {
		toy_write_two();
		spin_unlock_irqrestore(&toy.lock, flags);
	})
TOY_SECTION(raw, raw_spin_lock(&toy.raw), raw_spin_unlock(&toy.raw))
TOY_SECTION(raw_bh, raw_spin_lock_bh(&toy.raw), raw_spin_unlock_bh(&toy.raw))
TOY_SECTION(raw_irq, raw_spin_lock_irq(&toy.raw), raw_spin_unlock_irq(&toy.raw))
TOY_SECTION_SAVE(raw_irqsave, raw_spin_lock_irqsave, raw_spin_unlock_irqrestore,
		 &toy.raw)
TOY_SECTION_TRY(raw_try, raw_spin_trylock(&toy.raw), raw_spin_unlock(&toy.raw))
TOY_SECTION(rd, read_lock(&toy.rw), read_unlock(&toy.rw))
TOY_SECTION(rd_bh, read_lock_bh(&toy.rw), read_unlock_bh(&toy.rw))
TOY_SECTION(rd_irq, read_lock_irq(&toy.rw), read_unlock_irq(&toy.rw))
TOY_SECTION_SAVE(rd_irqsave, read_lock_irqsave, read_unlock_irqrestore, &toy.rw)
TOY_SECTION_TRY(rd_try, read_trylock(&toy.rw), read_unlock(&toy.rw))
TOY_SECTION(wr, write_lock(&toy.rw), write_unlock(&toy.rw))
TOY_SECTION(wr_bh, write_lock_bh(&toy.rw), write_unlock_bh(&toy.rw))
TOY_SECTION(wr_irq, write_lock_irq(&toy.rw), write_unlock_irq(&toy.rw))
TOY_SECTION_SAVE(wr_irqsave, write_lock_irqsave, write_unlock_irqrestore, &toy.rw)
TOY_SECTION_TRY(wr_try, write_trylock(&toy.rw), write_unlock(&toy.rw))
TOY_SECTION(bit_spin, bit_spin_lock(0, &toy.bits), bit_spin_unlock(0, &toy.bits))
TOY_SECTION_TRY(bit_try, bit_spin_trylock(0, &toy.bits),
		bit_spin_unlock(0, &toy.bits))
#ifdef guard
TOY_RUN(guard_spin, guard(spinlock_irqsave)(&toy.lock); toy_write_two())
TOY_RUN(guard_preempt, guard(preempt)(); toy_write_two())
TOY_RUN(guard_irq, guard(irqsave)(); toy_write_two())
#endif

static const struct toy_section toy_locks[] = {
	{ "preempt_disable()", toy_preempt, NULL, 3 },
	{ "local_irq_disable()", toy_irq, NULL, 3 },
	{ "local_irq_save()", toy_irqsave, NULL, 3 },
	{ "local_bh_disable()", toy_bh, NULL, 3 },
	{ "spin_lock()", toy_spin, NULL, 3 },
	{ "spin_lock_bh()", toy_spin_bh, NULL, 3 },
	{ "spin_lock_irq()", toy_spin_irq, NULL, 3 },
	{ "spin_lock_irqsave()", toy_spin_irqsave, NULL, 3 },
	{ "spin_lock_nested()", toy_spin_nested, NULL, 3 },
	{ "spin_trylock()", toy_try, NULL, 3 },
	{ "spin_trylock_bh()", toy_try_bh, NULL, 3 },
	{ "spin_trylock_irq()", toy_try_irq, NULL, 3 },
	{ "spin_trylock_irqsave()", toy_try_irqsave, NULL, 3 },
	{ "raw_spin_lock()", toy_raw, NULL, 3 },
	{ "raw_spin_lock_bh()", toy_raw_bh, NULL, 3 },
	{ "raw_spin_lock_irq()", toy_raw_irq, NULL, 3 },
	{ "raw_spin_lock_irqsave()", toy_raw_irqsave, NULL, 3 },
	{ "raw_spin_trylock()", toy_raw_try, NULL, 3 },
	{ "read_lock()", toy_rd, NULL, 3 },
	{ "read_lock_bh()", toy_rd_bh, NULL, 3 },
	{ "read_lock_irq()", toy_rd_irq, NULL, 3 },
	{ "read_lock_irqsave()", toy_rd_irqsave, NULL, 3 },
	{ "read_trylock()", toy_rd_try, NULL, 3 },
	{ "write_lock()", toy_wr, NULL, 3 },
	{ "write_lock_bh()", toy_wr_bh, NULL, 3 },
	{ "write_lock_irq()", toy_wr_irq, NULL, 3 },
	{ "write_lock_irqsave()", toy_wr_irqsave, NULL, 3 },
	{ "write_trylock()", toy_wr_try, NULL, 3 },
	{ "bit_spin_lock()", toy_bit_spin, NULL, 3 },
	{ "bit_spin_trylock()", toy_bit_try, NULL, 3 },
#ifdef guard
	{ "guard(spinlock_irqsave)", toy_guard_spin, NULL, 3 },
	{ "guard(preempt)", toy_guard_preempt, NULL, 3 },
	{ "guard(irqsave)", toy_guard_irq, NULL, 3 },
#endif
};

static void sections_begin(struct kunit *test)
{
	spin_lock_init(&toy.lock);
	raw_spin_lock_init(&toy.raw);
	rwlock_init(&toy.rw);
	toy_expect_sections(test, &toy_sections, toy_locks, ARRAY_SIZE(toy_locks));
}

/*
 * In place of the 1, W accesses its own task state, as the last thing that a waiter does
 * before it takes its entry off a queue. What it has looked at by then may change before
 * it has the lock.
 */
static void toy_state_and_section(void *world, int self)
{
	__set_current_state(TASK_RUNNING);
	toy.m.between = 1;
	toy.section->run();
}

static void toy_look_after_state(void *world, int self)
{
	if (READ_ONCE(toy.m.word) != 2 && toy.m.between)
		ilv_violation(0);
}

static void sections_begin_after_state(struct kunit *test)
{
	static const struct toy_section lock[] = {
		{ "spin_lock_irq()", toy_spin_irq, NULL, 3 },
	};
	struct ilv_program program = toy_sections;

	spin_lock_init(&toy.lock);
	program.actors[0].run = toy_state_and_section;
	program.actors[1].run = toy_look_after_state;
	toy_expect_sections(test, &program, lock, ARRAY_SIZE(lock));
}

/* Locks that are taken by objects which are not instrumented: see locks.mk. */
static int toy_queue_func(wait_queue_entry_t *entry, unsigned int mode, int flags,
			  void *key)
{
	toy_write_two();
	return 0;
}

static bool toy_stored(void)
{
	return READ_ONCE(toy.xa.xa_head);
}

static bool toy_marked(void)
{
	return READ_ONCE(toy.inode.i_wb_list.next) != &toy.inode.i_wb_list;
}

static bool toy_freed(void)
{
	return true;
}

TOY_RUN(wake, wake_up_all(&toy.queue))
TOY_RUN(store, xa_store(&toy.xa, 0, xa_mk_value(1), GFP_KERNEL))
TOY_RUN(mark, sb_mark_inode_writeback(&toy.inode))
TOY_RUN(free, free_page(toy.page))

static const struct toy_section toy_elsewhere_locks[] = {
	{ "kernel/sched/wait.c", toy_wake, NULL, 3 },
	{ "lib/xarray.c", toy_store, toy_stored, 3 },
	{ "fs/fs-writeback.c", toy_mark, toy_marked, 3 },
	/* Nothing is to be seen of what this one does. */
	{ "mm/page_alloc.c", toy_free, toy_freed, 0 },
};

static int toy_setup_elsewhere(void *world)
{
	toy.page = 0;
	init_waitqueue_head(&toy.queue);
	toy.entry.flags = 0;
	toy.entry.func = toy_queue_func;
	add_wait_queue(&toy.queue, &toy.entry);
	xa_init(&toy.xa);
	spin_lock_init(&toy.sb.s_inode_wblist_lock);
	INIT_LIST_HEAD(&toy.sb.s_inodes_wb);
	INIT_LIST_HEAD(&toy.inode.i_wb_list);
	toy.inode.i_sb = &toy.sb;
	if (toy.section->run == toy_free) {
		toy.page = __get_free_page(GFP_KERNEL);
		if (!toy.page)
			return -ENOMEM;
	}
	return toy_setup(world);
}

static void sections_begin_elsewhere(struct kunit *test)
{
	struct ilv_program program = toy_sections;

	program.setup = toy_setup_elsewhere;
	toy_expect_sections(test, &program, toy_elsewhere_locks,
			    ARRAY_SIZE(toy_elsewhere_locks));
}

static struct kunit_case points_cases[] = {
	KUNIT_CASE(reads_count_once),
	KUNIT_CASE(ranges),
	KUNIT_CASE(sections_begin),
	KUNIT_CASE(sections_begin_after_state),
	KUNIT_CASE(sections_begin_elsewhere),
	{}
};

static struct kunit_suite points_suite = {
	.name = "interleave_points",
	.test_cases = points_cases,
};

kunit_test_suite(points_suite);

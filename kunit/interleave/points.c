// SPDX-License-Identifier: GPL-2.0
/*
 * The entry points that the instrumented objects call before each access.
 *
 * They run from early boot on, in every context, for every access of those
 * objects: outside a run they read one flag and return. This file must not be
 * instrumented itself.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>

#include "points.h"

/* The compiler's names: see -fsanitize=thread, and kernel/kcsan/core.c. */
#define DEFINE_TSAN_ACCESS(suffix, bytes)				\
void __tsan_read##suffix(void *addr);					\
void __tsan_read##suffix(void *addr)					\
{									\
	ilv_access(addr, bytes, ILV_READ, _RET_IP_);			\
}									\
void __tsan_write##suffix(void *addr);					\
void __tsan_write##suffix(void *addr)					\
{									\
	ilv_access(addr, bytes, ILV_WRITE, _RET_IP_);			\
}									\
void __tsan_unaligned_read##suffix(void *addr);				\
void __tsan_unaligned_read##suffix(void *addr)				\
{									\
	ilv_access(addr, bytes, ILV_READ, _RET_IP_);			\
}									\
void __tsan_unaligned_write##suffix(void *addr);			\
void __tsan_unaligned_write##suffix(void *addr)				\
{									\
	ilv_access(addr, bytes, ILV_WRITE, _RET_IP_);			\
}									\
void __tsan_volatile_read##suffix(void *addr);				\
void __tsan_volatile_read##suffix(void *addr)				\
{									\
	ilv_access(addr, bytes, ILV_READ, _RET_IP_);			\
}									\
void __tsan_volatile_write##suffix(void *addr);				\
void __tsan_volatile_write##suffix(void *addr)				\
{									\
	ilv_access(addr, bytes, ILV_WRITE, _RET_IP_);			\
}									\
void __tsan_unaligned_volatile_read##suffix(void *addr);		\
void __tsan_unaligned_volatile_read##suffix(void *addr)			\
{									\
	ilv_access(addr, bytes, ILV_READ, _RET_IP_);			\
}									\
void __tsan_unaligned_volatile_write##suffix(void *addr);		\
void __tsan_unaligned_volatile_write##suffix(void *addr)		\
{									\
	ilv_access(addr, bytes, ILV_WRITE, _RET_IP_);			\
}

DEFINE_TSAN_ACCESS(1, 1)
DEFINE_TSAN_ACCESS(2, 2)
DEFINE_TSAN_ACCESS(4, 4)
DEFINE_TSAN_ACCESS(8, 8)
DEFINE_TSAN_ACCESS(16, 16)

void __tsan_read_range(void *addr, size_t size);
void __tsan_read_range(void *addr, size_t size)
{
	ilv_access(addr, size, ILV_READ, _RET_IP_);
}

void __tsan_write_range(void *addr, size_t size);
void __tsan_write_range(void *addr, size_t size)
{
	ilv_access(addr, size, ILV_WRITE, _RET_IP_);
}

/* Called by a constructor that the compiler adds to each instrumented object. */
void __tsan_init(void);
void __tsan_init(void)
{
}

/*
 * Called where a critical section begins, and in place of the functions that take
 * a lock: see locks.h. With the lock taken by the last call of all, a lock's own
 * messages name the caller.
 */
static __always_inline void ilv_lock_point(unsigned long ip, const void *frame)
{
	if (unlikely(READ_ONCE(ilv_run.live)) && ilv_may_switch())
		ilv_point(ILV_BEFORE_LOCK, 0, 0, ILV_READ, ip, frame);
}

void ilv_before_lock(void);
void ilv_before_lock(void)
{
	ilv_lock_point(_RET_IP_, ilv_caller_frame());
}

#if defined(CONFIG_SMP) || defined(CONFIG_DEBUG_SPINLOCK)
#define DEFINE_ILV_LOCK(name, lock_t)					\
void ilv_raw_##name(lock_t *lock);					\
void ilv_raw_##name(lock_t *lock)					\
{									\
	ilv_lock_point(_RET_IP_, ilv_caller_frame());			\
	_raw_##name(lock);						\
}

#define DEFINE_ILV_LOCK_SAVE(name, lock_t)				\
unsigned long ilv_raw_##name(lock_t *lock);				\
unsigned long ilv_raw_##name(lock_t *lock)				\
{									\
	ilv_lock_point(_RET_IP_, ilv_caller_frame());			\
	return _raw_##name(lock);					\
}

#define DEFINE_ILV_TRYLOCK(name, lock_t)				\
int ilv_raw_##name(lock_t *lock);					\
int ilv_raw_##name(lock_t *lock)					\
{									\
	ilv_lock_point(_RET_IP_, ilv_caller_frame());			\
	return _raw_##name(lock);					\
}

DEFINE_ILV_LOCK(spin_lock, raw_spinlock_t)
DEFINE_ILV_LOCK(spin_lock_bh, raw_spinlock_t)
DEFINE_ILV_LOCK(spin_lock_irq, raw_spinlock_t)
DEFINE_ILV_LOCK_SAVE(spin_lock_irqsave, raw_spinlock_t)
DEFINE_ILV_TRYLOCK(spin_trylock, raw_spinlock_t)
DEFINE_ILV_TRYLOCK(spin_trylock_bh, raw_spinlock_t)
DEFINE_ILV_LOCK(read_lock, rwlock_t)
DEFINE_ILV_LOCK(read_lock_bh, rwlock_t)
DEFINE_ILV_LOCK(read_lock_irq, rwlock_t)
DEFINE_ILV_LOCK_SAVE(read_lock_irqsave, rwlock_t)
DEFINE_ILV_TRYLOCK(read_trylock, rwlock_t)
DEFINE_ILV_LOCK(write_lock, rwlock_t)
DEFINE_ILV_LOCK(write_lock_bh, rwlock_t)
DEFINE_ILV_LOCK(write_lock_irq, rwlock_t)
DEFINE_ILV_LOCK_SAVE(write_lock_irqsave, rwlock_t)
DEFINE_ILV_TRYLOCK(write_trylock, rwlock_t)

#ifdef CONFIG_DEBUG_LOCK_ALLOC
void ilv_raw_spin_lock_nested(raw_spinlock_t *lock, int subclass);
void ilv_raw_spin_lock_nested(raw_spinlock_t *lock, int subclass)
{
	ilv_lock_point(_RET_IP_, ilv_caller_frame());
	_raw_spin_lock_nested(lock, subclass);
}

void ilv_raw_spin_lock_nest_lock(raw_spinlock_t *lock, struct lockdep_map *map);
void ilv_raw_spin_lock_nest_lock(raw_spinlock_t *lock, struct lockdep_map *map)
{
	ilv_lock_point(_RET_IP_, ilv_caller_frame());
	_raw_spin_lock_nest_lock(lock, map);
}

unsigned long
ilv_raw_spin_lock_irqsave_nested(raw_spinlock_t *lock, int subclass);
unsigned long
ilv_raw_spin_lock_irqsave_nested(raw_spinlock_t *lock, int subclass)
{
	ilv_lock_point(_RET_IP_, ilv_caller_frame());
	return _raw_spin_lock_irqsave_nested(lock, subclass);
}

#endif
#endif

/* Called in place of the kernel's own announcements: see instrument.h. */
void ilv_atomic_read(const volatile void *addr, unsigned long size);
void ilv_atomic_read(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_READ | ILV_ATOMIC, _RET_IP_);
}

void ilv_atomic_write(const volatile void *addr, unsigned long size);
void ilv_atomic_write(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_WRITE | ILV_ATOMIC, _RET_IP_);
}

void ilv_atomic_read_write(const volatile void *addr, unsigned long size);
void ilv_atomic_read_write(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_WRITE | ILV_ATOMIC, _RET_IP_);
}

void ilv_plain_read(const volatile void *addr, unsigned long size);
void ilv_plain_read(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_READ, _RET_IP_);
}

void ilv_plain_write(const volatile void *addr, unsigned long size);
void ilv_plain_write(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_WRITE, _RET_IP_);
}

void ilv_plain_read_write(const volatile void *addr, unsigned long size);
void ilv_plain_read_write(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_WRITE, _RET_IP_);
}

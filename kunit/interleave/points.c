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

#include "points.h"
#include "instrument.h"

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

/* Called ahead of a lock: see instrument.h. */
void ilv_before_lock(void)
{
	if (unlikely(READ_ONCE(ilv_run.live)) && ilv_may_switch())
		ilv_point(ILV_BEFORE_LOCK, 0, 0, ILV_READ, _RET_IP_,
			  ilv_caller_frame());
}

/* Called in place of the kernel's own announcements: see instrument.h. */
void ilv_atomic_read(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_READ | ILV_ATOMIC, _RET_IP_);
}

void ilv_atomic_write(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_WRITE | ILV_ATOMIC, _RET_IP_);
}

void ilv_atomic_read_write(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_WRITE | ILV_ATOMIC, _RET_IP_);
}

void ilv_plain_write(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_WRITE, _RET_IP_);
}

void ilv_plain_read_write(const volatile void *addr, unsigned long size)
{
	ilv_access(addr, size, ILV_WRITE, _RET_IP_);
}

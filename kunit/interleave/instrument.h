/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pre-included (-include) for the objects under test, and for those alone.
 *
 * -fsanitize=thread makes the compiler report plain and volatile accesses and the
 * assignment of structs, but neither inline assembly nor memset() and its like.
 * The kernel announces the operations that it has in assembly, atomic or not,
 * through the functions below; announce them to the explorer as well. The
 * functions themselves stay as they are: only the names that the headers included
 * after this one use are redirected.
 */
#ifndef _INTERLEAVE_INSTRUMENT_H
#define _INTERLEAVE_INSTRUMENT_H

#include <linux/instrumented.h>

void ilv_atomic_read(const volatile void *addr, unsigned long size);
void ilv_atomic_write(const volatile void *addr, unsigned long size);
void ilv_atomic_read_write(const volatile void *addr, unsigned long size);
void ilv_plain_read(const volatile void *addr, unsigned long size);
void ilv_plain_write(const volatile void *addr, unsigned long size);
void ilv_plain_read_write(const volatile void *addr, unsigned long size);

#define instrument_atomic_write(v, size)	ilv_atomic_write(v, size)
#define instrument_atomic_read_write(v, size)	ilv_atomic_read_write(v, size)
#define instrument_write(v, size)		ilv_plain_write(v, size)
#define instrument_read_write(v, size)		ilv_plain_read_write(v, size)

/*
 * Of the operations that only read, most are volatile loads: the compiler reports
 * these, and once is enough. The others are named here, one by one. On an
 * architecture that nobody has looked through, all are announced: too many points
 * do no harm but to the time it takes.
 */
#if defined(CONFIG_X86_64) || defined(CONFIG_ARM64)
#define instrument_atomic_read(v, size)		((void)(v), (void)(size))
#else
#define instrument_atomic_read(v, size)		ilv_atomic_read(v, size)
#endif

#ifdef CONFIG_ARM64
#include <asm/barrier.h>

#define ilv_load_acquire	__smp_load_acquire

#undef smp_load_acquire
/* ldar; of atomic_read_acquire() and test_bit_acquire(), too. */
#define smp_load_acquire(p)						\
({									\
	typeof(p) ilv_p = (p);						\
									\
	ilv_atomic_read(ilv_p, sizeof(*ilv_p));				\
	ilv_load_acquire(ilv_p);					\
})
#endif

#include <linux/bitops.h>

#ifdef CONFIG_X86_64	/* User-Mode Linux included */
/* bt, unless the number is constant: see arch_test_bit(). */
static __always_inline bool ilv_test_bit(long nr,
					 const volatile unsigned long *addr)
{
	if (!__builtin_constant_p(nr))
		ilv_atomic_read(addr + BIT_WORD(nr), sizeof(*addr));
	return test_bit(nr, addr);
}

#undef test_bit
#define test_bit(nr, addr)	ilv_test_bit(nr, addr)

/* v6.0 has it, as bt or testb. */
#ifdef test_bit_acquire
static __always_inline bool
ilv_test_bit_acquire(long nr, const volatile unsigned long *addr)
{
	ilv_atomic_read(addr + BIT_WORD(nr), sizeof(*addr));
	return test_bit_acquire(nr, addr);
}

#undef test_bit_acquire
#define test_bit_acquire(nr, addr)	ilv_test_bit_acquire(nr, addr)
#endif
#endif

/*
 * The size is hidden from the compiler, which otherwise may make an assignment out
 * of the call, and report that as well.
 */
#include <linux/string.h>

static __always_inline void *ilv_memset(void *to, int c, size_t size)
{
	ilv_plain_write(to, size);
	OPTIMIZER_HIDE_VAR(size);
	return memset(to, c, size);
}

static __always_inline void *ilv_memcpy(void *to, const void *from, size_t size)
{
	ilv_plain_read(from, size);
	ilv_plain_write(to, size);
	OPTIMIZER_HIDE_VAR(size);
	return memcpy(to, from, size);
}

static __always_inline void *ilv_memmove(void *to, const void *from, size_t size)
{
	ilv_plain_read(from, size);
	ilv_plain_write(to, size);
	OPTIMIZER_HIDE_VAR(size);
	return memmove(to, from, size);
}

#undef memset
#define memset(to, c, size)	ilv_memset(to, c, size)
#undef memcpy
#define memcpy(to, from, size)	ilv_memcpy(to, from, size)
#undef memmove
#define memmove(to, from, size)	ilv_memmove(to, from, size)

#include "locks.h"

#endif /* _INTERLEAVE_INSTRUMENT_H */

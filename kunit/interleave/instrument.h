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

#define instrument_atomic_read(v, size)		ilv_atomic_read(v, size)
#define instrument_atomic_write(v, size)	ilv_atomic_write(v, size)
#define instrument_atomic_read_write(v, size)	ilv_atomic_read_write(v, size)
#define instrument_write(v, size)		ilv_plain_write(v, size)
#define instrument_read_write(v, size)		ilv_plain_read_write(v, size)

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

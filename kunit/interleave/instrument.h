/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pre-included (-include) for the objects under test, and for those alone.
 *
 * -fsanitize=thread makes the compiler report plain and volatile accesses, but
 * it cannot see into inline assembly. The kernel announces each such operation,
 * atomic or not, through the functions below; announce them to the explorer as
 * well. The functions themselves stay as they are: only the names that the
 * headers included after this one use are redirected.
 */
#ifndef _INTERLEAVE_INSTRUMENT_H
#define _INTERLEAVE_INSTRUMENT_H

#include <linux/instrumented.h>

void ilv_atomic_read(const volatile void *addr, unsigned long size);
void ilv_atomic_write(const volatile void *addr, unsigned long size);
void ilv_atomic_read_write(const volatile void *addr, unsigned long size);
void ilv_plain_write(const volatile void *addr, unsigned long size);
void ilv_plain_read_write(const volatile void *addr, unsigned long size);

#define instrument_atomic_read(v, size)		ilv_atomic_read(v, size)
#define instrument_atomic_write(v, size)	ilv_atomic_write(v, size)
#define instrument_atomic_read_write(v, size)	ilv_atomic_read_write(v, size)
#define instrument_write(v, size)		ilv_plain_write(v, size)
#define instrument_read_write(v, size)		ilv_plain_read_write(v, size)

#include "locks.h"

#endif /* _INTERLEAVE_INSTRUMENT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pre-included (-include) for the objects under test, and for those alone.
 *
 * The policies of <linux/page-flags.h> (PF_ONLY_HEAD, PF_NO_TAIL, ...) say which
 * flags may be looked at in a tail page. With CONFIG_DEBUG_VM_PGFLAGS a breach is
 * a crash, without it nothing. Here the suite is told about checks of the page
 * under test either way, and judges them itself; checks of any other page stay
 * what they are.
 *
 * Checks that are off (PF_NO_TAIL for a mere test) and those for poisoned pages
 * are none of the suite's business, and known as such at compile time.
 *
 * And who takes the lock of i_pages says so: with spinlocks that have no state,
 * as on one CPU, nobody else could tell.
 */
#ifndef _PAGE_WRITEBACK_PAGE_CHECKS_H
#define _PAGE_WRITEBACK_PAGE_CHECKS_H

#include <linux/mmdebug.h>
#include <linux/types.h>

struct xarray;

bool pwb_check_policy(const struct page *page);
void pwb_xa_locked(const struct xarray *xa, bool locked, bool nested);
void pwb_xa_other_cpu(bool locked);

#define PWB_POLICY_CHECK(cond, text)					\
	(!__builtin_constant_p(cond) && !__builtin_strstr(text, "PagePoisoned"))

#undef VM_BUG_ON_PGFLAGS
#ifdef CONFIG_DEBUG_VM_PGFLAGS
#define VM_BUG_ON_PGFLAGS(cond, page)					\
do {									\
	if (!PWB_POLICY_CHECK(cond, #cond) || !pwb_check_policy(page))	\
		VM_BUG_ON_PAGE(cond, page);				\
} while (0)
#else
#define VM_BUG_ON_PGFLAGS(cond, page)					\
do {									\
	if (PWB_POLICY_CHECK(cond, #cond))				\
		pwb_check_policy(page);					\
	BUILD_BUG_ON_INVALID(cond);					\
} while (0)
#endif

/* Not before here: it may include <linux/page-flags.h> some day. */
#include <linux/xarray.h>

/* By another CPU, perhaps, while an actor has it. */
#undef xa_lock
#define xa_lock(xa)							\
do {									\
	pwb_xa_other_cpu(false);					\
	spin_lock(&(xa)->xa_lock);					\
	pwb_xa_other_cpu(true);						\
} while (0)

#undef xa_lock_irq
#define xa_lock_irq(xa)							\
do {									\
	spin_lock_irq(&(xa)->xa_lock);					\
	pwb_xa_locked(xa, true, false);					\
} while (0)

#undef xa_unlock_irq
#define xa_unlock_irq(xa)						\
do {									\
	pwb_xa_locked(xa, false, false);				\
	spin_unlock_irq(&(xa)->xa_lock);				\
} while (0)

#undef xa_lock_irqsave
#define xa_lock_irqsave(xa, flags)					\
do {									\
	spin_lock_irqsave(&(xa)->xa_lock, flags);			\
	pwb_xa_locked(xa, true, irqs_disabled_flags(flags));		\
} while (0)

#undef xa_unlock_irqrestore
#define xa_unlock_irqrestore(xa, flags)					\
do {									\
	pwb_xa_locked(xa, false, false);				\
	spin_unlock_irqrestore(&(xa)->xa_lock, flags);			\
} while (0)

#endif /* _PAGE_WRITEBACK_PAGE_CHECKS_H */

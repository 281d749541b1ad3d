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
 */
#ifndef _PAGE_WRITEBACK_PAGE_CHECKS_H
#define _PAGE_WRITEBACK_PAGE_CHECKS_H

#include <linux/mmdebug.h>
#include <linux/types.h>

bool pwb_check_policy(const struct page *page);

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

#endif /* _PAGE_WRITEBACK_PAGE_CHECKS_H */

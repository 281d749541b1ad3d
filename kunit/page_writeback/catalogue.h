/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The catalogue: each operation that the suite knows, once. Scenarios name the
 * actors that they are made of; programs are made of all that go together.
 */
#ifndef _PAGE_WRITEBACK_CATALOGUE_H
#define _PAGE_WRITEBACK_CATALOGUE_H

#include "actors.h"

#define PWB_OP_END		{ 'E', "end_page_writeback()", pwb_actor_end }
#define PWB_OP_TRUNCATE		{ 'T', "truncate the file", pwb_actor_truncate }
#define PWB_OP_INVALIDATE	{ 'I', "invalidate_inode_pages2_range()", pwb_actor_invalidate }
#define PWB_OP_PARTIAL		{ 'P', "truncate to half a page", pwb_actor_partial }
#define PWB_OP_RECLAIM		{ 'G', "reclaim the page", pwb_actor_reclaim }
#define PWB_OP_MIGRATE		{ 'M', "migrate the page", pwb_actor_migrate }
#define PWB_OP_REUSE		{ 'R', "reuse the frame and wait", pwb_actor_reuse }
#define PWB_OP_COMPOUND		{ 'C', "reuse the frame as a tail", pwb_actor_compound }
#define PWB_OP_HEAD		{ 'A', "reuse the frame as a head and wait", pwb_actor_head }
#define PWB_OP_REARM		{ 'S', "write the page again", pwb_actor_rearm }
#define PWB_OP_FSYNC		{ 'Y', "dirty the page, write and wait", pwb_actor_fsync }
#define PWB_OP_WAIT		{ 'W', "lock the page and wait", pwb_actor_wait }
#define PWB_OP_STABLE		{ 'Z', "wait_for_stable_page()", pwb_actor_stable }
#define PWB_OP_FDATAWAIT	{ 'F', "wait without the lock", pwb_actor_fdatawait }
#define PWB_OP_KILLED		{ 'K', "wait and be killed", pwb_actor_killed }
#define PWB_OP_LOCK		{ 'L', "lock the page", pwb_actor_lock }
#define PWB_OP_FAIR_LOCK	{ 'Q', "queue for the page lock", pwb_actor_lock }
#define PWB_OP_READ		{ 'B', "read the page and wait", pwb_actor_read }
#define PWB_OP_READ_AGAIN	{ 'b', "read the page, too", pwb_actor_read }
#define PWB_OP_READ_END		{ 'U', "end the read", pwb_actor_read_end }
#define PWB_OP_LOCK_KILLED	{ 'J', "want the page lock and be killed", pwb_actor_lock_killed }
#define PWB_OP_DROP		{ 'D', "put_and_wait_on_page_locked()", pwb_actor_drop }
#define PWB_OP_NEIGHBOUR_END	{ 'N', "end the neighbour's writeback", pwb_actor_neighbour_end }
#define PWB_OP_NEIGHBOUR_WAIT	{ 'O', "wait for the neighbour", pwb_actor_neighbour_wait }

/* With the kernel's own assertions, of which it dies. */
#define PWB_OP_SYNC		{ 'V', "dirty the page and sync", pwb_actor_sync }
#define PWB_OP_REUSE_SYNC	{ 'X', "reuse the frame and sync", pwb_actor_reuse_sync }

/* With huge pages. */
#define PWB_OP_HUGE		{ 'H', "allocate a huge page", pwb_actor_huge }
#define PWB_OP_HUGE_TRUNCATE	{ 'T', "truncate the huge page", pwb_actor_huge_truncate }
#define PWB_OP_HUGE_REUSE	{ 'R', "reuse the head and wait", pwb_actor_huge_reuse }
#define PWB_OP_HUGE_PUNCH	{ 'P', "split the huge page", pwb_actor_huge_punch }

/* Charged to a memory cgroup. */
#define PWB_OP_MOVE		{ 'M', "move to another cgroup", pwb_actor_move }

/* In the swap cache. */
#define PWB_OP_SWAP_FREE	{ 'X', "free the swap slot", pwb_actor_swap_free }
#define PWB_OP_SWAP_WAIT	{ 'W', "wait for the writeback", pwb_actor_swap_wait }

/* A huge page of it. */
#define PWB_OP_SWAP_SPLIT	{ 'P', "split the huge page", pwb_actor_swap_split }
#define PWB_OP_SWAP_KILLED	{ 'K', "wait and be killed", pwb_actor_swap_killed }

#define PWB_NO_SWAP	(IS_ENABLED(CONFIG_PAGE_WRITEBACK_SWAP) ? NULL : "no swap")
#define PWB_NO_SWAP_SPLIT						\
	(IS_ENABLED(CONFIG_PAGE_WRITEBACK_SWAP_SPLIT) ? NULL :		\
	 PWB_NO_SWAP ?: "huge pages are split before they are swapped")

#define PWB_NO_FAIR_LOCK	(COMPAT_HAS_LOCK_UNFAIRNESS ? NULL : "not on this line")
#define PWB_NO_DROP		(COMPAT_HAS_PUT_AND_WAIT ? NULL : "not on this line")
#define PWB_NO_MOVE	(IS_ENABLED(CONFIG_PAGE_WRITEBACK_MOVE) ? NULL :	\
			 IS_ENABLED(CONFIG_MEMCG) ? "not on this line" :	\
						    "no memory cgroups")

/* Whose page it is: what one needs, the others have not. */
enum pwb_place {
	PWB_IN_FILE,
	PWB_IN_HUGE,
	PWB_IN_CGROUP,
	PWB_IN_SWAP,
};

#define PWB_FREES	BIT(0)	/* takes the page out of its file */
#define PWB_NEEDS_FREE	BIT(1)	/* does nothing unless somebody does */
#define PWB_REPEATS	BIT(2)	/* two of a kind differ from one */
#define PWB_DIES	BIT(3)	/* of a violation the kernel dies */
#define PWB_ALONE	BIT(6)	/* is in no program */
#define PWB_UNKNOWN	BIT(4)	/* changes what pwb_digest() does not know */

/* What the setup of a program has to add: see programs.c. */
#define PWB_USES_UNREAD		BIT(5)	/* the page is not up to date */
#define PWB_USES_PRIVATE	BIT(0)	/* the filesystem's own data at the page */
#define PWB_USES_RECLAIM	BIT(1)	/* marked for reclaim */
#define PWB_USES_NEIGHBOUR	BIT(2)	/* a page in the same bucket */
#define PWB_USES_HEAD		BIT(3)	/* a frame that can be a head page */
#define PWB_USES_FAIR		BIT(4)	/* the page lock is handed over in order */

/**
 * struct pwb_op - an entry of the catalogue
 * @actor: its letter, name and function
 * @place: where it works; letters are unique in each place
 * @flags: mask of PWB_FREES, ...
 * @uses: mask of PWB_USES_*
 * @reaches: mask of enum pwb_event: what some schedule of every program with it
 *	     must reach
 * @in_company: what that of some program of three or more actors with it must
 * @not_with: the letters of those that it does not go with
 * @lacks: what this configuration has not, and it needs, or NULL
 */
struct pwb_op {
	struct ilv_actor actor;
	enum pwb_place place;
	unsigned int flags;
	unsigned int uses;
	unsigned long reaches;
	unsigned long in_company;
	const char *not_with;
	const char *lacks;
};

#define PWB_NR_OPS	34

/* The first is the ender. */
extern const struct pwb_op pwb_catalogue[PWB_NR_OPS];

#define PWB_MAX_OTHERS	3	/* actors of a program beside the ender */
#define PWB_NAME_LEN	8	/* p_, a letter for each actor, NUL */

/**
 * struct pwb_generated - a program made of the catalogue
 * @nr: number of actors beside the ender
 * @op: their numbers in the catalogue, not falling
 * @name: p_E and their letters; the second of a kind has a small one
 * @uses: mask of PWB_USES_*
 * @reaches: mask of enum pwb_event: what some schedule of it must reach
 * @in_company: and what one of all programs together must
 * @flags: mask of PWB_UNKNOWN
 */
struct pwb_generated {
	unsigned int nr;
	u8 op[PWB_MAX_OTHERS];
	char name[PWB_NAME_LEN];
	unsigned int uses;
	unsigned long reaches;
	unsigned long in_company;
	unsigned int flags;
};

/* catalogue.c */
bool pwb_generate_first(struct pwb_generated *g, unsigned int nr);
bool pwb_generate_next(struct pwb_generated *g);
bool pwb_generate_named(struct pwb_generated *g, const char *name);
bool pwb_op_combines(const struct pwb_op *op);

/* programs.c */
void pwb_programs_init(struct pwb_world *world);
void pwb_programs_exit(struct pwb_world *world);
void pwb_program_begin(struct pwb_world *world, const struct pwb_generated *g,
		       struct ilv_program *program);

#endif /* _PAGE_WRITEBACK_CATALOGUE_H */

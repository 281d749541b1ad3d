/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world of a page under writeback: two files, one page frame that can move
 * from the one to the other, and the rules for those who end and those who
 * wait for writeback. Knows nothing of how the actors are scheduled.
 */
#ifndef _PAGE_WRITEBACK_PWB_H
#define _PAGE_WRITEBACK_PWB_H

#include <linux/fs.h>
#include <linux/mm_types.h>

#include "../compat.h"
#include "../interleave/ilv.h"

/*
 * What must not happen. H1 to H5 are the known hazards of ending writeback
 * without a reference; the others are rules that any fix must keep.
 */
enum pwb_rule {
	PWB_DEAD_TOUCH,		/* H1: a page was touched that was freed or reused */
	PWB_STRAY_WAKE,		/* H2: released a waiter for the frame's next page */
	PWB_LATE_WAKE,		/* H3: released a waiter for the next writeback */
	PWB_TAIL_CHECK,		/* H4: a page flag's check met a tail page */
	PWB_EARLY_RETURN,	/* a waiter returned before what it waited for */
	PWB_MISSED_WAKE,	/* H5: a waiter sleeps, and the bit is clear */
	PWB_LATE_LOCK_WAKE,	/* a reader was woken before its read had ended */
	PWB_LOST_LOCK_WAKE,	/* a lock waiter sleeps, and the page is not locked */
	PWB_WRONG_WAITER,	/* a page lock waiter was woken by writeback's end */
	PWB_WAITERS_LOST,	/* PG_waiters cleared while somebody waits */
	PWB_LEAK,		/* the page was not freed */
	PWB_FREED_IN_USE,	/* the page was freed while it was in its file */
	PWB_DOUBLE_FREE,	/* the page was freed more than once */
	PWB_ACCOUNTING,		/* a counter, tag or list is not exact */
	PWB_WRONG_RETURN,	/* what a wait returned is not so */
	PWB_DEADLOCK,		/* an actor sleeps, and nothing is left to wake it */
	PWB_NR_RULES
};

extern const char *const pwb_rules[];

/* What is counted of writeback: see accounting.c. */
enum pwb_counter {
	PWB_NR_WRITEBACK,
	PWB_NR_PENDING,
	PWB_NR_WRITTEN,
	PWB_WB_WRITEBACK,
	PWB_WB_WRITTEN,
	PWB_NR_COUNTS
};

/* What a scenario is for, and must have reached in at least one schedule. */
enum pwb_event {
	PWB_SAW_WINDOW,		/* others ran while the end was under way */
	PWB_SAW_FREED,		/* the frame was freed */
	PWB_SAW_REUSED,		/* and became another file's page under writeback */
	PWB_SAW_TAIL,		/* or the tail of a compound page */
	PWB_SAW_REARMED,	/* the same page was put under writeback again */
	PWB_SAW_WAIT,		/* somebody slept on PG_writeback, page locked */
	PWB_SAW_WAIT_AGAIN,	/* as before, for the next writeback or page */
	PWB_SAW_FDATAWAIT,	/* somebody slept on it without the lock */
	PWB_SAW_STALE,		/* PG_waiters stayed behind without a waiter */
	PWB_SAW_LOCK_WAIT,	/* somebody slept on PG_locked */
	PWB_SAW_STRAY,		/* a wakeup reached a waiter for the next page */
	PWB_SAW_SPLIT,		/* a huge page was split */
	PWB_SAW_MOVED,		/* the page moved to another cgroup meanwhile */
	PWB_SAW_HEAD,		/* the frame became a head page under writeback */
	PWB_SAW_NEIGHBOUR,	/* somebody slept on the neighbour's PG_writeback */
	PWB_SAW_DROPPED,	/* the ender took the page out of its file */
	PWB_SAW_READ_WAIT,	/* somebody slept until a read had ended */
	PWB_SAW_GAVE_UP,	/* a killed lock waiter left without the lock */
	PWB_SAW_MEANWHILE,	/* another CPU was let in while the end was under way */
	PWB_NR_EVENTS
};

extern const char *const pwb_events[];

/**
 * struct pwb_wait - what an actor is going to sleep for
 * @waiting: it is: only then the rest means something
 * @neighbour: for the neighbour, not for the page under test
 * @bit: PG_writeback or PG_locked
 * @life: for which life of the frame
 * @writeback: and for which writeback of the first page
 */
struct pwb_wait {
	bool waiting;
	bool neighbour;
	int bit;
	unsigned int life;
	unsigned int writeback;
};

/**
 * struct pwb_world - one page frame and its two files
 * @file: the file the page is in at first, and the stranger's
 * @page: the frame under test, whoever owns it
 * @buddy: the frame before it (or after it, see @head), which the world holds,
 *	   for compound pages
 * @neighbour: another file's page, in the same bucket of the table of wait
 *	       queues; or NULL
 * @captured: an actor has allocated the frame anew
 * @compound: both are one compound page now
 * @ender: index of the actor that ends the first writeback
 * @neighbour_ender: index of the actor that ends the neighbour's, or -1
 * @ending: it has begun
 * @ended: and returned
 * @life: how often the frame was allocated; the ender's page is life 1
 * @writebacks: how often writeback was begun on the first page
 * @frees: how often it was freed
 * @free: it is free now
 * @zero: mask of actors that touched it while its count was zero
 * @dropped: mask of actors that wait for the page, and have put their reference to it
 * @checked: mask of actors whose next access is one that a page flag's policy
 *	     forbids for tail pages
 * @accounted: the page is in one of the files, and what follows is kept
 * @begun: how often writeback was begun, on files without and with tags
 * @wait: what each actor waits for
 * @locker: index of the actor that locked the page by lock_page(), or -1
 * @reading: a read is under way, and has the page lock
 * @xa_locked: the i_pages lock of the first file is held
 * @xa_depth: what preempt_count() was when it was taken
 * @xa_nested: with interrupts off already, so perhaps within another lock
 * @corrupt: the frame's references are wrong: it is not to be used again
 * @rescues: how often a sleeper had to be helped in this schedule
 * @reached: mask of enum pwb_event, over all schedules
 * @count: the counters, by enum pwb_counter, at the start of the schedule
 * @was_off: a counter was not what it should be
 * @test: the case that it is for, for what is to be said at once
 * @more: what the scenario's own fixture keeps here
 * @narrow: only the page's flags are watched, for fewer points
 * @head: the frame is the first of the two
 * @uses: mask of PWB_USES_*, what a program's setup adds: see programs.c
 * @order: the frame is the first of so many, and they are one large folio
 * @drops: the ender drops the page from the file once it is written, and holds
 *	   the page lock for that
 * @meanwhile: called right before each access of an actor to the page, to let
 *	       another CPU in; or NULL
 * @xa_other_cpu: see pwb_xa_other_cpu(); or NULL
 * @frozen: another CPU has the references frozen
 * @taken: and an actor has taken one since
 * @spare: how many were added so that the page is not freed
 */
struct pwb_world {
	struct address_space *file[2];
	struct page *page;
	struct page *buddy;
	struct page *neighbour;
	bool captured;
	bool compound;
	int ender;
	int neighbour_ender;
	bool ending;
	bool ended;
	unsigned int life;
	unsigned int writebacks;
	unsigned int frees;
	bool free;
	u32 zero;
	u32 dropped;
	u32 checked;
	bool accounted;
	unsigned int begun[2];
	struct pwb_wait wait[ILV_MAX_ACTORS];
	int locker;
	bool reading;
	bool xa_locked;
	int xa_depth;
	bool xa_nested;
	bool corrupt;
	unsigned int rescues;
	/* What a schedule depends on ends here: see pwb_digest(). */
	unsigned long reached;
	long count[PWB_NR_COUNTS];
	bool was_off;
	void *test;
	void *more;
	bool narrow;
	bool head;
	unsigned int uses;
	unsigned int order;
	bool drops;
	void (*meanwhile)(struct pwb_world *world, int actor);
	void (*xa_other_cpu)(struct pwb_world *world, bool locked);
	bool frozen;
	bool taken;
	int spare;
};

/* The frame as a folio of its own; not to be used while it is a tail page. */
static inline struct folio *pwb_folio(const struct pwb_world *world)
{
	return (struct folio *)world->page;
}

/**
 * struct pwb_scenario - actors, and what they must reach for a run to count
 * @program: what the explorer runs; its world is filled in
 * @needs: mask of enum pwb_event
 * @lacks: what this configuration has not, and the scenario needs, or NULL
 * @covered: pwb_digest() knows all of its world, so that it can be explored
 *	     without a bound
 * @max_bound: where a schedule is expensive, the highest bound, or 0
 * @other_cpu: it needs a second CPU
 * @init: what all schedules share beyond pwb_world_init(): 0 or a negative
 *	  errno; or NULL
 * @exit: undoes @init
 */
struct pwb_scenario {
	struct ilv_program program;
	unsigned long needs;
	const char *lacks;
	bool covered;
	unsigned int max_bound;
	bool other_cpu;
	int (*init)(struct pwb_world *world);
	void (*exit)(struct pwb_world *world);
};

#define PWB_NEEDS(event)	BIT(PWB_SAW_##event)

/* A program; the first actor is the one that ends the writeback. */
#define PWB_PROGRAM(_name, _setup, _teardown, ...)			\
{									\
	.name		= _name,					\
	.nr_actors	= sizeof((struct ilv_actor[]){ __VA_ARGS__ }) /	\
			  sizeof(struct ilv_actor),			\
	.actors		= { __VA_ARGS__ },				\
	.rules		= pwb_rules,					\
	.setup		= _setup,					\
	.stuck		= pwb_stuck,					\
	.deadlock	= pwb_deadlock,					\
	.teardown	= _teardown,					\
	.access		= pwb_access,					\
	.woken		= pwb_woken,					\
	.found		= pwb_found,					\
	.state		= pwb_state,					\
}

/* world.c */
int pwb_files_get(struct address_space *file[2]);
const char *pwb_files_put(struct address_space *file[2]);
int pwb_page_add(struct page *page, struct address_space *file, pgoff_t index);
int pwb_world_init(struct pwb_world *world);
void pwb_world_exit(struct pwb_world *world);
void pwb_world_reset(struct pwb_world *world);
int pwb_world_watch(struct pwb_world *world);
int pwb_get_frames(struct pwb_world *world);
int pwb_setup_frame(struct pwb_world *world);
int pwb_setup(void *world);
int pwb_setup_unread(void *world);
int pwb_setup_untagged(void *world);
bool pwb_stuck(void *world);
void pwb_end_left(struct pwb_world *world);
bool pwb_end_read(struct pwb_world *world);
void pwb_end_orphan(struct pwb_world *world);
void pwb_teardown(void *world);
u64 pwb_digest(void *world);
bool pwb_capture(struct pwb_world *world);
bool pwb_take_back(struct pwb_world *world);
struct pwb_world *pwb_world_of(const struct page *page);

/* accounting.c */
void pwb_accounting_start(struct pwb_world *world);
u64 pwb_accounting_digest(const struct pwb_world *world, u64 hash);
void pwb_begin_writeback(struct pwb_world *world);
void pwb_accounting_check(struct pwb_world *world,
			  const struct address_space *file);
void pwb_accounting_repair(struct pwb_world *world);

/* neighbour.c */
int pwb_neighbour_get(struct pwb_world *world);
void pwb_neighbour_put(struct pwb_world *world);
int pwb_neighbour_setup(struct pwb_world *world);
bool pwb_neighbour_end(struct pwb_world *world);
bool pwb_neighbour_busy(const struct pwb_world *world);
void pwb_neighbour_wake(struct pwb_world *world);

/* oracles.c */
void pwb_access(void *world, const struct ilv_access *access);
void pwb_woken(void *world, int waker, int sleeper);
void pwb_freed(struct pwb_world *world);
void pwb_thaw(struct pwb_world *world);
void pwb_deadlock(void *world);
void pwb_found(void *world, unsigned int rule, const char *schedule,
	       bool certain);
void pwb_state(void *world, char *buf, size_t size);
void pwb_saw(struct pwb_world *world, enum pwb_event event);

/* Scenarios in other contexts: each ends with an entry without a name. */
extern const struct pwb_scenario pwb_huge_scenarios[];		/* huge.c */
extern const struct pwb_scenario pwb_swap_scenarios[];		/* swap.c */
extern const struct pwb_scenario pwb_swap_split_scenarios[];	/* swap_split.c */
extern const struct pwb_scenario pwb_migrate_scenarios[];	/* migrate.c */
extern const struct pwb_scenario pwb_move_scenarios[];		/* memcg_move.c */
extern const struct pwb_scenario pwb_context_scenarios[];	/* contexts.c */
extern const struct pwb_scenario pwb_large_scenarios[];		/* large.c */
extern const struct pwb_scenario pwb_dropbehind_scenarios[];	/* dropbehind.c */

/* scenarios.c */
const struct pwb_scenario *pwb_scenario_find(const char *name);

#endif /* _PAGE_WRITEBACK_PWB_H */

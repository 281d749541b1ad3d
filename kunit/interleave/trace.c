// SPDX-License-Identifier: GPL-2.0
/*
 * What happened in one schedule, a line a step, with the state after it.
 *
 * The lines are for the tools, which make diagrams of them, and can be read:
 * who, the number of the point in his turn ("-" for what is none), and what:
 *
 *	E 12 a8+0 168 2dc48 test_clear_page_writeback	= 1 wb
 *
 * is an access: its kind (read, write, atomic), size and offset; how deep the
 * stack is there, which tells one function's calls of others; where the code
 * is, as an offset from _stext, and in what function. "lock", "after" and
 * "sleep" in place of an access are the points that are none. Of a rule, ">>"
 * in place of "**" says that the access which comes next breaks it.
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/sections.h>

#include "internal.h"

#define ILV_TRACE_MAX	1024
#define ILV_STATE_LEN	32
#define ILV_STATE_AT	56	/* where the state is printed */
#define ILV_LINE_LEN	160

struct ilv_step {
	enum ilv_event event;
	int actor;
	bool at_access;
	unsigned long arg;
	struct ilv_place place;
	char state[ILV_STATE_LEN];	/* before the step */
};

bool ilv_tracing;
static struct ilv_step *ilv_steps;
static unsigned int ilv_nr_steps;

/**
 * ilv_trace_start() - record the next schedule
 *
 * Return: 0 or -ENOMEM.
 */
int ilv_trace_start(void)
{
	/* Not vmalloc: UML maps that on a fault, and the probes must not take one. */
	ilv_steps = kcalloc(ILV_TRACE_MAX, sizeof(*ilv_steps), GFP_KERNEL);
	if (!ilv_steps)
		return -ENOMEM;
	ilv_nr_steps = 0;
	ilv_tracing = true;
	return 0;
}

void ilv_trace_stop(void)
{
	ilv_tracing = false;
	kfree(ilv_steps);
	ilv_steps = NULL;
}

static struct ilv_step *ilv_trace_step(enum ilv_event event, int actor)
{
	struct ilv_step *step;

	if (ilv_nr_steps == ILV_TRACE_MAX)
		return NULL;
	step = &ilv_steps[ilv_nr_steps++];
	step->event = event;
	step->actor = actor;
	step->at_access = ilv_run.in_callback;
	if (ilv_run.program->state) {
		bool nested = ilv_run.in_callback;

		ilv_run.in_callback = true;
		ilv_run.program->state(ilv_run.program->world, step->state,
				       sizeof(step->state));
		ilv_run.in_callback = nested;
	}
	return step;
}

/**
 * ilv_trace_event() - record a step
 * @event: what it is
 * @actor: who makes it, or %ILV_NOBODY for the explorer
 * @arg: the actor that is woken, the text of a note, or the number of a rule
 */
void ilv_trace_event(enum ilv_event event, int actor, unsigned long arg)
{
	struct ilv_step *step = ilv_trace_step(event, actor);

	if (step)
		step->arg = arg;
}

/**
 * ilv_trace_access() - record an access, or a point that is none
 * @actor: who makes it
 * @place: which, and where
 */
void ilv_trace_access(int actor, const struct ilv_place *place)
{
	struct ilv_step *step = ilv_trace_step(ILV_EV_ACCESS, actor);

	if (step)
		step->place = *place;
}

static const char *ilv_place_kind(const struct ilv_place *place, char *buf,
				  size_t size)
{
	char kind = place->type & ILV_ATOMIC ? 'a' :
		    place->type & ILV_WRITE ? 'w' : 'r';

	switch (place->range) {
	case ILV_BEFORE_LOCK:
		return "lock";
	case ILV_AFTER_ATOMIC:
		return "after";
	case ILV_AT_SLEEP:
		return "sleep";
	}
	snprintf(buf, size, "%c%u+%u", kind, place->size, place->offset);
	return buf;
}

static int ilv_place_text(const struct ilv_place *place, char *buf, size_t size)
{
	char name[KSYM_SYMBOL_LEN], point[8] = "-", kind[24];

	if (place->point)
		snprintf(point, sizeof(point), "%u", place->point);
	snprintf(name, sizeof(name), "%ps", (void *)place->ip);
	/* isra, constprop and so on are the compiler's business */
	name[strcspn(name, ".")] = '\0';
	return scnprintf(buf, size, "%s %s %u %lx %s", point,
			 ilv_place_kind(place, kind, sizeof(kind)), place->depth,
			 place->ip - (unsigned long)_stext, name);
}

static int ilv_step_text(const struct ilv_program *program,
			 const struct ilv_step *step, char *buf, size_t size)
{
	switch (step->event) {
	case ILV_EV_ACCESS:
		return ilv_place_text(&step->place, buf, size);
	case ILV_EV_RUN:
		return scnprintf(buf, size, "- runs");
	case ILV_EV_SLEEP:
		return scnprintf(buf, size, "- sleeps");
	case ILV_EV_WAKE:
		return scnprintf(buf, size, "- wakes %c",
				 program->actors[step->arg].tag);
	case ILV_EV_DONE:
		return scnprintf(buf, size, "- done");
	case ILV_EV_NOTE:
		return scnprintf(buf, size, "- note %s", (const char *)step->arg);
	case ILV_EV_RULE:
		return scnprintf(buf, size, "- %s %s", step->at_access ? ">>" : "**",
				 program->rules[step->arg]);
	case ILV_EV_END:
		break;
	}
	return 0;
}

/**
 * ilv_trace_print() - print the recorded schedule
 * @program: the program it is of
 * @line: called for each line, without a newline
 * @data: passed to @line
 */
void ilv_trace_print(const struct ilv_program *program,
		     void (*line)(void *data, const char *text), void *data)
{
	char buf[ILV_LINE_LEN];
	unsigned int i, n;

	for (i = 0; i < program->nr_actors; i++) {
		scnprintf(buf, sizeof(buf), "actor %c: %s",
			  program->actors[i].tag, program->actors[i].name);
		line(data, buf);
	}
	for (i = 0; i < ilv_nr_steps; i++) {
		const struct ilv_step *step = &ilv_steps[i];
		const struct ilv_step *after;

		if (step->event == ILV_EV_END)
			continue;
		after = i + 1 < ilv_nr_steps ? &ilv_steps[i + 1] : step;
		n = scnprintf(buf, sizeof(buf), "%c ", step->actor == ILV_NOBODY ?
			      '-' : program->actors[step->actor].tag);
		n += ilv_step_text(program, step, buf + n, sizeof(buf) - n);
		scnprintf(buf + n, sizeof(buf) - n, "%*s= %s",
			  max_t(int, ILV_STATE_AT - n, 1), "", after->state);
		line(data, buf);
	}
	if (ilv_nr_steps == ILV_TRACE_MAX)
		line(data, "full");
}

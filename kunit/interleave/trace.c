// SPDX-License-Identifier: GPL-2.0
/*
 * What happened in one schedule, a column an actor.
 *
 * A line is a step and the state after it; what the same actor then does in
 * the same function without a change of the state is folded into the line.
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

#define ILV_TRACE_MAX	1024
#define ILV_STATE_LEN	32
#define ILV_COLUMN	6	/* indentation per actor */
#define ILV_STATE_AT	50	/* where the state is printed */
#define ILV_LINE_LEN	128

struct ilv_step {
	enum ilv_event event;
	int actor;
	unsigned long arg;
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

/**
 * ilv_trace_event() - record a step
 * @event: what it is
 * @actor: who makes it, or %ILV_NOBODY for the explorer
 * @arg: the address of the code that accesses, the actor that is woken, the
 *	 text of a note, or the number of a rule
 */
void ilv_trace_event(enum ilv_event event, int actor, unsigned long arg)
{
	struct ilv_step *step;

	if (ilv_nr_steps == ILV_TRACE_MAX)
		return;
	step = &ilv_steps[ilv_nr_steps++];
	step->event = event;
	step->actor = actor;
	step->arg = arg;
	if (ilv_run.program->state) {
		bool nested = ilv_run.in_callback;

		ilv_run.in_callback = true;
		ilv_run.program->state(ilv_run.program->world, step->state,
				       sizeof(step->state));
		ilv_run.in_callback = nested;
	}
}

static void ilv_step_text(const struct ilv_program *program,
			  const struct ilv_step *step, char *buf, size_t size)
{
	char name[KSYM_SYMBOL_LEN];

	switch (step->event) {
	case ILV_EV_ACCESS:
		snprintf(name, sizeof(name), "%ps", (void *)step->arg);
		/* isra, constprop and so on are the compiler's business */
		name[strcspn(name, ".")] = '\0';
		snprintf(buf, size, "%s", name);
		break;
	case ILV_EV_SLEEP:
		snprintf(buf, size, "(sleeps)");
		break;
	case ILV_EV_WAKE:
		snprintf(buf, size, "(wakes %c)", program->actors[step->arg].tag);
		break;
	case ILV_EV_DONE:
		snprintf(buf, size, "(done)");
		break;
	case ILV_EV_NOTE:
		snprintf(buf, size, "%s", (const char *)step->arg);
		break;
	case ILV_EV_RULE:
		snprintf(buf, size, "** %s", program->rules[step->arg]);
		break;
	case ILV_EV_END:
		*buf = '\0';
		break;
	}
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
	char buf[ILV_LINE_LEN], text[64], next_text[64];
	unsigned int i, n;

	for (i = 0, n = 0; i < program->nr_actors; i++)
		n += scnprintf(buf + n, sizeof(buf) - n, "%-*c", ILV_COLUMN,
			       program->actors[i].tag);
	scnprintf(buf + n, sizeof(buf) - n, "%*s", ILV_STATE_AT + 5 - n, "state");
	line(data, buf);

	for (i = 0; i < ilv_nr_steps; i++) {
		const struct ilv_step *step = &ilv_steps[i];
		const struct ilv_step *after;
		unsigned int steps = 1;
		int column = max(step->actor, 0) * ILV_COLUMN;

		if (step->event == ILV_EV_END)
			continue;
		ilv_step_text(program, step, text, sizeof(text));
		/* Fold what follows in the same function and state. */
		while (step->event == ILV_EV_ACCESS &&
		       i + 2 < ilv_nr_steps &&
		       ilv_steps[i + 1].event == ILV_EV_ACCESS &&
		       ilv_steps[i + 1].actor == step->actor &&
		       !strcmp(ilv_steps[i + 1].state, ilv_steps[i + 2].state)) {
			ilv_step_text(program, &ilv_steps[i + 1], next_text,
				      sizeof(next_text));
			if (strcmp(text, next_text))
				break;
			i++;
			steps++;
		}
		after = i + 1 < ilv_nr_steps ? &ilv_steps[i + 1] : step;

		n = scnprintf(buf, sizeof(buf), "%*s%s%s", column, "",
			      step->actor == ILV_NOBODY ? "- " : "", text);
		if (steps > 1)
			n += scnprintf(buf + n, sizeof(buf) - n, " x%u", steps);
		scnprintf(buf + n, sizeof(buf) - n, "%*s%s",
			  max_t(int, ILV_STATE_AT - n, 1), "", after->state);
		line(data, buf);
	}
	if (ilv_nr_steps == ILV_TRACE_MAX)
		line(data, "(and more: the trace is full)");
}

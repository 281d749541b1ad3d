// SPDX-License-Identifier: GPL-2.0
/*
 * Schedules as text: v1:reuse:E5,T,R,E
 *
 * A version, the program, and who runs in turn. A letter alone runs until it
 * sleeps or ends; with a number it is preempted after having passed that many
 * points. What is not written down runs in the default order: whoever runs
 * goes on, else the first actor of the program that can.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "internal.h"

#define ILV_SCHEDULE_VERSION	"v1"

static int ilv_actor_by_tag(const struct ilv_program *program, char tag)
{
	unsigned int i;

	for (i = 0; i < program->nr_actors; i++)
		if (program->actors[i].tag == tag)
			return i;
	return ILV_NOBODY;
}

static const char *ilv_skip_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(text, word, len) || text[len] != ':')
		return NULL;
	return text + len + 1;
}

/**
 * ilv_schedule_parse() - read a schedule string
 * @program: the program it must be for
 * @text: the string
 * @segment: filled in
 * @max: room in @segment
 *
 * Return: the number of segments, -EINVAL for text that is no schedule of this
 * version and program, -E2BIG for one that is too long.
 */
int ilv_schedule_parse(const struct ilv_program *program, const char *text,
		       struct ilv_segment *segment, unsigned int max)
{
	unsigned int n = 0;

	text = ilv_skip_word(text, ILV_SCHEDULE_VERSION);
	if (text)
		text = ilv_skip_word(text, program->name);
	if (!text || !*text)
		return -EINVAL;

	for (;;) {
		int actor = ilv_actor_by_tag(program, *text);
		unsigned int steps = 0;

		if (actor == ILV_NOBODY)
			return -EINVAL;
		if (n == max)
			return -E2BIG;
		segment[n].actor = actor;
		segment[n].preempted = isdigit(*++text);
		while (isdigit(*text)) {
			steps = steps * 10 + *text++ - '0';
			if (steps > U16_MAX)
				return -E2BIG;
		}
		segment[n++].steps = steps;
		if (!*text)
			return n;
		if (*text++ != ',')
			return -EINVAL;
	}
}

/**
 * ilv_schedule_print() - write the schedule that was just run
 * @run: the run
 * @buf: where to
 * @size: room in @buf; the text ends in "..." if it does not fit
 */
void ilv_schedule_print(const struct ilv_run *run, char *buf, size_t size)
{
	size_t n = scnprintf(buf, size, ILV_SCHEDULE_VERSION ":%s:",
			     run->program->name);
	unsigned int i;

	for (i = 0; i < run->nr_segments; i++) {
		const struct ilv_segment *s = &run->segment[i];

		if (size - n < sizeof(",E65535..."))
			break;
		n += scnprintf(buf + n, size - n, "%s%c", i ? "," : "",
			       run->program->actors[s->actor].tag);
		if (s->preempted)
			n += scnprintf(buf + n, size - n, "%u", s->steps);
	}
	if (i < run->nr_segments)
		scnprintf(buf + n, size - n, "...");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What the suites that explore have in common: what they are asked for, and how
 * they say what they found. Lines of the form "# word name: ..." are for the
 * tools to read.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "pwb.h"
#include "suite.h"

uint pwb_bound_asked = PWB_UNSET;
module_param_cb(bound, &pwb_uint_ops, &pwb_bound_asked, 0444);
MODULE_PARM_DESC(bound, "preemptions in a schedule, at most; by default 2, and 1 with four actors");

char *pwb_schedule = "";
module_param_named(replay, pwb_schedule, charp, 0444);
MODULE_PARM_DESC(replay, "run only this schedule, and show every step");

char *pwb_scenario = "";
module_param_named(scenario, pwb_scenario, charp, 0444);
MODULE_PARM_DESC(scenario, "run only this one, or this program, or none");

char *pwb_skip = "";
module_param_named(skip, pwb_skip, charp, 0444);
MODULE_PARM_DESC(skip, "scenarios that are not to be run, with commas");

uint pwb_limit;
module_param_cb(limit, &pwb_uint_ops, &pwb_limit, 0444);
MODULE_PARM_DESC(limit, "schedules for a scenario, at most; 0 for no limit");

/**
 * pwb_print_line() - print a line of a trace
 * @data: the case
 * @text: the line
 */
void pwb_print_line(void *data, const char *text)
{
	struct kunit *test = data;

	pwb_print(test, "| %s", text);
}

/**
 * pwb_print_names() - print what is in a mask
 * @test: the case
 * @what: what it is
 * @name: of the scenario or program
 * @mask: the mask
 * @names: of its bits
 * @max: how many there are
 */
void pwb_print_names(struct kunit *test, const char *what, const char *name,
		     unsigned long mask, const char *const *names,
		     unsigned int max)
{
	char buf[160] = "";
	unsigned int i, n = 0;

	for_each_set_bit(i, &mask, max)
		n += scnprintf(buf + n, sizeof(buf) - n, "%s%s",
			       n ? ", " : "", names[i]);
	pwb_print(test, "%s %s: %s", what, name, n ? buf : "none");
}

/**
 * pwb_print_unstable() - print a rule that was broken once and not again
 * @test: the case
 * @name: of the scenario or program
 * @r: what came out of it
 * @rule: the rule
 */
void pwb_print_unstable(struct kunit *test, const char *name,
			const struct ilv_result *r, unsigned int rule)
{
	pwb_print(test, "unstable %s: %s, seen once in %s, not reproduced",
		  name, pwb_rules[rule], r->unstable_in[rule].schedule);
}

/**
 * pwb_format_count() - a number that may not fit: 12345 or 1.23e+45
 * @buf: where to
 * @size: room there
 * @n: the number
 */
void pwb_format_count(char *buf, size_t size, const struct ilv_count *n)
{
	u64 digits = n->digits;
	unsigned int exponent = n->exponent;

	if (!exponent) {
		snprintf(buf, size, "%llu", digits);
		return;
	}
	for (; digits >= 1000; exponent++)
		digits = div_u64(digits, 10);
	snprintf(buf, size, "%u.%02ue+%u", (unsigned int)digits / 100,
		 (unsigned int)digits % 100, exponent + 2);
}

/**
 * pwb_replay() - run the one schedule that is asked for, and show it
 * @test: the case, which fails if that breaks a rule
 * @program: the program that it is for
 * @r: filled in
 */
void pwb_replay(struct kunit *test, const struct ilv_program *program,
		struct ilv_result *r)
{
	const char *name = program->name;

	pwb_print(test, "replay %s: %s", name, pwb_schedule);
	ilv_replay(program, pwb_schedule, pwb_print_line, test, r);
	pwb_print_names(test, "replayed", name, r->broken, pwb_rules, PWB_NR_RULES);
	if (r->error == -EINVAL || r->error == -E2BIG)
		pwb_print(test, "error %s: not a schedule", name);
	else if (r->error == -ENOENT)
		pwb_print(test, "error %s: the schedule does not fit this kernel: it went %s",
			  name, r->last.schedule);
	KUNIT_EXPECT_EQ(test, r->error, 0);
	KUNIT_EXPECT_EQ_MSG(test, r->broken, 0U, "the schedule breaks a rule");
}

/* Is this the program that a schedule string is for? */
static bool pwb_is_for(const char *schedule, const char *name)
{
	const char *colon = strchr(schedule, ':');
	size_t len = strlen(name);

	return colon && !strncmp(colon + 1, name, len) && colon[len + 1] == ':';
}

/* Is the word in a list with commas? */
static bool pwb_is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; *list; list += strcspn(list, ",")) {
		list += *list == ',';
		if (!strncmp(list, word, len) && (!list[len] || list[len] == ','))
			return true;
	}
	return false;
}

/**
 * pwb_is_asked_for() - is the program of this case to be run?
 * @name: of the case
 */
bool pwb_is_asked_for(const char *name)
{
	if (*pwb_schedule)
		return pwb_is_for(pwb_schedule, name);
	if (pwb_is_listed(pwb_skip, name))
		return false;
	return !*pwb_scenario || !strcmp(pwb_scenario, name);
}

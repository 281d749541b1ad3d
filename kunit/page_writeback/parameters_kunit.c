// SPDX-License-Identifier: GPL-2.0
/*
 * page_writeback_parameters: what is asked for can be met. Else a typing error on the
 * kernel's command line would leave every case skipped or passed.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "catalogue.h"
#include "suite.h"

#define PWB_PREFIX	"page_writeback."

/* The kernel's own table of parameters. */
extern const struct kernel_param __start___param[], __stop___param[];

static bool pwb_is_parameter(const char *name, size_t len)
{
	const struct kernel_param *p;

	for (p = __start___param; p < __stop___param; p++)
		if (strlen(p->name) == len && parameqn(p->name, name, len))
			return true;
	return false;
}

/* What is wrong with the parameter that was looked at last. */
static char pwb_complaint[128];

#define pwb_complain(fmt, ...)						\
({									\
	snprintf(pwb_complaint, sizeof(pwb_complaint), fmt, ##__VA_ARGS__); \
	false;								\
})

/* Each of ours on the command line is one that there is. */
static bool pwb_are_known(void)
{
	const char *word = saved_command_line;

	while ((word = strstr(word, PWB_PREFIX))) {
		size_t len = strcspn(word, "= \t\n");

		if ((word == saved_command_line || word[-1] == ' ') &&
		    !pwb_is_parameter(word, len))
			return pwb_complain("there is no parameter %.*s", (int)len, word);
		word += len;
	}
	return true;
}

/* Each number was understood, and programs of so many actors there are. */
static bool pwb_are_understood(void)
{
	if (*pwb_bad_value)
		return pwb_complain("%s is not a number", pwb_bad_value);
	if (IS_ENABLED(CONFIG_INTERLEAVE) &&
	    pwb_actors[strspn(pwb_actors, "234,")])
		return pwb_complain("actors=%s: there are programs of 2, 3 and 4", pwb_actors);
	return true;
}

/* A scenario, a program or a case of the contract, for which a schedule can be. */
static bool pwb_is_program(const char *name)
{
	struct pwb_generated g;

	return pwb_scenario_find(name) || pwb_is_contract(name) ||
	       (strstarts(name, "p_E") && pwb_generate_named(&g, name));
}

static bool pwb_are_programs(const char *parameter, const char *list)
{
	char name[32];
	size_t len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		strscpy(name, list, min(len + 1, sizeof(name)));
		if (!pwb_is_program(name))
			return pwb_complain("%s=%s: there is no such scenario", parameter,
					    name);
	}
	return true;
}

/* What is to be run, and what is not, are scenarios. To run none is asked for by name. */
static bool pwb_can_run(void)
{
	if (!IS_ENABLED(CONFIG_INTERLEAVE))
		return true;
	if (strcmp(pwb_scenario, "none") && !pwb_are_programs("scenario", pwb_scenario))
		return false;
	if (strstarts(pwb_scenario, "p_") && !*pwb_actors)
		return pwb_complain("scenario=%s wants actors=", pwb_scenario);
	return pwb_are_programs("skip", pwb_skip);
}

/* What is to be replayed is a schedule of one: v1:reuse:E5,T,R,E */
static bool pwb_can_replay(void)
{
	const char *name = pwb_schedule;
	char buf[32] = "";

	if (!IS_ENABLED(CONFIG_INTERLEAVE) || !*pwb_schedule)
		return true;
	if (strstarts(name, "v1:")) {
		name += strlen("v1:");
		strscpy(buf, name, min(strcspn(name, ":") + 1, sizeof(buf)));
	}
	return (strchr(name, ':') && pwb_is_program(buf)) ||
	       pwb_complain("%s=%s is no schedule", "replay", pwb_schedule);
}

/**
 * pwb_expect_parameters() - expect that what is asked for can be met
 * @test: the case
 *
 * For cases that may run without this suite, as where kunit.py is given a filter.
 *
 * Return: whether it can.
 */
bool pwb_expect_parameters(struct kunit *test)
{
	bool met = pwb_are_known() && pwb_are_understood() && pwb_can_run() &&
		   pwb_can_replay();

	KUNIT_EXPECT_TRUE_MSG(test, met, "%s", pwb_complaint);
	return met;
}

static void known(struct kunit *test)
{
	KUNIT_EXPECT_TRUE_MSG(test, pwb_are_known(), "%s", pwb_complaint);
}

static void values(struct kunit *test)
{
	KUNIT_EXPECT_TRUE_MSG(test, pwb_are_understood(), "%s", pwb_complaint);
}

static void scenario(struct kunit *test)
{
	KUNIT_EXPECT_TRUE_MSG(test, pwb_can_run(), "%s", pwb_complaint);
}

static void replay(struct kunit *test)
{
	KUNIT_EXPECT_TRUE_MSG(test, pwb_can_replay(), "%s", pwb_complaint);
}

static struct kunit_case pwb_parameter_cases[] = {
	KUNIT_CASE(known),
	KUNIT_CASE(values),
	KUNIT_CASE(scenario),
	KUNIT_CASE(replay),
	{}
};

static struct kunit_suite pwb_parameter_suite = {
	.name = "page_writeback_parameters",
	.test_cases = pwb_parameter_cases,
};

kunit_test_suite(pwb_parameter_suite);

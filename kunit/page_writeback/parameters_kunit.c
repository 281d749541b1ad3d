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

/* Each of ours on the command line is one that there is. */
static void known(struct kunit *test)
{
	const char *word = saved_command_line;

	while ((word = strstr(word, PWB_PREFIX))) {
		size_t len = strcspn(word, "= \t\n");

		if (word == saved_command_line || word[-1] == ' ')
			KUNIT_EXPECT_TRUE_MSG(test, pwb_is_parameter(word, len),
					      "there is no parameter %.*s",
					      (int)len, word);
		word += len;
	}
}

/* Each value was understood. */
static void values(struct kunit *test)
{
	KUNIT_EXPECT_TRUE_MSG(test, !*pwb_bad_value, "%s is not a number", pwb_bad_value);
}

/* A scenario, a program or a case of the contract, for which a schedule can be. */
static bool pwb_is_program(const char *name)
{
	struct pwb_generated g;

	return pwb_scenario_find(name) || pwb_is_contract(name) ||
	       (strstarts(name, "p_E") && pwb_generate_named(&g, name));
}

static void pwb_expect_program(struct kunit *test, const char *parameter,
			       const char *list)
{
	char name[32];
	size_t len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		strscpy(name, list, min(len + 1, sizeof(name)));
		KUNIT_EXPECT_TRUE_MSG(test, pwb_is_program(name),
				      "%s=%s: there is no such scenario", parameter, name);
	}
}

/* What is to be run, and what is not, are scenarios. To run none is asked for by name. */
static void scenario(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_INTERLEAVE))
		return;
	if (strcmp(pwb_scenario, "none"))
		pwb_expect_program(test, "scenario", pwb_scenario);
	pwb_expect_program(test, "skip", pwb_skip);
}

/* What is to be replayed is a schedule of one: v1:reuse:E5,T,R,E */
static void replay(struct kunit *test)
{
	const char *name = pwb_schedule;
	char buf[32] = "";

	if (!IS_ENABLED(CONFIG_INTERLEAVE) || !*pwb_schedule)
		return;
	if (strstarts(name, "v1:")) {
		name += strlen("v1:");
		strscpy(buf, name, min(strcspn(name, ":") + 1, sizeof(buf)));
	}
	KUNIT_EXPECT_TRUE_MSG(test, strchr(name, ':') && pwb_is_program(buf),
			      "%s=%s is no schedule", test->name, pwb_schedule);
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

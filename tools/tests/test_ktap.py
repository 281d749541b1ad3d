# SPDX-License-Identifier: GPL-2.0
"""Verdicts on recorded kernel logs: data/*.log, taken from real runs."""

import re
import unittest
from collections.abc import Sequence
from pathlib import Path

from wb import arches, judge, ktap, lines, mutants, report, trace
from wb.errors import Exit, WbError

DATA = Path(__file__).parent / "data"
KUNIT = Path(__file__).parents[2] / "kunit"
EXPECTED = judge.expected_cases(KUNIT)
# The suites of the recorded logs, in the order in which they run.
NUMBER = {s: i for i, s in enumerate(ktap.parse((DATA / "pass.log").read_text()).suites, 1)}
UM = arches.load(KUNIT.parent / "kconfig")["um"]


def read(name: str) -> str:
    return (DATA / f"{name}.log").read_text()


class Parse(unittest.TestCase):
    def verdict(self, name: str) -> judge.Verdict:
        return judge.judge(ktap.parse(read(name)), EXPECTED, name, UM)

    def assert_code(self, code: Exit, text: str, part: str) -> None:
        verdict = judge.judge(ktap.parse(text), EXPECTED, "x", UM)
        self.assertEqual(verdict.exit, code, verdict.summary)
        self.assertIn(part, verdict.summary)

    def assert_nothing(self, text: str) -> None:
        with self.assertRaises(WbError) as raised:
            judge.judge(ktap.parse(text), EXPECTED, "x", UM)
        self.assertEqual(raised.exception.code, Exit.INCOMPLETE)
        self.assertIn("did not run", str(raised.exception))

    def test_source_declares_suites(self) -> None:
        self.assertEqual(
            sorted(EXPECTED),
            ["interleave", "interleave_cover", "interleave_points", "page_writeback", "page_writeback_contexts",
             "page_writeback_contract", "page_writeback_cost", "page_writeback_folios", "page_writeback_other_cpu",
             "page_writeback_parameters", "page_writeback_programs", "page_writeback_races", "page_writeback_reduction",
             "page_writeback_stress"],
        )
        self.assertIn("reuse", EXPECTED[judge.RACES])
        self.assertTrue(all(EXPECTED.values()))

    def test_pass(self) -> None:
        verdict = self.verdict("pass")
        self.assertTrue(verdict.holds)
        self.assertTrue(ktap.parse(read("pass")).ended)
        ran = [s for s in verdict.scenarios.values() if s.skipped is None]
        self.assertTrue(all(s.schedules > 1000 for s in ran))
        self.assertEqual(verdict.scenarios["huge_tail"].skipped, "no transparent huge pages")
        self.assertEqual(verdict.scenarios["rearm"].summary, "holds (all) (H3 masked)")
        self.assertEqual(verdict.scenarios["reuse"].masked, [])
        relies = "all who freeze references holding the i_pages lock"
        self.assertEqual(verdict.relies, [relies])
        self.assertEqual(report.relied_on([verdict, self.verdict("fail")]),
                         f"relied on by {verdict.name}: {relies}")

    def test_fail(self) -> None:
        verdict = self.verdict("fail")
        self.assertFalse(verdict.holds)
        self.assertEqual(verdict.breaks["reuse"], ["H1", "H2"])
        self.assertEqual(verdict.breaks["reuse_tail"], ["H1", "H4"])
        self.assertNotIn("page_lock", verdict.breaks)
        self.assertEqual(verdict.scenarios["rearm_fdatawait"].masked, [])
        self.assertGreater(verdict.scenarios["truncate"].first, 0)
        h2 = verdict.scenarios["reuse"].breaks[1]
        self.assertRegex(h2.witness, r"^v1:reuse:E\d+,T,R,E,R$")
        self.assertTrue(any("** H2 stray wake" in row for row in h2.trace))

    def test_skip(self) -> None:
        verdict = judge.judge(ktap.parse(read("skip")), EXPECTED, "skip", UM, asked="reuse")
        self.assertTrue(verdict.holds)
        self.assertEqual(verdict.scenarios["truncate"].skipped, "not asked for")
        self.assertIsNone(verdict.scenarios["reuse"].skipped)

    def test_skip_without_leave(self) -> None:
        text = read("pass").replace("no transparent huge pages", "it is Sunday")
        self.assert_code(Exit.INCOMPLETE, text, "was skipped: it is Sunday")

    def test_crash(self) -> None:
        log = ktap.parse(read("crash"))
        self.assertTrue(log.crash)
        self.assertFalse(log.ended)
        self.assertRegex(log.schedule or "", r"^v1:reuse_sync:E\d+,T,X,E,X$")

    def test_crash_is_no_pass_even_after_all_results(self) -> None:
        text = read("pass").replace(
            "Kernel panic - not syncing: No working init", "WARNING: CPU: 0\nKernel panic - not syncing: No working init"
        )
        self.assertTrue(ktap.parse(text).crash)

    def test_known_reports(self) -> None:
        """Only what is listed is no crash."""
        known = UM.with_debug(KUNIT.parent / "kconfig", ("kcsan",)).known
        tags = "[    3.1] BUG: KCSAN: data-race in xas_set_mark / _find_next_bit.constprop.0\n"
        text = read("pass")
        cut = text.index("    ok 4 - reuse_tail")
        log = ktap.parse(text[:cut] + tags + text[cut:], known)
        self.assertEqual((log.crash, len(log.known), log.ended), ([], 1, True))
        self.assertTrue(ktap.parse(text[:cut] + tags + text[cut:]).crash)
        other = tags.replace("xas_set_mark", "end_page_writeback")
        self.assertTrue(ktap.parse(text[:cut] + other + text[cut:], known).crash)

    def test_panic_in_the_middle_is_a_crash(self) -> None:
        text = read("pass")
        cut = text.index("    ok 4 - reuse_tail")
        text = text[:cut] + "Kernel panic - not syncing: No working init found.\n" + text[cut:]
        self.assertTrue(ktap.parse(text).crash)

    def test_hang(self) -> None:
        log = ktap.parse(read("hang"))
        self.assertTrue(log.started)
        self.assertFalse(log.ended)
        self.assert_code(Exit.INCOMPLETE, read("hang"), "the log breaks off, last in page_writeback.wait_and_wake")

    def test_truncated_anywhere(self) -> None:
        text = read("pass")
        end = text.rindex(f"ok {NUMBER[judge.RACES]} - page_writeback_races")
        for cut in range(0, end + 25, 97):
            with self.subTest(cut=cut):
                log = ktap.parse(text[:cut])
                if log.suites:
                    verdict = judge.judge(log, EXPECTED, "x", UM)
                    self.assertFalse(verdict.holds)
                    self.assertNotIn(Exit.VIOLATION, (verdict.exit,))
                else:
                    self.assert_nothing(text[:cut])

    def test_empty(self) -> None:
        self.assertFalse(ktap.parse("").started)
        self.assert_nothing("")

    def test_absent_suite(self) -> None:
        text = read("pass").replace("page_writeback_races", "something_else")
        self.assert_code(Exit.INCOMPLETE, text, f"not run: {len(EXPECTED[judge.RACES])} scenarios")

    def test_absent_case(self) -> None:
        rows = [r for r in read("pass").splitlines() if "ok 2 - reuse" not in r]
        self.assert_code(Exit.INCOMPLETE, "\n".join(rows), "not run: reuse")

    def test_no_test_executed(self) -> None:
        self.assert_nothing("TAP version 14\n1..0\nboot\n")

    def test_vacuous(self) -> None:
        text = read("pass").replace(
            "# reached reuse: ", "# vacuous reuse: reused\n    # reached reuse: "
        ).replace("    ok 2 - reuse\n", "    not ok 2 - reuse\n")
        result = f"ok {NUMBER[judge.RACES]} - page_writeback_races"
        self.assertIn(f"\n{result}", text)
        text = text.replace(f"\n{result}", f"\nnot {result}")
        self.assert_code(Exit.INCOMPLETE, text, "reuse no longer reaches reused")

    def test_pass_in_spite_of_violations(self) -> None:
        text = read("fail").replace("not ok", "ok")
        self.assert_code(Exit.VIOLATION, text, "truncate: it passes in spite of violations")

    def test_failure_without_a_rule(self) -> None:
        rows = [r for r in read("fail").splitlines() if "# broken " not in r]
        self.assert_code(Exit.VIOLATION, "\n".join(rows), "broken: H1, H2, H3, H4")  # as told at once
        text = "\n".join(r for r in rows if "# seen " not in r)
        self.assert_code(Exit.VIOLATION, text, "cases of page_writeback_races fail: truncate, ")

    def test_every_case_is_judged(self) -> None:
        """Also one that nobody knows, in a suite that is known or not."""
        text = read("pass")
        n = ktap.parse(text).suites["interleave"].planned
        assert n
        plan, result = f"\n    1..{n}\n", "\nok 1 - interleave\n"
        self.assertIn(plan, text)
        self.assertIn(result, text)
        extra = text.replace(plan, f"\n    1..{n + 1}\n", 1).replace(
            result, f"\n    not ok {n + 1} - a_slow_case\nnot ok 1 - interleave\n")
        verdict = judge.judge(ktap.parse(extra), EXPECTED, "x", UM)
        self.assertEqual((verdict.failed, verdict.incomplete), (["interleave.a_slow_case"], []))
        self.assert_code(Exit.VIOLATION, extra, "interleave.a_slow_case fails")
        suite = "    # Subtest: others\n    1..1\n    not ok 1 - one\nnot ok 12 - others\n"
        other = text.replace("Run /sbin/init", f"{suite}Run /sbin/init", 1)
        self.assertNotEqual(other, text)
        self.assert_code(Exit.VIOLATION, other, "others.one fails")

    def test_suite_disagrees(self) -> None:
        text, result = read("fail"), f"ok {NUMBER[judge.RACES]} - page_writeback_races"
        self.assertIn(f"\nnot {result}", text)
        text = text.replace(f"\nnot {result}", f"\n{result}")
        self.assert_code(Exit.VIOLATION, text, "page_writeback_races disagrees with its cases")

    def test_no_account(self) -> None:
        text = "\n".join(r for r in read("pass").splitlines() if "# explored reuse:" not in r)
        self.assert_code(Exit.INCOMPLETE, text, "reuse: no account of what it explored")

    def test_without_the_explorer(self) -> None:
        """A debugging aid that excludes suites: no scenario, so no claim about any."""
        kcsan = UM.with_debug(KUNIT.parent / "kconfig", ("kcsan",))
        log = ktap.parse(read("fail"))
        self.assertLess({judge.RACES}, set(kcsan.without))
        for suite in kcsan.without:
            log.suites.pop(suite)
        verdict = judge.judge(log, EXPECTED, "x", kcsan)
        self.assertEqual((verdict.holds, verdict.ran), (True, 0))
        self.assertEqual(judge.unexpected(verdict, {"reuse": ["H1"]}), [])
        self.assertIn(f"{judge.RACES}: {kcsan.because}", verdict.skipped)
        log.suites.pop("page_writeback")
        self.assertEqual(judge.judge(log, EXPECTED, "x", kcsan).exit, Exit.INCOMPLETE)

    def test_covered(self) -> None:
        s = self.verdict("pass").scenarios
        self.assertEqual(s["reuse"].covered, "complete")
        self.assertGreater(int(s["reuse"].stands_for), 10**9 * s["reuse"].run)
        self.assertGreater(float(s["truncate"].stands_for), 1e20)
        self.assertEqual(s["stale_waiters"].covered, "")  # only asked for three actors

    def test_covered_in_part(self) -> None:
        text = re.sub(r"(# covered reuse: .*)complete", r"\1cut short: -116 in v1:reuse:E", read("pass"))
        self.assert_code(Exit.INCOMPLETE, text, "reuse: it passes in spite of")
        text = re.sub(r"(# covered reuse: ).*", r"\1much", read("pass"))
        self.assert_code(Exit.INCOMPLETE, text, "reuse: can't tell what was covered")

    def test_newer_ktap(self) -> None:
        text = read("pass").replace("TAP version 14", "KTAP version 1").replace("ok 1 - ", "ok 1 ")
        rows = "\n".join(f"[    0.{i:06}] {r}" for i, r in enumerate(text.splitlines()))
        self.assertTrue(judge.judge(ktap.parse(rows + "\n"), EXPECTED, "x", UM).holds)

    def test_expected_on_one_architecture(self) -> None:
        verdict = judge.Verdict("x", "um", scenarios={"reuse": judge.Scenario("reuse", breaks=[
            judge.Breakage("H1 dead touch", 1, 0, 0, "v1:reuse:E")])})
        self.assertEqual(judge.differs(verdict, {"reuse": ["H1", "H4 on x86_64,arm64"]}), [])
        for arch in ("x86_64", "arm64+vm"):
            verdict.arch = arch
            self.assertEqual(len(judge.differs(verdict, {"reuse": ["H1", "H4 on x86_64,arm64"]})), 1)

    def test_unexpected(self) -> None:
        verdict = self.verdict("fail")
        self.assertEqual(judge.unexpected(verdict, verdict.breaks), [])
        self.assertTrue(judge.unexpected(verdict, {**verdict.breaks, "reuse": ["H1"]}))
        self.assertTrue(judge.unexpected(verdict, {**verdict.breaks, "page_lock": ["H5"]}))
        self.assertTrue(judge.unexpected(verdict, {**verdict.breaks, "nowhere": ["H5"]}))

    def test_times_do_not_count(self) -> None:
        text = read("pass")
        other = text.replace(" a second", "1 a second").replace("\n    # time:", "\n    # time: x")
        self.assertEqual(ktap.without_times(text), ktap.without_times(other))
        self.assertNotEqual(
            ktap.without_times(text), ktap.without_times(text.replace("violating", "v", 1))
        )


def changed(text: str, old: str, new: str) -> str:
    """A log with something of it replaced, which must be there."""
    assert old in text, old
    return text.replace(old, new, 1)


def skipped(text: str, why: str, name: str = r"\w+") -> str:
    """A log in which scenarios that were explored are skipped."""
    new = re.sub(rf"(    # actors ({name}):(?:.*\n)+?)    ok (\d+) - \2\n",
                 rf"    # SKIP \2: {why}\n    ok \3 - \2\n", text)
    assert new != text
    return new


class Nothing(unittest.TestCase):
    """No row gets lost, and nothing holds unless it was explored."""

    def verdict(self, text: str, asked: str | None = None, lacks: Sequence[str] | None = None
                ) -> judge.Verdict:
        return judge.judge(ktap.parse(text), EXPECTED, "x", UM, asked=asked, lacks=lacks)

    def assert_code(self, text: str, code: Exit, part: str) -> None:
        v = self.verdict(text)
        self.assertEqual(v.exit, code, v.summary)
        self.assertIn(part, v.summary)

    def test_a_case_with_two_results(self) -> None:
        row = "    ok 5 - put_and_wait\n"
        for both in (f"    not{row[3:]}{row}", f"{row}    not{row[3:]}"):
            text = changed(read("pass"), row, both)
            self.assert_code(text, Exit.VIOLATION, "page_writeback.put_and_wait fails")
            self.assert_code(text, Exit.VIOLATION, "page_writeback.put_and_wait has two results")
        case = ktap.parse(changed(read("pass"), row, f"    # a\n    # b\n{row}    # c\n{row}")
                          ).suites["page_writeback"].cases["put_and_wait"]
        self.assertEqual((case.ok, case.lines), (True, ["a", "b", "c"]))

    def test_a_suite_that_comes_twice(self) -> None:
        head = "    # Subtest: page_writeback\n"
        first = f"{head}    1..14\n    not ok 1 - wait_and_wake\nnot ok 6 - page_writeback\n"
        text = changed(read("pass"), head, first + head)
        self.assert_code(text, Exit.VIOLATION, "page_writeback.wait_and_wake fails")
        self.assertIn("the suite page_writeback comes twice", ktap.parse(text).doubts)
        self.assertFalse(ktap.parse(text).suites["page_writeback"].ok)

    def test_a_result_outside_of_all_suites(self) -> None:
        text = changed(read("pass"), "\nok 6 - page_writeback\n", "\nok 6 - page_writeback\n    not ok 15 - late\n")
        self.assert_code(text, Exit.INCOMPLETE, "unreadable row: not ok 15 - late")

    def test_names_with_spaces(self) -> None:
        text = changed(read("pass"), "    ok 14 - no_writeback_tags\n",
                       "    ok 14 - no_writeback_tags\n    not ok 15 - some odd case\n")
        self.assert_code(text, Exit.VIOLATION, "page_writeback.some odd case fails")
        last = f"\nok {len(NUMBER)} - page_writeback_programs\n"
        text = changed(read("pass"), last, f"{last}    # Subtest: Handshake API tests\n    1..1\n"
                       "    not ok 1 - req_alloc\nnot ok 15 - Handshake API tests\n")
        self.assert_code(text, Exit.VIOLATION, "Handshake API tests.req_alloc fails")

    def test_a_row_behind_others(self) -> None:
        """The console may mix rows."""
        row = "    ok 5 - put_and_wait\n"
        text = changed(read("pass"), row, f"epoll    not ok 5 - x\n{row}")
        self.assert_code(text, Exit.INCOMPLETE, "unreadable row: epoll    not ok 5 - x")
        text = changed(read("pass"), "    # Subtest: page_writeback\n", "epoll    # Subtest: page_writeback\n")
        self.assertIn("unreadable row: epoll    # Subtest: page_writeback", ktap.parse(text).doubts)

    def test_as_many_suites_as_planned(self) -> None:
        n = len(NUMBER)
        text = changed(read("pass"), f"\n1..{n}\n", f"\n1..{n + 2}\n")
        self.assert_code(text, Exit.INCOMPLETE, f"{n} suites ran, of {n + 2} planned")
        self.assert_code(changed(read("pass"), f"\n1..{n}\n", "\n"), Exit.INCOMPLETE,
                         f"{n} suites ran, of unknown planned")

    def test_a_second_boot(self) -> None:
        """It hides nothing of the first."""
        text = read("pass")
        cut = changed(text[:text.index("    ok 2 - reuse\n")], "    ok 1 - truncate", "    not ok 1 - truncate")
        for start in ("Linux version", "TAP version"):
            self.assert_code(f"{cut}\n{text[text.index(start):]}", Exit.VIOLATION, "races.truncate fails")
        text = text[:text.index("    ok 2 - reuse\n")] + text[text.index("Linux version"):]
        self.assert_code(text, Exit.INCOMPLETE, "the kernel booted again, last in reuse")

    def test_explored_nothing(self) -> None:
        text = re.sub(r"(explored truncate:) \d+", r"\1 0", read("pass"))
        self.assert_code(text, Exit.INCOMPLETE, "truncate: it explored no schedule")

    def test_all_are_skipped(self) -> None:
        for why in ("not asked for", "not on this line", "no migration"):
            self.assert_code(skipped(read("pass"), why), Exit.INCOMPLETE, "no scenario was explored")

    def test_not_asked_for(self) -> None:
        self.assertEqual(self.verdict(read("pass")).scenarios["reuse_sync"].skipped, "not asked for")
        text = skipped(read("pass"), "not asked for", "truncate")
        self.assert_code(text, Exit.INCOMPLETE, "truncate was skipped: not asked for")
        self.assertEqual(self.verdict(read("skip"), "reuse").exit, Exit.OK)
        self.assertEqual(self.verdict(read("skip")).exit, Exit.INCOMPLETE)
        self.assertEqual(self.verdict(read("skip"), "truncate").exit, Exit.INCOMPLETE)
        text = changed(read("pass"), "    ok 5 - put_and_wait", "    ok 5 - put_and_wait # SKIP not asked for")
        self.assert_code(text, Exit.INCOMPLETE, "put_and_wait was skipped: not asked for")

    def test_off_by_default(self) -> None:
        """As the source has it."""
        races = (KUNIT / "page_writeback/races_kunit.c").read_text()
        self.assertEqual(sorted(re.findall(r"^\tPWB_DEADLY_RACE\((\w+)\)", races, re.M)), sorted(judge.DEADLY))
        off = {s for s, found in ktap.parse(read("pass")).suites.items() if s != judge.RACES
               for c in found.cases.values() if c.skipped == judge.NOT_ASKED_FOR}
        self.assertLessEqual(off, set(judge.OFF))
        self.assertLessEqual(set(judge.OFF), EXPECTED.keys())

    def test_not_on_this_line(self) -> None:
        known = lines.load(KUNIT.parent / "patches")
        for line in known.values():
            self.assertLessEqual(set(line.lacks), set(EXPECTED[judge.RACES]))
        lacks = known["v5.10"].lacks
        self.assertTrue(self.verdict(read("pass"), lacks=lacks).holds)
        text = skipped(read("pass"), "not on this line", "truncate")
        v = self.verdict(text, lacks=lacks)
        self.assertEqual((v.exit, v.incomplete),
                         (Exit.INCOMPLETE, ["truncate was skipped: not on this line"]))

    def test_expected_to_break_and_skipped(self) -> None:
        for why in ("not on this line", "not asked for"):
            v = self.verdict(skipped(read("pass"), why))
            self.assertIn(f"x on um: truncate was skipped: {why}, expected H1", judge.differs(v, {"truncate": ["H1"]}))
        v = self.verdict(skipped(read("pass"), "no migration"))
        self.assertEqual(judge.differs(v, {"truncate": ["H1"]}), [])

    def test_nothing_explored_is_no_refactoring_that_passes(self) -> None:
        v = self.verdict(skipped(read("pass"), "not asked for"))
        self.assertIn("no scenario was explored", mutants.problem_of(v))

    def test_numbers_that_are_none(self) -> None:
        """A dying kernel may garble any row; then there is no number, and no defect of ours."""
        text = read("fail")
        first = re.search(r"    # first truncate: (.*)\n", text)
        assert first
        for odd in ("sched", "schedule ", "schedule " + "9" * 5000):
            self.assert_code(text.replace(first[1], odd), Exit.VIOLATION, "unreadable first schedule")
        for row, words in (("broken truncate: ", "unreadable broken rule"),
                           ("explored truncate: ", "no account of what it explored")):
            found = re.search(rf"    # {row}(.*?)\d+ schedules", text)
            assert found
            digits = f"    # {row}{found[1]}{'9' * 5000} schedules"
            self.assert_code(text.replace(found[0], digits), Exit.VIOLATION, words)
        found = re.search(r"# \| (E )(\d+)( [rwa]\d\S* )(\d+)( .*)", text)
        assert found
        self.assertEqual(len(trace.parse(["actor E: x", "".join(found.groups())]).events), 1)
        for nr in (1, 3):
            parts = list(found.groups())
            parts[nr] = "9" * 5000
            with self.assertRaises(WbError):
                trace.parse(["actor E: x", "".join(parts)])
        text = re.sub(r"(v1:truncate:E)\d+", r"\g<1>" + "9" * 5000, text)
        self.assertEqual(self.verdict(text).exit, Exit.VIOLATION)
        self.assertEqual(self.verdict(changed(read("pass"), "1..14\n", f"1..{'9' * 5000}\n")).exit, Exit.INCOMPLETE)

    def test_violations_without_a_rule(self) -> None:
        """By their number alone: whatever else there is, they are there."""
        text = re.sub(r"(explored truncate: \d+ schedules), 0 violating", r"\1, 5 violating", read("pass"))
        text = changed(text, "    ok 1 - truncate\n", "    not ok 1 - truncate\n")
        at = "    # reached truncate: "
        unstable = "    # unstable truncate: H1 dead touch, seen once in v1:truncate:E7,F,T,E, not reproduced\n"
        for row in ("", "    # vacuous truncate: freed\n", "    # error truncate: -12\n", unstable,
                    "    # broken truncate: H2 stray wa\n"):
            self.assert_code(changed(text, at, row + at), Exit.VIOLATION, "page_writeback_races.truncate fails")
        text = re.sub(r"(covered reuse: .*), 0 violating", r"\1, 5 violating", read("pass"))
        self.assert_code(text, Exit.VIOLATION, "page_writeback_races.reuse fails")

    def test_a_failed_expectation_fails_its_case(self) -> None:
        for row, place in (("    ok 1 - truncate\n", "page_writeback_races.truncate"),
                           ("    ok 5 - put_and_wait\n", "page_writeback.put_and_wait")):
            name = place.partition(".")[2]
            text = changed(read("pass"), row, f"    # {name}: EXPECTATION FAILED at x.c:4\n{row}")
            self.assert_code(text, Exit.VIOLATION, f"{place} fails")

    def test_two_accounts(self) -> None:
        row = "    # explored truncate: "
        text = changed(read("pass"), row, f"{row}9 schedules, 4 violating, bound 2, cut short\n{row}")
        self.assert_code(text, Exit.VIOLATION, "truncate: it has two accounts of what it explored")


class LaterLines(unittest.TestCase):
    """Logs of v6.1, v6.12 and v7.2, by kunit.py; that of v7.2 with KUnit's own examples."""

    names = ("v6.1", "v6.12", "v7.2")
    # The explorer's suite has got more cases since; and examples are no suite of ours.
    expected = {"interleave": list(ktap.parse(read("v6.1")).suites["interleave"].cases)}

    def judge(self, text: str) -> judge.Verdict:
        return judge.judge(ktap.parse(text), self.expected, "stock", UM)

    def test_the_configuration_tells_what_to_expect(self) -> None:
        config = "# CONFIG_PAGE_WRITEBACK_KUNIT_TEST is not set\n"
        self.assertEqual(sorted(judge.expected_cases(KUNIT, config)),
                         ["interleave", "interleave_cover", "interleave_points"])
        config = "CONFIG_PAGE_WRITEBACK_KUNIT_TEST=y\n"
        self.assertEqual(judge.expected_cases(KUNIT, config), EXPECTED)

    def test_complete(self) -> None:
        for name in self.names:
            with self.subTest(name=name):
                log = ktap.parse(read(name))
                self.assertTrue(log.ended)
                self.assertEqual(log.crash, [])
                self.assertEqual(log.planned, len(log.suites))
                suite = log.suites["interleave"]
                self.assertEqual((suite.planned, len(suite.cases), suite.ok), (11, 11, True))
                self.assertTrue(all(c.lines == [] or name == "v7.2" for c in suite.cases.values()))

    def test_without_the_suites_nothing_holds(self) -> None:
        for name in self.names:
            verdict = self.judge(read(name))
            self.assertFalse(verdict.available)
            self.assertFalse(verdict.holds)
            self.assertFalse(verdict.as_json()["holds"])
            self.assertEqual((verdict.failed, verdict.incomplete, verdict.breaks), ([], [], {}))
            self.assertGreaterEqual(verdict.passed, 11)
            self.assertIn(judge.UNAVAILABLE, report.matrix_row(verdict))
            self.assertNotIn("holds", report.matrix_row(verdict))

    def test_with_the_suites_expected_it_is_incomplete(self) -> None:
        verdict = judge.judge(ktap.parse(read("v6.1")), EXPECTED, "x", UM)
        self.assertEqual(verdict.exit, Exit.INCOMPLETE)
        self.assertIn("reuse", verdict.not_run)

    def test_failure(self) -> None:
        text = read("v6.12").replace("    ok 10 replay", "    not ok 10 replay").replace(
            "\nok 1 interleave", "\nnot ok 1 interleave")
        self.assertEqual(self.judge(text).failed, ["interleave.replay"])

    def test_truncated_anywhere(self) -> None:
        for name in self.names:
            text = read(name)
            end = re.search(r"(?m)^ok \d interleave$", text)
            assert end
            for cut in range(0, end.end(), 53):
                with self.subTest(name=name, cut=cut):
                    log = ktap.parse(text[:cut])
                    if log.suites:
                        verdict = judge.judge(log, self.expected, "stock", UM)
                        self.assertTrue(verdict.deaths or verdict.not_run)
                    else:
                        with self.assertRaises(WbError):
                            self.judge(text[:cut])

    def test_skip(self) -> None:
        cases = ktap.parse(read("v7.2")).suites["example"].cases
        self.assertEqual(cases["example_skip_test"].skipped, "this test should be skipped")
        self.assertTrue(cases["example_skip_test"].ok)
        self.assertIsNone(cases["example_simple_test"].skipped)

    def test_parameters_are_no_cases(self) -> None:
        suite = ktap.parse(read("v7.2")).suites["example"]
        self.assertEqual((suite.planned, len(suite.cases), suite.ok), (11, 11, True))
        case = suite.cases["example_params_test"]
        self.assertTrue(case.ok)
        self.assertIsNone(case.skipped)
        self.assertIn("ok 1 example value 3 # SKIP unsupported param value 3", case.lines)
        self.assertFalse(any("pass:" in row for row in case.lines))

    def test_a_parameter_that_fails_is_a_case_that_does(self) -> None:
        text = read("v7.2").replace("        ok 2 example value 2", "        not ok 2 example value 2")
        self.assertTrue(ktap.parse(text).suites["example"].cases["example_params_test"].ok)
        text = text.replace("    ok 8 example_params_test", "    not ok 8 example_params_test")
        self.assertFalse(ktap.parse(text).suites["example"].cases["example_params_test"].ok)

    def test_times_do_not_count(self) -> None:
        text = read("v7.2")
        slow = "    # limit: Test should be marked slow (runtime: 1.5s)\n    ok 11 limit\n"
        other = text.replace("    ok 11 limit\n", slow)
        self.assertNotEqual(other, text)
        self.assertEqual(ktap.without_times(text), ktap.without_times(other))
        self.assertNotIn("System halted", ktap.without_times(text))


if __name__ == "__main__":
    unittest.main()

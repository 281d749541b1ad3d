# SPDX-License-Identifier: GPL-2.0
"""What counts as killed, and what is unexpected, without a kernel."""

import argparse
import tempfile
import unittest
from pathlib import Path

from wb import arches, judge, ktap, mutants
from wb.errors import Exit, WbError
from wb.mutants import Expectations, Expected, Job, Outcome

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
V5_10 = ROOT / "patches/v5.10"
ORACLES = (ROOT / "kunit/page_writeback/oracles.c").read_text()


def job(*killed_by: str, survives: str = "", equivalent: str = "") -> Job:
    return Job("x", Path("x.patch"), Expected(tuple(killed_by), survives, equivalent))


class Expectation(unittest.TestCase):
    def load(self, text: str) -> Expectations:
        with tempfile.TemporaryDirectory() as tmp:
            path = Path(tmp) / "expected.toml"
            path.write_text(text)
            return mutants.load_expectations(path)

    def assert_bad(self, text: str) -> None:
        with self.assertRaises(WbError) as raised:
            self.load(text)
        self.assertEqual(raised.exception.code, Exit.PATCH)

    def test_load(self) -> None:
        got = self.load('stack = ["base"]\ntwin = "fixed"\n[mutant.a]\nkilled_by = ["H3", "H1"]\n'
                        '[mutant.b]\nsurvives = "why"\n[mutant.c]\nequivalent = "why not"\n')
        self.assertEqual(got.mutants["a"], Expected(("H1", "H3")))
        self.assertEqual(got.mutants["b"], Expected((), "why"))
        self.assertEqual(got.mutants["c"], Expected(equivalent="why not"))

    def test_a_kind_alone(self) -> None:
        """How it dies, and where, is to be said: any other death is a surprise."""
        for kind in ("crash", "hang", "vacuous"):
            self.assert_bad(f'stack = []\ntwin = ""\n[mutant.a]\nkilled_by = ["{kind}", "H1"]\n')

    def test_neither_or_both(self) -> None:
        self.assert_bad('stack = []\ntwin = "fixed"\n[mutant.a]\n')
        kinds = ('killed_by = ["H1"]\n', 'survives = "why"\n', 'equivalent = "why"\n')
        for kind in kinds:
            self.load(f'stack = []\ntwin = "fixed"\n[mutant.a]\n{kind}')
            for other in set(kinds) - {kind}:
                self.assert_bad(f'stack = []\ntwin = "fixed"\n[mutant.a]\n{kind}{other}')
        self.assert_bad(f'stack = []\ntwin = "fixed"\n[mutant.a]\n{"".join(kinds)}')
        self.assert_bad('stack = []\ntwin = "fixed"\n[mutant.a]\nequivalent = ""\n')
        self.assert_bad('[mutant.a]\nkilled_by = ["H1"]\n')
        self.assert_bad('no toml')

    def test_without_line_numbers(self) -> None:
        """They change with every line that is added above."""
        text = 'stack = []\ntwin = "fixed"\n[mutant.a]\nkilled_by = ["dies: kernel BUG at fs/inode.c%s in truncate"]\n'
        self.load(text % "")
        self.assert_bad(text % ":542")

    def jobs(self, folder: Path) -> list[Job]:
        return mutants.find_jobs(folder, mutants.load_expectations(folder / "mutants/expected.toml"))

    def test_real(self) -> None:
        jobs = self.jobs(V5_10)
        self.assertGreaterEqual(sum(not j.refactoring for j in jobs), 25)
        self.assertGreaterEqual(sum(j.refactoring for j in jobs), 5)
        later = self.jobs(ROOT / "patches/v7.2")
        self.assertGreaterEqual(sum(not j.refactoring for j in later), 15)
        known = set(mutants.rule_names(ORACLES)) | set(mutants.NAMED)
        known |= {f"{s}.{c}" for s, cases in judge.expected_cases(ROOT / "kunit").items()
                  for c in cases}
        for j in jobs + later:
            named = {k for k in j.expected.killed_by if not k.startswith(mutants.NAMED)}
            self.assertLessEqual(named, known, j.name)

    def test_each_rule_is_needed(self) -> None:
        found = sorted((ROOT / "patches").glob("*/mutants/expected.toml"))
        self.assertIn(V5_10 / "mutants/expected.toml", found)
        for path in found:
            expectations = mutants.load_expectations(path)
            self.assertEqual(mutants.not_alone(mutants.rule_names(ORACLES), expectations), [])

    def test_patch_without_expectation(self) -> None:
        with self.assertRaises(WbError):
            mutants.find_jobs(V5_10, Expectations([], {}, {}))


class Choice(unittest.TestCase):
    jobs = [Job(n, Path(n), Expected(("H1",))) for n in "abcdefg"]

    def test_shards_are_disjoint_and_whole(self) -> None:
        for n in range(1, 9):
            parts = [j.name for i in range(1, n + 1)
                     for j in mutants.choose(self.jobs, None, (i, n))]
            self.assertEqual(sorted(parts), list("abcdefg"))

    def test_only(self) -> None:
        self.assertEqual([j.name for j in mutants.choose(self.jobs, ["c"], (1, 1))], ["c"])
        with self.assertRaises(WbError) as raised:
            mutants.choose(self.jobs, ["z"], (1, 1))
        self.assertEqual(raised.exception.code, Exit.USAGE)

    def test_one_for_each_rule(self) -> None:
        jobs = [Job(n, Path(n), Expected(k)) for n, k in (
            ("a", ("H1", "H2")), ("b", ("H1",)), ("c", ("H3",)), ("d", ("H1",)))]
        got = [j.name for j in mutants.one_each(jobs, ["H3", "H1", "H2"])]
        self.assertEqual(got, ["c", "b"])

    def test_shard_argument(self) -> None:
        self.assertEqual(mutants.shard("2/3"), (2, 3))
        for text in ("0/2", "3/2", "1", "a/b", "1/0"):
            with self.subTest(text), self.assertRaises(argparse.ArgumentTypeError):
                mutants.shard(text)


class Surprise(unittest.TestCase):
    def odd(self, j: Job, *killed_by: str, full: bool = False, problem: str = "") -> str:
        return mutants.surprise(j, Outcome("x", list(killed_by), problem=problem), full)

    def test_killed_as_expected(self) -> None:
        self.assertEqual(self.odd(job("H1", "H5"), "H1"), "")
        self.assertEqual(self.odd(job("H1", "H5"), "H1", "H5", full=True), "")

    def test_not_all_of_it(self) -> None:
        self.assertIn("not killed by H5", self.odd(job("H1", "H5"), "H1", full=True))

    def test_by_something_else(self) -> None:
        self.assertIn("hangs in reuse", self.odd(job("H1"), "hangs in reuse"))
        self.assertIn("H5", self.odd(job("H1"), "H1", "H5"))

    def test_by_another_death(self) -> None:
        """How and where the kernel dies is expected by name."""
        dies = "dies: kernel BUG at fs/inode.c in truncate"
        self.assertEqual(self.odd(job(dies, "H1"), dies), "")
        self.assertEqual(self.odd(job(dies, "H1"), "H1", dies, full=True), "")
        for other in ("dies: kernel BUG at mm/swap.c in truncate", "hangs in truncate",
                      "dies: kernel BUG at fs/inode.c in reuse", "reports: Bad page state in truncate"):
            self.assertIn(other, self.odd(job(dies, "H1"), "H1", other))
        self.assertIn("vacuous: reuse", self.odd(job("vacuous: stale_waiters"), "vacuous: reuse"))

    def test_survivor(self) -> None:
        self.assertEqual(self.odd(job("H1")), "survives")
        self.assertEqual(self.odd(job(survives="why")), "")
        self.assertIn("flagged", self.odd(job(survives="why"), "H1"))

    def test_equivalent(self) -> None:
        """What is shown to change nothing can't be caught."""
        self.assertFalse(job(equivalent="why").refactoring)
        self.assertEqual(self.odd(job(equivalent="why")), "")
        self.assertIn("killed by H1", self.odd(job(equivalent="why"), "H1"))
        row = mutants.result_row(job(equivalent="why"), Outcome("x"), "")
        self.assertEqual((row[1], row[-1]), ("equivalent", "why"))
        self.assertEqual(mutants.result_row(job(survives="why"), Outcome("x"), "")[1], "survives")

    def test_refactoring(self) -> None:
        self.assertEqual(self.odd(job()), "")
        self.assertIn("flagged by H1", self.odd(job(), "H1"))

    def test_problem_is_never_as_expected(self) -> None:
        for j in (job(), job("H1"), job(survives="why"), job(equivalent="why")):
            self.assertEqual(self.odd(j, problem="does not build"), "does not build")


class Verdicts(unittest.TestCase):
    def verdict(self, name: str) -> judge.Verdict:
        log = ktap.parse((DATA / f"{name}.log").read_text())
        return judge.judge(log, judge.expected_cases(ROOT / "kunit"), name,
                           arches.load(ROOT / "kconfig")["um"])

    def test_killers(self) -> None:
        self.assertEqual(mutants.killers(self.verdict("pass")), [])
        self.assertEqual(mutants.killers(self.verdict("fail")),
                         ["H1", "H2", "H3", "H4", "late lock wakeup", "lost lock wakeup"])

    def test_until_killed(self) -> None:
        self.assertEqual(mutants.until_killed(self.verdict("pass")), (0, ""))
        schedules, witness = mutants.until_killed(self.verdict("fail"))
        self.assertGreater(schedules, 0)
        self.assertTrue(witness.startswith("v1:truncate:"))
        later = self.verdict("fail")
        before = later.scenarios["truncate"].schedules
        later.scenarios["truncate"].breaks = []
        self.assertEqual(mutants.until_killed(later)[0],
                         before + later.scenarios["reuse"].first)

    def test_rule_names(self) -> None:
        names = mutants.rule_names(ORACLES)
        self.assertIn("H1", names)
        self.assertIn("accounting", names)
        self.assertEqual(mutants.rule_names("nothing"), [])

    def test_alone(self) -> None:
        expectations = Expectations([], {"a": Expected(("H1",)), "b": Expected(("H2", "H3"))},
                                    {"H3": "why"})
        self.assertEqual(mutants.not_alone(["H1", "H2", "H3"], expectations), ["H2"])
        # A reason for what is not so is as wrong as none.
        self.assertEqual(mutants.not_alone(["H1", "H2"], Expectations(
            [], {"a": Expected(("H1",)), "b": Expected(("H2",))}, {"H2": "why"})), ["H2"])

    def test_masked(self) -> None:
        s = judge.Scenario("x", bound=2, extent="bounded", near_misses={"H2 stray wake": 3})
        self.assertEqual(s.summary, "holds ≤2 (H2 masked)")
        s.breaks = [judge.Breakage("H2 stray wake", 1, 1, 1, "v1:x:E")]
        self.assertEqual(s.summary, "H2")


if __name__ == "__main__":
    unittest.main()

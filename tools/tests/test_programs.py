# SPDX-License-Identifier: GPL-2.0
"""What the programs' lines amount to, and the parts they are run in, without a kernel."""

import argparse
import contextlib
import io
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from wb import arches, build, cli, ktap, proc, programs
from wb.errors import Exit, WbError
from wb.lines import Line, Variant
from wb.programs import Outcome, Size
from wb.settings import Settings

UM = arches.load(Path(__file__).parents[2] / "kconfig")["um"]

# As a kernel without the fix says it, with two programs of the three left out.
BROKEN = """\
program p_ET: complete, 146808782363918 schedules
breaks p_ET: H1 dead touch, preemptions 1, points 40, v1:p_ET:E12,T,E
program p_ES: complete, 591516 schedules
program p_EYy: bound 3, 9213 schedules
breaks p_EYy: H3 late wake, preemptions 2, points 40, v1:p_EYy:E12,Y,E1,y,E,Y
breaks p_EYy: early return, preemptions 1, points 40, v1:p_EYy:E12,Y,E,Y
programs two: 3 of 5, 2 complete, 1 idle, 2 violating
wanted two: freed, rearmed, wait
reached two: window, freed, rearmed
time: two 13305 schedules in 501 ms, 26000 a second
"""
HOLDS = "\n".join(r for r in BROKEN.splitlines() if not r.startswith("breaks")).replace(
    "2 violating", "0 violating")


def read(text: str, ok: bool) -> Size:
    return programs.read_part(ktap.Case("two", ok, None, text.splitlines()), 2, "x")


class Read(unittest.TestCase):
    def assert_incomplete(self, text: str, ok: bool, part: str) -> None:
        size = read(text, ok)
        verdict = size.verdict()
        self.assertIn(part, "; ".join(verdict.gaps))
        self.assertEqual(verdict.open, Exit.INCOMPLETE)
        self.assertEqual(verdict.exit, Exit.VIOLATION if size.violating else Exit.INCOMPLETE)

    def test_broken(self) -> None:
        size = read(BROKEN, False)
        self.assertEqual(list(size.programs), ["p_ET", "p_ES", "p_EYy"])
        self.assertEqual((size.all, size.idle, size.complete, size.run), (5, 1, 2, 13305))
        self.assertEqual(size.wanted, {"freed", "rearmed", "wait"})
        self.assertEqual([p.name for p in size.violating], ["p_ET", "p_EYy"])
        self.assertEqual({r: [b.preemptions for b in found] for r, found in size.rules().items()},
                         {"H1": [1], "H3": [2], "early return": [1]})
        self.assertEqual(size.rules()["H1"][0].witness, "v1:p_ET:E12,T,E")

    def test_holds(self) -> None:
        verdict = read(HOLDS, True).verdict()
        self.assertEqual((verdict.holds, verdict.summary), (True, "holds ≤3"))

    def test_disagrees(self) -> None:
        self.assert_incomplete(BROKEN, True, "disagrees with its programs")
        self.assert_incomplete(HOLDS, False, "disagrees with its programs")

    def test_lines_are_missing(self) -> None:
        for start in ("program p_ES", "programs two", "breaks p_ET"):
            with self.subTest(start):
                text = "\n".join(r for r in BROKEN.splitlines() if not r.startswith(start))
                self.assert_incomplete(text, False, "not all there")

    def test_vacuous(self) -> None:
        self.assert_incomplete(HOLDS + "\nvacuous p_ES: rearmed", False,
                               "p_ES no longer reaches rearmed")

    def test_cut_short(self) -> None:
        self.assert_incomplete(HOLDS + "\nerror p_ES: -116 in v1:p_ES:E", False,
                               "p_ES is cut short: -116 in")

    def test_stuck_in_what_it_broke(self) -> None:
        """A world that can't be used again ends the case, and what is known counts."""
        for code in (-35, -117):
            text = "\n".join(BROKEN.splitlines()[:6]) + f"\nerror p_EYy: {code} in v1:p_EYy:E12"
            self.assert_incomplete(text, False, "can't be used any more after p_EYy")
            verdict = read(text, False).verdict()
            self.assertEqual(verdict.breaks, {"p_ET": ["H1"], "p_EYy": ["H3", "early return"]})
            self.assertNotIn("cut short", verdict.summary)
            text = HOLDS + f"\nerror p_ES: {code} in v1:p_ES:E12"
            self.assert_incomplete(text, False, "p_ES is cut short")

    def test_unstable(self) -> None:
        row = "\nunstable p_ES: H3 late wake, seen once in v1:p_ES:E9,S,E, not reproduced"
        verdict = read(HOLDS + row, False).verdict()
        self.assertEqual((verdict.exit, verdict.gaps),
                         (Exit.UNSTABLE, ["unstable: H3 in v1:p_ES:E9,S,E, not reproduced"]))
        self.assertEqual(read(HOLDS + row, True).incomplete, ["x: two disagrees with its programs"])
        self.assertEqual(read(BROKEN + row, False).verdict().exit, Exit.VIOLATION)
        seen = "\nseen two: H3 late wake, v1:p_ES:E9,S,E"  # in an attempt that was disturbed
        self.assertEqual(read(HOLDS + seen + row, False).verdict().exit, Exit.UNSTABLE)
        self.assert_incomplete(HOLDS + "\nunstable p_ES: H3", True, "can't tell what is unstable")

    def test_rows_that_are_garbled(self) -> None:
        for row in ("program p_ET: complete, 5 sched", "breaks p_ET: H1 dead tou", "seen two: H1 dead touch v1",
                    "programs two: 3 of", "program p_ET: bound " + "9" * 5000 + ", 5 schedules",
                    "breaks p_ET: H1, preemptions " + "9" * 5000 + ", points 1, v1:p_ET:E1,T"):
            with self.subTest(row[:40]):
                self.assert_incomplete(f"{HOLDS}\n{row}", True, f"unreadable row: {row}")

    def test_no_schedule(self) -> None:
        text = HOLDS.replace("program p_ES: complete, 591516 schedules", "program p_ES: complete, 0 schedules")
        self.assert_incomplete(text, True, "p_ES: it explored no schedule")

    def test_seen(self) -> None:
        """A rule is named once, with its shortest witness; without that, with the first."""
        seen = "\nseen two: H1 dead touch, v1:p_ET:E13,T,E\nseen two: H5, v1:p_ET:E8,T,E"
        found = read(BROKEN + seen, False).programs["p_ET"].breaks
        self.assertEqual([(b.rule, b.witness) for b in found],
                         [("H1 dead touch", "v1:p_ET:E12,T,E"), ("H5", "v1:p_ET:E8,T,E")])


# A kernel that has told of one program, and of one rule that another one breaks.
ALIVE = """\
TAP version 14
1..1
    # Subtest: page_writeback_programs
    1..2
    ok 1 - letters
    # program p_ET: complete, 146808782363918 schedules
    # breaks p_ET: H1 dead touch, preemptions 1, points 40, v1:p_ET:E12,T,E
    # program p_ES: bound 3, 591516 schedules
"""
DEADLY = "v1:p_EY:E12,Y"
SEEN = "    # seen two: H3 late wake, v1:p_EY:E12,Y,E,Y\n"
BUG = f"kernel BUG at fs/inode.c:542!\nKernel panic - not syncing: Fatal exception\ninterleave: died in {DEADLY}\n"
HANG = f"interleave: hangs in {DEADLY}: no progress for 5 s\nKernel panic - not syncing: nothing moves\n"
UNBROKEN = "\n".join(r for r in ALIVE.splitlines() if "breaks" not in r) + "\n"
END = "Kernel panic - not syncing: No working init found\n"
SUMS = "    # programs two: 2 of 2, 1 complete, 0 idle, 0 violating\n"
PASSED = f"    ok 2 - two\nok 1 - page_writeback_programs\n{END}"
LIVES = "TAP version 14\n1..0\n" + END


class Deaths(unittest.TestCase):
    """A kernel that dies in a program has told of others before."""

    def read(self, text: str, replay: str | None = None) -> Size:
        size = programs.read_log(ktap.parse(text), 2, "2 actors, part 1/1")
        asked: list[str] = []

        def again(schedule: str) -> ktap.Log:
            asked.append(schedule)
            if replay is None:
                raise WbError(Exit.BOOT, "x")
            return ktap.parse(replay)

        programs.blame(size, again)
        self.assertEqual(asked, [d.schedule for d in size.deaths if d.schedule])
        return size

    def test_what_is_known_so_far(self) -> None:
        verdict = self.read(ALIVE + SEEN + BUG).verdict()
        self.assertEqual(verdict.breaks, {"p_ET": ["H1"], "p_EY": ["H3"]})
        self.assertEqual(verdict.exit, Exit.VIOLATION)
        self.assertEqual(verdict.summary, "broken: H1, H3; the kernel died later: kernel BUG at "
                         f"fs/inode.c:542, in {DEADLY}")

    def test_what_it_broke_in_its_last_schedule(self) -> None:
        verdict = self.read(UNBROKEN + f"interleave: broke page freed twice in {DEADLY}\n" + BUG).verdict()
        self.assertEqual(verdict.breaks, {"p_EY": ["page freed twice"]})

    def test_replayed(self) -> None:
        for last, rule, words in ((BUG, "dies: kernel BUG at fs/inode.c:542", "dies: kernel BUG at "
                                   f"fs/inode.c:542, in {DEADLY}"),
                                  (HANG, "hangs", f"hangs in {DEADLY}")):
            size = self.read(UNBROKEN + last, LIVES[:-len(END)] + last)
            verdict = size.verdict()
            self.assertEqual((verdict.exit, verdict.breaks), (Exit.VIOLATION, {"p_EY": [rule]}))
            self.assertEqual(verdict.summary, f"broken: {words}")
            outcome = Outcome("v", "um", True, [size])
            self.assertEqual(programs.concluded([outcome], True), (f"1 unexpected: v on um: {words}", 1))
            self.assertIn(f"{rule}, not all of it", programs.table([outcome]))

    def test_not_reproduced(self) -> None:
        size = self.read(UNBROKEN + BUG, LIVES)
        self.assertEqual((size.verdict().exit, size.violating), (Exit.CRASH, []))
        self.assertIn(f"died in {DEADLY}, not reproduced", size.verdict().summary)
        for expected in (False, True):
            words, code = programs.concluded([Outcome("v", "um", expected, [size])], True)
            self.assertEqual(code, Exit.CRASH)
            self.assertIn(f"v on um: died in {DEADLY}, not reproduced: kernel BUG at", words)
        self.assertIn("not all of it", programs.table([Outcome("v", "um", False, [size])]))

    def test_no_replay(self) -> None:
        self.assertEqual(self.read(UNBROKEN + BUG).verdict().exit, Exit.CRASH)

    def test_outside_of_schedules(self) -> None:
        text = UNBROKEN + BUG.replace(f"interleave: died in {DEADLY}\n", "")
        self.assertEqual(self.read(text).verdict().exit, Exit.CRASH)

    def test_reports(self) -> None:
        """The kernel goes on, and the programs hold."""
        self.assertTrue(self.read(UNBROKEN + SUMS + PASSED).verdict().holds)
        report = "BUG: Bad page state in process ilv/E  pfn:00042\n"
        size = self.read(UNBROKEN + report + SUMS + PASSED)
        self.assertEqual((size.verdict().exit, size.incomplete), (Exit.CRASH, []))

    def test_it_did_not_run(self) -> None:
        size = self.read(LIVES)
        self.assertEqual((size.verdict().exit, size.incomplete),
                         (Exit.INCOMPLETE, ["2 actors, part 1/1: the programs did not run"]))
        skipped = UNBROKEN.split("    # program")[0] + "    ok 2 - two # SKIP not asked for\n" \
            "ok 1 - page_writeback_programs\n" + END
        self.assertEqual(self.read(skipped).incomplete, ["2 actors, part 1/1: the programs did not run"])

    def test_other_cases_count(self) -> None:
        """A verdict is worth nothing if the explorer's own suite fails."""
        others = "TAP version 14\n1..2\n    # Subtest: interleave\n    1..1\n    not ok 1 - replay\n" \
            "not ok 1 - interleave\n"
        text = (UNBROKEN + SUMS + PASSED).replace("TAP version 14\n1..1\n", others).replace(
            "\nok 1 - page_writeback_programs", "\nok 2 - page_writeback_programs")
        for log, name in ((text, "interleave.replay"),
                          ((UNBROKEN + SUMS + PASSED).replace("    ok 1 - letters", "    not ok 1 - letters"),
                           "page_writeback_programs.letters")):
            one = self.read(log)
            size = programs.merge([one, Size(2, all=2, failed=one.failed)], False, "x")
            self.assertEqual((size.verdict().exit, size.verdict().failed), (Exit.VIOLATION, [name]))
            for expected in (False, True):
                words, code = programs.concluded([Outcome("v", "um", expected, [size])], True)
                self.assertEqual((words, code), (f"1 unexpected: v on um: {name} fails", Exit.VIOLATION))

    def test_none_in_this_part(self) -> None:
        size = Size(2, all=9)
        for expected in (False, True):
            self.assertEqual(programs.concluded([Outcome("v", "um", expected, [size])], False),
                             ("none: no program of v on um in this part", Exit.INCOMPLETE))

    def test_told_before_a_row(self) -> None:
        told = f"interleave: broke page freed twice in {DEADLY}\n"
        verdict = self.read(UNBROKEN + told + SUMS + PASSED).verdict()
        self.assertEqual((verdict.breaks, verdict.exit), ({"p_EY": ["page freed twice"]}, Exit.VIOLATION))

    def test_a_part_without_a_log(self) -> None:
        """The others have results."""
        cell = SimpleNamespace(variant="good", name="good on um", arch=UM)
        kernel = build.Kernel(Path(), UM, Path(), Path(), 0, "")

        def size(error: WbError) -> Size:
            def attempt(_: object, __: object, ___: object, parameters: list[str], ____: object) -> ktap.Log:
                if "page_writeback.shard=1/2" in parameters:
                    raise error
                return ktap.parse(UNBROKEN + SUMS + PASSED)

            with mock.patch("wb.boot.attempt", attempt), mock.patch.dict(programs.PARTS, {2: 2}), \
                    mock.patch("wb.programs.make_folder", lambda path: path):
                return programs.run_size(Settings.from_environment(), kernel, cell, 2, (1, 1), [])  # type: ignore

        for code in (Exit.BOOT, Exit.CRASH, Exit.KILLED):
            found = size(WbError(code, "the part is gone"))
            self.assertEqual((found.verdict().exit, list(found.programs)), (code, ["p_ET", "p_ES"]))
            self.assertIn("the part is gone", found.verdict().summary)
        self.addCleanup(proc.cancelled.clear)
        with self.assertRaises(WbError):
            size(WbError(Exit.STALE, "x"))

    def test_other_parts_go_on(self) -> None:
        rest = Size(2, all=3)
        rest.programs = {"p_EC": programs.Program("p_EC", "complete", "1")}
        size = programs.merge([self.read(UNBROKEN + BUG, LIVES), rest], True, "2 actors")
        self.assertEqual(sorted(size.programs), ["p_EC", "p_ES", "p_ET"])
        size = programs.merge([self.read(ALIVE + BUG, BUG), rest, Size(2, all=3)], True, "2 actors")
        self.assertEqual(size.verdict().exit, Exit.VIOLATION)

    def command(self, log: str, *replays: str) -> tuple[int, str, dict[str, object]]:
        """`wbcheck programs` on one variant that is to hold."""
        line = Line("v5.10", "5.10", {}, None, {}, {"good": Variant("good", "", (), {})})
        cell = SimpleNamespace(variant="good", name="good on um", arch=UM, line=line)
        kernel = build.Kernel(Path(), UM, Path(), Path(), 0, "")
        args = argparse.Namespace(line=None, arch="um", debug="", variant=None, actors=[2], shard=(1, 1),
                                  bound=None, json=None)
        logs = [log, *replays]
        wrote: dict[str, object] = {}
        out = io.StringIO()
        with contextlib.ExitStack() as stack:
            for target, value in (
                ("wb.cli.line_of", lambda *_: line), ("wb.cells.require_explorer", lambda *_: None),
                ("wb.cli.begun", lambda *_: mock.MagicMock()), ("wb.cells.built", lambda *_: kernel),
                ("wb.cli.variant_cells", lambda *_: (SimpleNamespace(version="5.10"), [cell])),
                ("wb.cli.build_lock", lambda _: contextlib.nullcontext()),
                ("wb.programs.make_folder", lambda path: path),
                ("wb.boot.attempt", lambda *_: ktap.parse(logs.pop(0))),
                ("wb.report.write_json", lambda _, data: wrote.update(data)),
            ):
                stack.enter_context(mock.patch(target, value))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
            code = cli.cmd_programs(Settings.from_environment(), args)
        self.assertEqual(logs, [])
        return int(code), out.getvalue(), wrote

    def test_the_command(self) -> None:
        code, out, data = self.command(UNBROKEN + BUG, LIVES[:-len(END)] + BUG)
        self.assertEqual((code, data["exit"], data["holds"]), (1, 1, False))
        self.assertIn(f"good on um: dies: kernel BUG at fs/inode.c:542, in {DEADLY}; results in",
                      out.splitlines()[-1])
        code, _, data = self.command(UNBROKEN + BUG, LIVES)
        self.assertEqual((code, data["exit"], data["as_expected"]), (9, 9, False))
        row = "    # unstable p_ES: H3 late wake, seen once in v1:p_ES:E9,S,E, not reproduced\n"
        failed = f"    not ok 2 - two\nnot ok 1 - page_writeback_programs\n{END}"
        code, out, data = self.command(UNBROKEN + row + SUMS + failed)
        self.assertEqual((code, data["exit"], data["holds"]), (14, 14, False))
        self.assertIn("unstable: H3 in v1:p_ES:E9,S,E, not reproduced", out.splitlines()[-1])
        code, out, data = self.command(UNBROKEN + SUMS + PASSED)
        self.assertEqual((code, data["exit"], data["holds"], data["as_expected"]), (0, 0, True, True))
        self.assertIn("verdict: as expected: good holds ≤3, in 2 programs, sequentially consistent, a "
                      "critical section is one step; results in", out.splitlines()[-1])
        self.assertRegex(out, r"good +um +2 +2 +1 +0 +0  holds ≤3")
        self.assertIn("holds (all): in every schedule; holds ≤3: in all schedules with up to 3 preemptions; "
                      "sequentially consistent; a critical section is one step", out)


class Parts(unittest.TestCase):
    def test_partition(self) -> None:
        """Shards, and the parts of each, are disjoint, and together the whole."""
        for of in range(1, 6):
            for parts in (1, 2, 8):
                cut = [p for nr in range(1, of + 1)
                       for p in programs.parts_of((nr, of), parts)]
                for program in range(200):
                    self.assertEqual(sum(program % m == n - 1 for n, m in cut), 1)
                    shard = program % of + 1
                    self.assertTrue(any(program % m == n - 1
                                        for n, m in programs.parts_of((shard, of), parts)))

    def part(self, *names: str, reached: str = "wait") -> Size:
        size = Size(2, all=3, wanted={"wait"}, reached=programs.names(reached))
        size.programs = {n: programs.Program(n, "complete", "1") for n in names}
        return size

    def test_merge(self) -> None:
        whole = programs.merge([self.part("a", "c"), self.part("b")], True, "x")
        self.assertEqual(sorted(whole.programs), ["a", "b", "c"])

    def assert_incomplete(self, parts: list[Size], text: str) -> None:
        verdict = programs.merge(parts, True, "x").verdict()
        self.assertEqual(verdict.exit, Exit.INCOMPLETE)
        self.assertIn(text, verdict.summary)

    def test_overlap(self) -> None:
        self.assert_incomplete([self.part("a", "b"), self.part("b", "c")], "parts overlap: b")

    def test_absent(self) -> None:
        self.assert_incomplete([self.part("a"), self.part("b")], "2 programs ran, and there are 3")

    def test_nothing_reached(self) -> None:
        parts = [self.part("a", "b", reached="none"), self.part("c", reached="window")]
        self.assert_incomplete(parts, "no program reached wait")


class Expected(unittest.TestCase):
    def outcome(self, expected: bool, size: Size) -> Outcome:
        return Outcome("v", "um", expected, [size])

    def test_surprises(self) -> None:
        broken, held = read(BROKEN, False), read(HOLDS, True)
        held.actors = 3
        self.assertEqual(programs.concluded([self.outcome(True, broken)], True),
                         ("as expected: v broken", Exit.OK))
        self.assertEqual(programs.concluded([self.outcome(True, held)], True),
                         ("1 unexpected: v on um: breaks nothing", Exit.VIOLATION))
        self.assertEqual(programs.concluded([self.outcome(False, broken)], False)[1], Exit.VIOLATION)
        self.assertEqual(programs.surprises([self.outcome(True, broken)], True), [])
        self.assertEqual(programs.surprises([self.outcome(False, held)], True), [])
        self.assertEqual(programs.surprises([self.outcome(False, broken)], False), [
            "v on um: p_ET breaks H1: v1:p_ET:E12,T,E",
            "v on um: p_EYy breaks H3, early return: v1:p_EYy:E12,Y,E1,y,E,Y",
        ])
        self.assertEqual(programs.surprises([self.outcome(True, held)], True),
                         ["v on um: breaks nothing"])
        self.assertEqual(programs.surprises([self.outcome(True, held)], False), [])

    def test_table(self) -> None:
        text = programs.table([self.outcome(True, read(BROKEN, False))])
        self.assertIn("early return         1            1  v1:p_EYy:E12,Y,E,Y", text)

    def test_numbers(self) -> None:
        self.assertEqual(programs.numbers("2,3"), [2, 3])
        for text in ("", "5", "2,2", "2,", "two"):
            with self.subTest(text), self.assertRaises(argparse.ArgumentTypeError):
                programs.numbers(text)

    def test_replay_case(self) -> None:
        self.assertEqual(cli.replay_case("reuse", ["reuse"]), ("page_writeback_races", "reuse"))
        self.assertEqual(cli.replay_case("p_EYy", []), (programs.SUITE, "three"))
        for name in ("p_E", "p_TRS", "p_ETRSW", "nothing"):
            self.assertIsNone(cli.replay_case(name, ["reuse"]))


if __name__ == "__main__":
    unittest.main()

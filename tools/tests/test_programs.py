# SPDX-License-Identifier: GPL-2.0
"""What the programs' lines amount to, and the parts they are run in, without a kernel."""

import argparse
import unittest

from wb import cli, ktap, programs
from wb.errors import Exit, WbError
from wb.programs import Outcome, Size

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
        with self.assertRaises(WbError) as raised:
            read(text, ok)
        self.assertEqual(raised.exception.code, Exit.INCOMPLETE)
        self.assertIn(part, str(raised.exception))

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
        self.assertEqual(read(HOLDS, True).violating, [])

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
                               "p_ES is vacuous: it never reached rearmed")

    def test_cut_short(self) -> None:
        self.assert_incomplete(HOLDS + "\nerror p_ES: -116 in v1:p_ES:E", False,
                               "p_ES is cut short: -116 in")


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
        with self.assertRaises(WbError) as raised:
            programs.merge(parts, True, "x")
        self.assertEqual(raised.exception.code, Exit.INCOMPLETE)
        self.assertIn(text, str(raised.exception))

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

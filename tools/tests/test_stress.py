# SPDX-License-Identifier: GPL-2.0
"""What the stress leaves in a log, and how runs of it add up."""

from __future__ import annotations

import unittest
from pathlib import Path

from wb import boot, lines, proc, stress
from wb.errors import Exit, WbError

SUITE = """\
TAP version 14
1..1
    # Subtest: page_writeback_stress
    1..2
{}
{}ok 1 - page_writeback_stress
Kernel panic - not syncing: No working init found.
"""
PAGES = "    # time: pages 41 writes, 40 ends, 7 truncations, 9 waits\n    # time: pages took 10 ms, with one " \
        "access in 0 slow"
EARLY = "    # time: pages 2 early returns, the first after 1500 us"
LOCKS = "    # time: locks 5000 locks, 30 killed waits, 20 left others behind\n    # time: locks took 10 ms, with " \
        "one access in 200 slow"
IDLE = LOCKS.replace("20 left", "0 left")
LOST = "    # time: locks 3 lost wakeups, the first after 2500 us"
HUNG = "INFO: task pwb/lock:81 blocked for more than 3 seconds."
SKIPPED = "    # SKIP {}: not asked for\n    ok {} - {}"


def log(case: str, *lines: str, ok: bool = True, end: str | None = None) -> str:
    """Of a kernel that was asked for one of the cases."""
    number, other = (1, "locks") if case == "pages" else (2, "pages")
    result = f"    {'' if ok else 'not '}ok {number} - {case}" if end is None else end
    own, skipped = [*lines, result], SKIPPED.format(other, 3 - number, other)
    rows = [*own, skipped] if number == 1 else [skipped, *own]
    return SUITE.format("\n".join(rows), "" if ok else "not ")


def row_of(case: str, *texts: str) -> stress.Row:
    row = stress.Row("stock", "um-smp", case, 200, 10)
    for text in texts:
        stress.add(row, boot.Ran(text, proc.Done(0, "", 3), Path("x.log")), "x")
    return row


class Stress(unittest.TestCase):
    def refused(self, says: str, case: str, text: str) -> None:
        with self.assertRaisesRegex(WbError, says) as raised:
            row_of(case, text)
        self.assertEqual(raised.exception.code, Exit.INCOMPLETE)

    def test_lost_wakeups_add_up(self) -> None:
        row = row_of("locks", log("locks", LOCKS, LOST, ok=False), log("locks", LOCKS),
                     log("locks", LOCKS, LOST.replace("3 lost", "1 lost").replace("2500", "4500"), ok=False))
        self.assertEqual((row.runs, row.hits, row.found, row.ops, row.occasions), (3, 2, 4, 15000, 60))
        self.assertEqual(row.first_ms, [2.5, 4.5])
        self.assertEqual(row.columns(), ["um-smp", "stock", "locks", "1 in 200", "10", "2 of 3", "4", "4", "15000"])

    def test_clean(self) -> None:
        row = row_of("locks", log("locks", LOCKS))
        self.assertEqual((row.runs, row.hits, row.found, row.first_ms), (1, 0, 0, []))
        row = row_of("pages", log("pages", PAGES))
        self.assertEqual((row.runs, row.hits, row.found, row.ops), (1, 0, 0, 40))

    def test_early_returns(self) -> None:
        row = row_of("pages", log("pages", PAGES, EARLY, ok=False))
        self.assertEqual((row.hits, row.found, row.first_ms, row.ops), (1, 2, [1.5], 40))

    def test_a_case_that_fails_otherwise_is_a_hit(self) -> None:
        for case, done in (("pages", PAGES), ("locks", LOCKS)):
            row = row_of(case, log(case, done, ok=False))
            self.assertEqual((row.hits, row.found, row.first_ms), (1, 0, []))

    def test_nobody_gave_up_with_others_behind(self) -> None:
        self.refused("vacuous: no waiter was killed", "locks", log("locks", IDLE, ok=False))
        self.refused("vacuous: no waiter was killed", "locks", log("locks", IDLE))
        # That a wakeup was lost counts anyway.
        self.assertEqual(row_of("locks", log("locks", IDLE, LOST, ok=False)).hits, 1)

    def test_a_report_of_the_kernel_is_a_hit(self) -> None:
        row = row_of("locks", log("locks", HUNG, LOCKS))
        self.assertEqual((row.hits, row.found), (1, 0))

    def test_a_known_defect_is_expected(self) -> None:
        line = lines.load(Path(__file__).parents[2] / "patches")["v5.10"]
        self.assertTrue(stress.may_break(line, "stock", "locks"))
        self.assertFalse(stress.may_break(line, "cured", "locks"))
        self.assertFalse(stress.may_break(line, "stock", "pages"))
        self.assertTrue(stress.may_break(line, "unfixed", "pages"))

    def test_no_result(self) -> None:
        self.refused("left no result", "locks", log("locks"))
        self.refused("left no result", "locks", log("pages", PAGES))
        self.refused("left no result", "pages", log("locks", LOCKS))
        self.refused("left no result", "locks", log("locks", LOCKS).rpartition("Kernel")[0])
        self.refused("left no result", "locks", "")
        self.refused("longer than KUnit lets it", "locks",
                     log("locks", LOCKS, "    # locks: try timed out", ok=False))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""Kernels that die, hang, report or tell half of it: the verdict is there, and says so.

The logs are made by hand, of a suite of two cases and three scenarios.
"""

import argparse
import contextlib
import io
import json
import unittest
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from wb import arches, boot, cells, cli, contracts, judge, ktap, lines, mutants, proc, report, rounds, stress
from wb.errors import Exit, WbError
from wb.lines import Line, Variant
from wb.settings import Settings

from .kernels import verdicts_of

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
ARCHS = arches.load(ROOT / "kconfig")
UM = ARCHS["um"]
EXPECTED = {"page_writeback": ["wait_and_wake", "accounting"],
            judge.RACES: ["truncate", "reuse", "reuse_tail"]}
DEADLY = "v1:reuse:E9,T,R,E"


def read(name: str) -> ktap.Log:
    return ktap.parse((DATA / f"{name}.log").read_text())


def verdict(*names: str, replays: dict[str, str] | None = None) -> judge.Verdict:
    again = {schedule: read(name) for schedule, name in (replays or {}).items()}
    return judge.judge([read(n) for n in names], EXPECTED, "tree", UM, again)


class Told(unittest.TestCase):
    """What a log says before its end counts."""

    def test_a_violation_before_a_crash(self) -> None:
        v = verdict("dies")
        self.assertEqual(v.breaks, {"truncate": ["H1"], "reuse": ["H2"]})
        self.assertEqual(v.exit, Exit.VIOLATION)
        self.assertEqual(v.failed, [])
        self.assertEqual(v.not_run, ["reuse_tail"])
        death, = v.deaths
        self.assertEqual((death.what, death.where, death.schedule, death.reproduced),
                         ("kernel BUG at fs/inode.c:542", "reuse", DEADLY, None))
        self.assertTrue(v.summary.startswith(
            f"broken: H1, H2; the kernel died later: kernel BUG at fs/inode.c:542, in {DEADLY}; "))
        h2, = v.scenarios["reuse"].breaks
        self.assertEqual((h2.rule, h2.witness, h2.preemptions), ("H2 stray wake", "v1:reuse:E8,T,R,E,R", 1))
        self.assertFalse(v.as_json()["holds"])
        self.assertEqual(v.as_json()["deaths"][0]["where"], "reuse")

    def test_a_failure_before_a_crash(self) -> None:
        v = verdict("expectation")
        self.assertEqual((v.failed, v.exit), (["page_writeback.accounting"], Exit.VIOLATION))
        self.assertEqual(v.deaths[0].where, "page_writeback.accounting")
        self.assertEqual(v.not_run, ["truncate", "reuse", "reuse_tail"])

    def test_a_crash_and_nothing_before(self) -> None:
        v = verdict("crash-between")
        self.assertEqual((v.failed, v.exit), ([], Exit.CRASH))
        self.assertIn("the kernel died: kernel BUG at fs/inode.c:542, in page_writeback.accounting",
                      v.summary)

    def test_a_hang(self) -> None:
        v = verdict("hangs")
        death, = v.deaths
        self.assertEqual((death.kind, death.what, death.schedule),
                         (judge.HANGS, "hangs: 1000000 accesses in one schedule", "v1:truncate:E7,F,T,E"))
        self.assertEqual(v.exit, Exit.CRASH)  # so far: it is not replayed
        v = verdict("hangs", replays={death.schedule: "hangs"})
        self.assertEqual((v.exit, v.breaks), (Exit.VIOLATION, {"truncate": ["hangs"]}))
        self.assertTrue(v.summary.startswith("broken: hangs in v1:truncate:E7,F,T,E; "), v.summary)

    def test_what_it_broke_in_its_last_schedule(self) -> None:
        text = (DATA / "dies.log").read_text().replace(
            "interleave: died in", f"interleave: broke page freed twice in {DEADLY}\ninterleave: died in")
        v = judge.judge(ktap.parse(text), EXPECTED, "tree", UM)
        self.assertEqual(v.breaks["reuse"], ["H2", "page freed twice"])
        self.assertEqual(v.scenarios["reuse"].breaks[1].witness, DEADLY)
        self.assertEqual(v.deaths[0].what, "kernel BUG at fs/inode.c:542")

    def test_seen_once_before_a_crash(self) -> None:
        """A violation that did not come again is not lost with the kernel that died later."""
        text = (DATA / "dies.log").read_text().replace("# seen reuse: ", "# once reuse: ")
        v = judge.judge(ktap.parse(text), {"page_writeback_races": EXPECTED["page_writeback_races"]},
                        "tree", UM)
        self.assertEqual([(u.where, u.rule) for u in v.unstable], [("reuse", "H2 stray wake")])
        self.assertEqual(v.scenarios["reuse"].breaks, [])

    def test_a_deadline(self) -> None:
        log = read("hangs")
        log.death, log.hang, log.schedule = None, "", None
        log.stopped = judge.LATE, "did not end within 120 s"
        v = judge.judge(log, EXPECTED, "tree", UM)
        self.assertEqual(v.exit, Exit.BOOT)
        self.assertIn("did not end within 120 s, last in truncate", v.summary)

    def test_reports_do_not_end_it(self) -> None:
        v = verdict("reports")
        death, = v.deaths
        self.assertEqual((death.kind, death.what, death.where), (judge.REPORTS, "Bad page state", "truncate"))
        self.assertEqual(v.breaks, {"reuse": ["page freed twice"]})
        self.assertEqual(v.scenarios["reuse_tail"].summary, "holds ≤2")
        self.assertEqual(v.scenarios["reuse"].quarantined, "page freed twice, 3 frames")
        self.assertEqual(v.exit, Exit.VIOLATION)
        v.scenarios["reuse"].breaks = []
        self.assertEqual((v.exit, v.holds), (Exit.CRASH, False))

    def test_the_same_death_in_few_words(self) -> None:
        """Its shortest witness stands for those of the other scenarios."""
        v = judge.Verdict("tree")
        for name, points in (("reuse", 9), ("truncate", 7)):
            v.scenarios[name] = judge.Scenario(name, breaks=[
                judge.Breakage("dies: x", 1, 1, points, f"v1:{name}:E{points},T,E")])
        self.assertEqual(v.findings, ["dies: x, in v1:truncate:E7,T,E"])

    def test_many_failures_in_few_words(self) -> None:
        v = verdict("expectation")
        v.failed = [f"page_writeback.{n}" for n in "abcd"] + ["interleave.replay"]
        self.assertEqual(v.findings, ["4 cases of page_writeback fail: a, b, c, ...", "interleave.replay fails"])

    def test_a_report_before_the_tests(self) -> None:
        text = (DATA / "races-only.log").read_text().replace(
            "TAP version", "WARNING: CPU: 0 PID: 0 at mm/slab.c:9 f+0x1/0x2\nCall Trace:\nTAP version", 1)
        v = judge.judge(ktap.parse(text), EXPECTED, "tree", UM)
        self.assertEqual([(d.kind, d.what, d.where) for d in v.deaths],
                         [(judge.REPORTS, "WARNING at mm/slab.c:9", "")])
        self.assertEqual((v.breaks, v.not_run), ({"truncate": ["H1"]}, []))

    def test_unstable_in_a_contract(self) -> None:
        """The case fails; that is no violation, unless it fails for one that comes again."""
        row = "    # unstable reference_held: H1 dead touch, seen once in v1:reference_held:E7,T,R,E, not reproduced\n"
        text = f"""\
TAP version 14
1..1
    # Subtest: {judge.CONTRACT}
    1..1
{row}    # reference_held: EXPECTATION FAILED at mm/tests/page_writeback/contract_kunit.c:120
    not ok 1 - reference_held
not ok 1 - {judge.CONTRACT}
Kernel panic - not syncing: No working init found
"""
        for log, code, failed in ((text, Exit.UNSTABLE, []),
                                  (text.replace(row, ""), Exit.VIOLATION, [f"{judge.CONTRACT}.reference_held"])):
            v = judge.judge(ktap.parse(log), {judge.CONTRACT: ["reference_held"]}, "tree", UM)
            v.available = True
            self.assertEqual((v.exit, v.failed), (code, failed))

    def test_vacuous_beside_the_rest(self) -> None:
        v = verdict("vacuous")
        self.assertEqual((v.vacuous, v.breaks), ({"reuse": "reused"}, {"truncate": ["H1"]}))
        self.assertEqual((v.exit, v.failed, v.not_run), (Exit.VIOLATION, [], []))
        self.assertIn("reuse no longer reaches reused", v.summary)
        v.scenarios["truncate"].breaks = []
        self.assertEqual((v.exit, v.holds), (Exit.INCOMPLETE, False))
        self.assertEqual(v.scenarios["reuse"].summary, "vacuous: reused")

    def test_unstable(self) -> None:
        v = verdict("unstable")
        self.assertEqual((v.exit, int(v.exit), v.breaks, v.failed), (Exit.UNSTABLE, 14, {}, []))
        self.assertIn("unstable: H1 in v1:truncate:E7,F,T,E, not reproduced", v.summary)
        told, = v.as_json()["unstable"]
        self.assertEqual((told["where"], told["schedule"], len(told["trace"])),
                         ("truncate", "v1:truncate:E7,F,T,E", 2))
        self.assertIn("truncate 3", report.retries([v]))
        text = (DATA / "unstable.log").read_text().replace("seen 1 time in", "seen once in").replace(
            "    # witness truncate: v1:truncate:E7,F,T,E\n", "")
        told = judge.judge(ktap.parse(text), EXPECTED, "tree", UM).unstable[0]
        self.assertEqual((told.rule, len(told.trace)), ("H1 dead touch", 2))
        v.failed.append("page_writeback.accounting")
        self.assertEqual(v.exit, Exit.VIOLATION)

    def test_a_log_that_breaks_off(self) -> None:
        text = (DATA / "vacuous.log").read_text()
        v = judge.judge(ktap.parse(text[:text.index("    # vacuous")]), EXPECTED, "tree", UM)
        self.assertEqual((v.breaks, v.deaths[0].kind, v.deaths[0].where),
                         ({"truncate": ["H1"]}, judge.CUT, "reuse"))

    def test_a_scenario_that_is_cut_short(self) -> None:
        text = (DATA / "vacuous.log").read_text().replace(
            "# vacuous reuse: reused", "# error reuse: -125 in v1:reuse:E").replace(
            "7111 schedules, 0 violating, bound 2, bounded", "7 schedules, 0 violating, bound 0, cut short")
        v = judge.judge(ktap.parse(text), EXPECTED, "tree", UM)
        self.assertEqual((v.breaks, v.exit), ({"truncate": ["H1"]}, Exit.VIOLATION))
        self.assertIn("reuse: cut short: -125 in v1:reuse:E", v.incomplete)

    def test_took_longer_than_kunit_lets_it(self) -> None:
        """That case goes on in the midst of those that follow: they are not judged."""
        text = (DATA / "races-only.log").read_text().replace("    ok 2 - reuse\n",
                                                             "    # reuse: try timed out\n    not ok 2 - reuse\n")
        v = judge.judge(ktap.parse(text), EXPECTED, "tree", UM)
        self.assertEqual((v.deaths[0].kind, v.deaths[0].where), (judge.LATE, "reuse"))
        self.assertIn("reuse_tail", v.not_run)
        self.assertEqual(rounds.what_is_left(v, ktap.parse(text)),
                         ["page_writeback.skip=truncate,reuse"])

    def test_reasons(self) -> None:
        for row, want in (
            ("kernel BUG at fs/inode.c:542!", "kernel BUG at fs/inode.c:542"),
            ("BUG: failure at mm/page-writeback.c:2263/write_cache_pages()!",
             "kernel BUG at mm/page-writeback.c:2263"),
            ("WARNING: CPU: 0 PID: 12 at mm/filemap.c:99 end_page_writeback+0x1/0x2", "WARNING at mm/filemap.c:99"),
            ("WARNING: mm/filemap.c:99 at folio_end_writeback+0x1/0x2, CPU#0: ilv/E/12", "WARNING at mm/filemap.c:99"),
            ("BUG: Bad page state in process ilv/E  pfn:5e0d4", "Bad page state"),
            ("BUG: KASAN: use-after-free in end_page_writeback+0x1/0x2", "KASAN: use-after-free in end_page_writeback"),
            ("Kernel panic - not syncing: Segfault with no mm", "Segfault with no mm"),
            ("BUG: kernel NULL pointer dereference, address: 0000000000000008", "kernel NULL pointer dereference"),
            ("Unable to handle kernel paging request at virtual address dead000000000108",
             "Unable to handle kernel paging request"),
            ("general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
             "general protection fault"),
            ("refcount_t: underflow; use-after-free.", "refcount_t: underflow; use-after-free."),
        ):
            self.assertTrue(ktap.CRASH.search(row), row)
            self.assertEqual(ktap.reason([row]), want)


class Machines(unittest.TestCase):
    """Replays in fresh machines, and others that go on."""

    def judged(self, logs: dict[str, str], parameters: Sequence[str] = (),
               plan: rounds.Plan | None = None) -> judge.Verdict:
        """With canned logs; all that is booted is in `self.booted`."""
        self.booted: list[tuple[str, tuple[str, ...]]] = []

        def boot(log: str, given: Sequence[str]) -> ktap.Log:
            self.booted.append((log, tuple(given)))
            key = next((p for p in given if p.startswith("page_writeback.replay=")), log)
            if key not in logs:
                raise WbError(Exit.BOOT, "does not boot")
            return read(logs[key])

        return rounds.judged(boot, EXPECTED, "tree", UM, parameters, plan)

    def test_replayed_before_it_is_blamed(self) -> None:
        v = self.judged({"": "dies", "again-1": "goes-on",
                         f"page_writeback.replay={DEADLY}": "dies-replay"})
        rule = "dies: kernel BUG at fs/inode.c:542"
        self.assertEqual(v.name, "tree")
        self.assertEqual(v.breaks, {"truncate": ["H1"], "reuse": ["H2", rule]})
        self.assertEqual((v.deaths[0].reproduced, v.exit, v.not_run), (True, Exit.VIOLATION, []))
        deadly = v.scenarios["reuse"].breaks[1]
        self.assertEqual((deadly.witness, len(deadly.trace)), (DEADLY, 7))
        self.assertRegex(deadly.trace[-1], rf"^T - \*\* {rule} +=")
        self.assertEqual(v.summary, f"broken: H1, H2, {rule}, in {DEADLY}")
        self.assertIn(("again-1", ("page_writeback.skip=truncate,reuse",)),
                      self.booted)
        self.assertIn(("replay-1", (f"page_writeback.replay={DEADLY}",)),
                      self.booted)
        drawn = judge.Breakage(**vars(deadly))
        with mock.patch.object(cells.build.places, "find", lambda *_: {}):
            kernel = cells.build.Kernel(Path(), UM, Path(), Path(), 0, "")
            self.assertEqual(cells.draw(kernel, [drawn]), [])
        self.assertIn(f"** {rule}", "\n".join(drawn.diagram))
        self.assertIn("find_get_entries()", "\n".join(drawn.diagram))

    def test_not_reproduced(self) -> None:
        v = self.judged({"": "dies", "again-1": "goes-on",
                         f"page_writeback.replay={DEADLY}": "lives-replay"})
        self.assertEqual((v.deaths[0].reproduced, v.breaks), (False, {"truncate": ["H1"], "reuse": ["H2"]}))
        self.assertIn(f"the kernel died later: kernel BUG at fs/inode.c:542, in {DEADLY}, not reproduced",
                      v.summary)
        for s in v.scenarios.values():
            s.breaks = []
        self.assertEqual(v.exit, Exit.CRASH)
        self.assertIn(f"died in {DEADLY}, not reproduced: kernel BUG at fs/inode.c:542", v.summary)

    def test_a_trace_for_what_it_did_not_live_to_show(self) -> None:
        v = self.judged({"": "dies", "again-1": "goes-on",
                         "page_writeback.replay=v1:reuse:E8,T,R,E,R": "lives-replay"})
        self.assertEqual(len(v.scenarios["reuse"].breaks[0].trace), 2)
        self.assertIsNone(v.deaths[0].reproduced)

    def test_dead_in_another_suite(self) -> None:
        """The scenarios come first: where none has a result, there is nothing to go on with."""
        v = self.judged({"": "expectation", "again-1": "races-only"})
        self.assertEqual(self.booted, [("", ())])
        self.assertEqual((v.failed, v.exit), (["page_writeback.accounting"], Exit.VIOLATION))
        self.assertIn("truncate", v.not_run)

    def test_ended_in_a_schedule(self) -> None:
        """User-Mode Linux says where it was when it was ended. That it is there again blames it."""
        def boot(log: str, given: Sequence[str]) -> ktap.Log:
            name = "goes-on" if log.startswith("again") else "ended"
            if log.startswith("replay") and not again:
                name = "lives-replay"
            found = read(name)
            if not found.ended:
                found.stopped = judge.LATE, "did not end within 120 s"
            return found

        again = True
        v = rounds.judged(boot, EXPECTED, "tree", UM)
        self.assertEqual((v.breaks["reuse"], v.exit), (["hangs"], Exit.VIOLATION))
        self.assertIn(f"hangs in {DEADLY}", v.summary)
        again = False
        v = rounds.judged(boot, EXPECTED, "tree", UM)
        v.scenarios["truncate"].breaks = []
        self.assertEqual((v.breaks, v.exit), ({}, Exit.BOOT))
        self.assertIn(f"did not end within 120 s, last in {DEADLY}", v.summary)

    def test_a_deadline_that_leaves_no_schedule(self) -> None:
        """kunit.py ends a kernel without a last word; alone, the scenario can tell."""
        booted = []

        def boot(log: str, given: Sequence[str]) -> ktap.Log:
            booted.append(log)
            if log == "":
                found = read("ended")
                found.schedule = None
            else:
                found = read("goes-on" if log.startswith("again") else "ended")
            if not found.ended:
                found.stopped = judge.LATE, "did not end within 120 s"
            return found

        v = rounds.judged(boot, EXPECTED, "tree", UM)
        self.assertEqual(booted, ["", "alone", "again-1", "replay-1"])
        self.assertEqual((v.breaks["reuse"], v.not_run), (["hangs"], []))

    def test_no_end_of_dying(self) -> None:
        """What a kernel never came to is named, and does not hold."""
        v = self.judged({"": "dies", "again-1": "dies"})
        self.assertEqual([name for name, _ in self.booted][:2], ["", "again-1"])
        self.assertNotIn("again-2", [name for name, _ in self.booted])
        self.assertIn("not run: the kernel died too often: reuse_tail", v.summary)
        for s in v.scenarios.values():
            s.breaks = []
        v.deaths = []
        self.assertEqual((v.exit, v.holds), (Exit.INCOMPLETE, False))

    def test_at_most_so_many(self) -> None:
        names = [f"s{i}" for i in range(9)]
        text = (DATA / "dies.log").read_text()
        head, seen = text[:text.index("    # actors truncate")], text[text.index("    # actors reuse"):]
        booted = []

        def boot(log: str, given: Sequence[str]) -> ktap.Log:
            booted.append(log)
            skip = next((p.partition("=")[2].split(",") for p in given if ".skip=" in p), [])
            name = next(n for n in names if n not in skip)
            done = "".join(f"    # SKIP {n}: not asked for\n    ok 1 - {n}\n" for n in skip)
            return ktap.parse(head + done + seen.replace("reuse", name))

        expected = {**EXPECTED, judge.RACES: names}
        v = rounds.judged(boot, expected, "tree", UM, (), rounds.Plan(replay=False, traces=0))
        self.assertEqual(booted, ["", "again-1", "again-2", "again-3", "again-4"])
        self.assertEqual((len(v.deaths), v.not_run), (5, names[5:]))
        self.assertEqual(v.scenarios["s4"].rules, ["H2"])

    def test_ended_from_outside(self) -> None:
        def boot(log: str, given: Sequence[str]) -> ktap.Log:
            self.assertEqual(log, "")
            ended = read("hangs")
            ended.death, ended.hang, ended.schedule = None, "", None
            ended.stopped = judge.ENDED, "ended from outside, by signal 9"
            return ended

        self.assertEqual(rounds.judged(boot, EXPECTED, "tree", UM).exit, Exit.KILLED)

    def test_only_one_scenario(self) -> None:
        """The one that was asked for dies: the others were not asked for."""
        text = (DATA / "dies.log").read_text()
        text = text[:text.index("    # actors truncate")] + text[text.index("    # actors reuse"):]
        v = rounds.judged(lambda *_: ktap.parse(text), EXPECTED, "tree", UM,
                          ("page_writeback.scenario=reuse",), rounds.ONCE)
        self.assertEqual(v.not_run, [])
        self.assertEqual(v.scenarios["reuse_tail"].skipped, judge.NOT_ASKED_FOR)
        self.assertEqual(v.breaks, {"reuse": ["H2"]})

    def test_once(self) -> None:
        v = self.judged({"": "dies"}, plan=rounds.ONCE)
        self.assertEqual(len(self.booted), 1)
        self.assertEqual(mutants.killers(v), ["H1", "H2", "dies: kernel BUG at fs/inode.c in reuse"])

    def test_names_of_what_kills(self) -> None:
        for log, want in (("hangs", ["hangs in truncate"]),
                          ("crash-between", ["dies: kernel BUG at fs/inode.c in page_writeback.accounting"]),
                          ("vacuous", ["H1", "vacuous: reuse"]),
                          ("reports", ["page freed twice", "reports: Bad page state in truncate"])):
            v = self.judged({"": log}, plan=rounds.ONCE)
            self.assertEqual(mutants.killers(v), want)
            self.assertEqual(mutants.problem_of(v), "")
        log = read("races-only")
        log.ended = False
        self.assertIn("breaks off", mutants.problem_of(judge.judge(log, EXPECTED, "x", UM)))


def text_of(name: str) -> str:
    return (DATA / f"{name}.log").read_text()


def swapped(text: str, *pairs: tuple[str, str]) -> str:
    """A log with something of it replaced, which must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def ended(text: str, code: int | None = 1) -> ktap.Log:
    """A log, and how the process ended that left it."""
    kernel = SimpleNamespace(arch=UM)
    ran = boot.Ran(text, proc.Done(code, "", 3), Path("x.log"))
    return boot.ended(ran, kernel, "x")  # type: ignore[arg-type]


END = "Kernel panic - not syncing: No working init found.\n"
HELD = "    # explored {0}: 5 schedules, 0 violating, bound 2, bounded\n    ok 1 - {0}\n"
DIES = text_of("dies")
# The same before it has broken a rule.
CLEAN = DIES[:DIES.index("    # seen truncate")] + HELD.format("truncate") + \
    "    # actors reuse: E end_page_writeback(); T truncate the file\n"
# The logs of later boots, for the remaining scenarios.
REST = text_of("goes-on")
ALONE = swapped(REST, ("    # SKIP truncate: not asked for\n    ok 1 - truncate\n", HELD.format("truncate")),
                ("    # actors reuse_tail", "    # SKIP reuse_tail: not asked for\n    # actors reuse_tail"))
OTHERS = swapped(REST, ("    # SKIP reuse: not asked for\n    ok 2 - reuse\n", HELD.format("reuse")))


class Certain(unittest.TestCase):
    """A certain violation counts, whatever comes later."""

    def judged(self, *logs: tuple[str, int | None]) -> judge.Verdict:
        left = list(logs)

        def boot_it(log: str, given: Sequence[str]) -> ktap.Log:
            if not left or log.startswith("replay"):
                raise WbError(Exit.BOOT, "does not boot")
            return ended(*left.pop(0))

        v = rounds.judged(boot_it, EXPECTED, "tree", UM)
        self.assertEqual(left, [])
        return v

    def test_what_passed_fails_in_a_later_boot(self) -> None:
        first = CLEAN + "kernel BUG at fs/inode.c:542!\nKernel panic - not syncing: Fatal exception\n"
        later = swapped(OTHERS, ("    ok 2 - accounting\nok 1", "    # accounting: EXPECTATION FAILED at x.c:3\n"
                                 "    not ok 2 - accounting\nnot ok 1"))
        v = self.judged((first, 1), (OTHERS, 0))
        self.assertEqual((v.exit, v.failed), (Exit.CRASH, []))
        v = self.judged((first, 1), (later, 0))
        self.assertEqual((v.exit, v.failed), (Exit.VIOLATION, ["page_writeback.accounting"]))

    def test_two_that_fail(self) -> None:
        def case(ok: bool, *lines: str, skipped: str | None = None) -> ktap.Case:
            return ktap.Case("x", ok, skipped, list(lines))

        good, bad = case(True, "a"), case(False, "vacuous x: y")
        seen = case(False, "b", "seen x: H1, v1:x:E1,T", "x: EXPECTATION FAILED at y")
        off, lacks = case(True, skipped=judge.NOT_ASKED_FOR), case(True, skipped="no swap")
        for old, new, rows in ((None, good, ["a"]), (good, bad, bad.lines), (bad, good, bad.lines),
                                (bad, seen, ["vacuous x: y", *seen.lines[1:]]), (off, bad, bad.lines),
                                (lacks, good, ["a"]), (bad, off, bad.lines), (good, lacks, ["a"])):
            self.assertEqual(judge.worse(old, new).lines, rows)
        self.assertIs(judge.worse(off, lacks), lacks)

    def test_seen_and_then_late(self) -> None:
        """Alone it passes; it was seen nevertheless, and seen again by the explorer."""
        late = DIES[:DIES.index("    # explored truncate")]
        v = self.judged((late, None), (ALONE, 0), (OTHERS, 0))
        self.assertEqual((v.breaks, v.exit), ({"truncate": ["H1"]}, Exit.VIOLATION))
        clean = swapped(late, ("    # seen truncate: H1 dead touch, v1:truncate:E7,F,T,E\n", ""))
        v = self.judged((clean, None), (ALONE, 0), (OTHERS, 0))
        self.assertEqual((v.breaks, v.exit), ({}, Exit.BOOT))
        v = self.judged((clean + "    # truncate: EXPECTATION FAILED at x.c:3\n", None), (ALONE, 0), (OTHERS, 0))
        self.assertEqual((v.failed, v.exit), ([f"{judge.RACES}.truncate"], Exit.VIOLATION))

    def test_broke_and_then_a_row(self) -> None:
        """A violation that the explorer told of counts, whatever follows."""
        told = f"{CLEAN}interleave: broke H1 dead touch in {DEADLY}\ninterleave: died in {DEADLY}\n"
        tail = HELD.format("reuse_tail")
        for rest, schedule in (
            ("Kernel panic - not syncing: Fatal\n", DEADLY),
            ("    # reuse: try faulted\nKernel panic - not syncing: Fatal\n", DEADLY),
            (f"    # x\n    not ok 2 - reuse\n{tail}not ok 2 - page_writeback_races\n{END}", None),
            (f"{HELD.format('reuse')}{tail}ok 2 - page_writeback_races\n{END}", None),
            ("    # x\ninterleave: died in v1:reuse:E3,T\nKernel panic - not syncing: Fatal\n", "v1:reuse:E3,T"),
        ):
            log = ktap.parse(told + rest)
            self.assertEqual((log.broke, log.schedule), ([("H1 dead touch", DEADLY)], schedule))
            v = judge.judge(log, EXPECTED, "tree", UM)
            self.assertEqual((v.breaks, v.exit), ({"reuse": ["H1"]}, Exit.VIOLATION))
            self.assertEqual(v.scenarios["reuse"].breaks[0].witness, DEADLY)

    def test_broke_in_a_boot_whose_case_has_another(self) -> None:
        first = f"{CLEAN}interleave: broke H1 dead touch in {DEADLY}\nKernel panic - not syncing: Fatal\n"
        logs = [ended(first), ended(OTHERS, 0)]
        logs[1].more = ("page_writeback.skip=truncate",)
        v = judge.judge(logs, EXPECTED, "tree", UM)
        self.assertEqual((v.breaks, v.exit), ({"reuse": ["H1"]}, Exit.VIOLATION))

    def test_after_a_case_that_took_too_long(self) -> None:
        """Failures of the cases that ran beside it count."""
        text = swapped(text_of("races-only"), ("    ok 1 - wait_and_wake", "    # wait_and_wake: try timed out\n"
                                               "    not ok 1 - wait_and_wake"))
        v = judge.judge(ktap.parse(text), EXPECTED, "tree", UM)
        self.assertEqual((v.breaks, v.exit), ({"truncate": ["H1"]}, Exit.VIOLATION))
        self.assertEqual(v.not_run, ["page_writeback.accounting", "reuse", "reuse_tail"])
        bug = "WARNING: CPU: 0 PID: 9 at mm/filemap.c:99 f+0x1/0x2\n"
        text = swapped(text, ("    # actors truncate", f"{bug}    # actors truncate"),
                       ("    ok 2 - accounting", "    not ok 2 - accounting"))
        v = judge.judge(ktap.parse(text), EXPECTED, "tree", UM)
        self.assertEqual(v.failed, ["page_writeback.accounting"])
        self.assertEqual([(d.kind, d.what) for d in v.deaths[1:]], [(judge.REPORTS, "WARNING at mm/filemap.c:99")])

    def test_dead_before_the_first_suite(self) -> None:
        text = DIES[:DIES.index("    # Subtest")]
        bug = "BUG: failure at mm/a.c:5/x()!\nKernel panic - not syncing: BUG!\n"
        for more, end, code, part in ((bug, 1, Exit.CRASH, "the kernel died: kernel BUG at mm/a.c:5"),
                                      ("", None, Exit.BOOT, "did not end within 3 s"),
                                      ("", -9, Exit.KILLED, "ended from outside, by signal 9"),
                                      ("", 0, Exit.INCOMPLETE, "did not run")):
            with self.assertRaises(WbError) as raised:
                judge.judge(ended(text + more, end), EXPECTED, "tree", UM)
            self.assertEqual(raised.exception.code, code)
            self.assertIn(part, str(raised.exception))

    def test_the_same_death(self) -> None:
        """A replay that is ended from outside says nothing, and a hang is no crash."""
        dies, hangs = ended(text_of("dies")), ended(text_of("hangs"))
        hangs.schedule = DEADLY
        late, killed = ended(text_of("ended"), None), ended(text_of("ended"), -15)
        self.assertEqual([judge.death_of(g).kind for g in (dies, hangs, late, killed)],
                         [judge.DIES, judge.HANGS, judge.LATE, judge.ENDED])
        for kind, same in ((judge.DIES, [True, False, False, False]), (judge.HANGS, [False, True, True, False]),
                           (judge.LATE, [False, True, True, False]), ("", [True, True, True, False])):
            found = [judge.dies_again(g, DEADLY, kind) for g in (dies, hangs, late, killed)]
            self.assertEqual(found, same, kind)
        v = judge.judge(dies, EXPECTED, "tree", UM, {DEADLY: killed})
        self.assertEqual((v.deaths[0].reproduced, "dies" in v.summary), (False, False))

    def test_in_a_schedule_of_no_known_scenario(self) -> None:
        schedule = "v1:toy:E1,T"
        text = DIES[:DIES.index("    # Subtest: page_writeback_races")]
        log = ended(f"{text}interleave: died in {schedule}\nKernel panic - not syncing: Fatal\n")
        v = judge.judge(log, EXPECTED, "tree", UM, {schedule: log})
        self.assertEqual((v.exit, v.failed), (Exit.VIOLATION, [schedule]))
        self.assertIn(f"broken: {schedule} fails", v.summary)


class Shown(unittest.TestCase):
    """What people and scripts get to read."""

    def test_a_witness_for_each_rule(self) -> None:
        v = verdict("dies", "goes-on", replays={DEADLY: "dies-replay"})
        rows = [r.split() for r in report.verdict_table([v]).splitlines()]
        self.assertIn(["tree", "truncate", "28132", "688", "H1", "v1:truncate:E7,F,T,E"], rows)
        self.assertIn(["tree", "1", "H2", "v1:reuse:E8,T,R,E,R"], rows)
        self.assertIn(["tree", "1", "dies:", "kernel", "BUG", "at", "fs/inode.c:542", DEADLY], rows)
        self.assertIn(["tree", "reuse_tail", "7057", "0", "holds", "≤2"], rows)

    def test_the_claim(self) -> None:
        v = judge.judge(ktap.parse((DATA / "pass.log").read_text()),
                        judge.expected_cases(ROOT / "kunit"), "tree", UM)
        self.assertEqual(v.scenarios["reuse"].summary, "holds (all)")
        self.assertEqual(v.scenarios["stale_waiters"].summary, "holds ≤1 (H3 masked)")
        self.assertEqual(v.scenarios["invalidate"].summary, "holds ≤2")
        self.assertEqual(v.summary, "holds ≤1 to 2")
        claim = v.as_json()["claim"]
        self.assertEqual((claim["bound"], claim["complete"]), (1, False))
        self.assertEqual(claim["memory_model"], "sequentially consistent")
        self.assertLessEqual({"huge pages", "swap", "migration", "memory cgroups"},
                             set(claim["not_looked_at"]))
        said = report.not_looked_at([v], ARCHS, "v5.10", "tools/wbcheck verify TREE")
        self.assertRegex(said, r"not looked at on um: .*huge pages.*; to do so: "
                               r"tools/wbcheck verify TREE --arch x86_64\n")
        self.assertIn("\nnot on v5.10: ", said)
        self.assertIn("sequentially consistent; a critical section is one step", report.claimed([v]))
        self.assertIn("not looked at: ", report.in_short([v]))
        self.assertEqual(verdict("goes-on").claim["operations"],
                         ["end_page_writeback()", "truncate the file", "reuse as a tail page"])

    def test_each_reason_of_an_architecture_has_a_kind(self) -> None:
        for arch in ARCHS.values():
            self.assertLessEqual(set(arch.skips), set(judge.KINDS))

    def test_nothing_is_not_all(self) -> None:
        self.assertFalse(report.summed_up([], "none", Exit.CRASH, whole=False)["holds"])
        self.assertFalse(report.summed_up([], "", Exit.OK, whole=True)["holds"])
        v = verdict("goes-on", "races-only")
        v.scenarios["truncate"].breaks = []
        self.assertFalse(report.summed_up([v], "", Exit.VIOLATION, whole=True)["holds"])

    def test_json_and_back(self) -> None:
        v = verdict("dies", replays={DEADLY: "dies-replay"})
        back, = verdicts_of(json.loads(json.dumps({"variants": [v.as_json()]})))
        self.assertEqual(back, v)

    def test_matrix(self) -> None:
        row = report.matrix_row(verdict("dies"))
        self.assertFalse(any(cell.startswith("holds") for cell in row))
        self.assertTrue(any("the kernel died later" in cell for cell in row))


class Commands(unittest.TestCase):
    """Commands, with canned verdicts and logs in place of kernels."""

    def test_help(self) -> None:
        for command in ("verify", "kunit"):
            out = io.StringIO()
            with contextlib.redirect_stdout(out), self.assertRaises(SystemExit):
                cli.parser().parse_args([command, "--help"])
            self.assertIn("its shortest witness", " ".join(out.getvalue().split()))

    def verify(self, *outcomes: object, calls: Sequence[contracts.Call] = (), allow: Sequence[str] = ()
               ) -> tuple[int, str, dict[str, object]]:
        line = Line("v7.2", "7.2", {}, None, {}, {})
        source = SimpleNamespace(path=Path("/tree"), version="7.2", title="x")
        like = SimpleNamespace(line=line, note="", as_json=lambda: {})
        args = argparse.Namespace(tree="/tree", line=None, arch="um", debug="", scenario=None, bound=None,
                                  cover=None, compare=None, timeout=None, json=None, fix=False,
                                  allow_caller=list(allow))
        wrote: dict[str, object] = {}
        out = io.StringIO()
        with contextlib.ExitStack() as stack:
            for target, value in (
                (f"{cli.__name__}.user_tree", lambda *_: (like, source, "x")),
                (f"{cli.__name__}.say_likeness", lambda *_: None),
                ("wb.cli.selected", lambda *_: [UM] * len(outcomes)),
                ("wb.cells.run_cells", lambda *_: list(outcomes)),
                ("wb.contracts.find", lambda *_: list(calls)),
                ("wb.options.begun", lambda *_: mock.MagicMock()),
                ("wb.fixes.missing", lambda *_: []),
                ("wb.report.write_json", lambda _, data: wrote.update(data)),
            ):
                stack.enter_context(mock.patch(target, value))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
            code = cli.cmd_verify(Settings.from_environment(), args)
        return int(code), out.getvalue(), wrote

    def held(self) -> judge.Verdict:
        v = verdict("races-only")
        v.scenarios["truncate"].breaks = []
        v.scenarios["truncate"].violating = 0
        return v

    def test_a_death(self) -> None:
        code, out, data = self.verify(verdict("dies", "goes-on", replays={DEADLY: "dies-replay"}))
        self.assertEqual((code, data["exit"], data["holds"]), (1, 1, False))
        last = out.splitlines()[-1]
        self.assertIn(f"verdict: broken: H1, H2, dies: kernel BUG at fs/inode.c:542, in {DEADLY}: ", last)
        self.assertIn("known fixes of v7.2", out)
        self.assertIn("missing_fixes", data)
        self.assertEqual(str(data["verdict"]), f"broken: H1, H2, dies: kernel BUG at fs/inode.c:542, in {DEADLY}")

    def test_one_of_two_has_no_verdict(self) -> None:
        code, out, data = self.verify(verdict("vacuous"), WbError(Exit.BUILD, "does not build"))
        self.assertEqual((code, data["exit"]), (1, 1))
        self.assertIn("no verdict: does not build", out.splitlines()[-1])
        code, out, data = self.verify(self.held(), WbError(Exit.BUILD, "does not build"))
        self.assertEqual((code, data["exit"], data["holds"]), (7, 7, False))

    def test_holds(self) -> None:
        code, out, data = self.verify(self.held())
        self.assertEqual((code, data["exit"], data["holds"]), (0, 0, True))
        self.assertIn("verdict: holds ≤2: 3 scenarios, sequentially consistent, a critical section is one step",
                      out.splitlines()[-1])

    def test_an_unknown_caller(self) -> None:
        call = contracts.Call("folio_end_writeback_no_dropbehind", "a reference", "fs/foo.c", 14, "foo_end", "")
        code, out, data = self.verify(self.held(), calls=[call])
        self.assertEqual((code, data["exit"], data["holds"]), (1, 1, False))
        self.assertIn("verdict: unknown caller foo_end() of folio_end_writeback_no_dropbehind()",
                      out.splitlines()[-1])
        self.assertEqual(len(data["unknown_callers"]), 1)  # type: ignore[arg-type]
        code, out, data = self.verify(self.held(), calls=[call], allow=["foo_end"])
        self.assertEqual((code, data["holds"], data["unknown_callers"]), (0, True, []))
        self.assertEqual(data["callers"][0]["why"], contracts.ALLOWED)  # type: ignore[index]
        with self.assertRaises(WbError) as raised:
            self.verify(self.held(), calls=[call], allow=["foo_ned"])
        self.assertEqual(raised.exception.code, Exit.USAGE)

    def kunit(self, *outcomes: object) -> tuple[int, str, dict[str, object]]:
        """Two variants: one that is to break H1 in truncate, one that is to hold."""
        variants = {"bad": Variant("bad", "", (), {"truncate": ["H1"]}), "good": Variant("good", "", (), {})}
        line = Line("v7.2", "7.2", {}, None, {}, variants)
        source = SimpleNamespace(path=Path("/tree"), version="7.2", title="x", instead_of="")
        wanted = [SimpleNamespace(variant=n, arch=UM, name=f"{n} on um") for n in variants]
        args = argparse.Namespace(line=None, arch="um", debug="", scenario=None, bound=None, cover=None,
                                  compare=None, timeout=None, json=None)
        wrote: dict[str, object] = {}
        out = io.StringIO()
        with contextlib.ExitStack() as stack:
            for target, value in (
                ("wb.cli.variant_cells", lambda *_: (source, wanted)),
                ("wb.options.begun", lambda *_: mock.MagicMock()),
                ("wb.report.write_json", lambda _, data: wrote.update(data)),
            ):
                stack.enter_context(mock.patch(target, value))

            def run_cells(settings: object, cells: object, run: object, keep: Any) -> list[object]:
                keep([o for o in outcomes if isinstance(o, judge.Verdict)])
                return list(outcomes)

            stack.enter_context(mock.patch("wb.cells.run_cells", run_cells))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
            code = cli.judge_variants(Settings.from_environment(), args, line, "kunit", list(variants))
        return int(code), out.getvalue(), wrote

    def variant(self, name: str, v: judge.Verdict) -> judge.Verdict:
        v.name = name
        return v

    def test_variants(self) -> None:
        bad, good = self.variant("bad", verdict("races-only")), self.variant("good", self.held())
        code, out, data = self.kunit(bad, good)
        self.assertEqual((code, data["exit"], data["as_expected"], data["holds"]), (0, 0, True, False))
        self.assertIn("verdict: as expected: bad broken; good holds ≤2, in 3 scenarios, sequentially consistent",
                      out.splitlines()[-1])
        code, out, data = self.kunit(bad, self.variant("good", verdict("unstable")))
        self.assertEqual((code, data["exit"], data["as_expected"]), (14, 14, False))
        code, out, data = self.kunit(bad, self.variant("good", verdict("dies")))
        self.assertEqual(code, 1)
        self.assertIn("unexpected: good on um: reuse breaks H2, expected nothing", out)
        code, out, data = self.kunit(bad, WbError(Exit.BUILD, "does not build"))
        self.assertEqual((code, data["exit"], data["holds"]), (7, 7, False))
        self.assertIn("bad ", out)
        # What dies before it has shown all that it is to break is no surprise in that.
        code, out, data = self.kunit(self.variant("bad", verdict("hangs")), good)
        self.assertEqual(code, 9)
        self.assertNotIn("breaks nothing", out)

    def replay(self, log: str | ktap.Log) -> tuple[int, str]:
        args = argparse.Namespace(schedule=DEADLY, tree=None, svg=None)
        cell = SimpleNamespace(name="tree on um", line=None, arch=UM)
        kernel = cells.build.Kernel(Path(), UM, Path(), Path(), 0, "")
        given: list[str] = []

        def attempt(*arguments: object) -> ktap.Log:
            given.extend(arguments[3])  # type: ignore[call-overload]
            return read(log) if isinstance(log, str) else log

        out = io.StringIO()
        with contextlib.ExitStack() as stack:
            for target, value in (
                ("wb.cli.one_cell", lambda *_: cell), ("wb.cells.require_explorer", lambda *_: None),
                ("wb.cli.build_lock", lambda _: contextlib.nullcontext()), ("wb.cells.built", lambda *_: kernel),
                ("wb.boot.attempt", attempt), ("wb.places.find", lambda *_: {}),
            ):
                stack.enter_context(mock.patch(target, value))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(out))
            code = cli.cmd_replay(Settings.from_environment(), args)
        self.assertEqual(given, [f"page_writeback.replay={DEADLY}"])
        return int(code), out.getvalue()

    def test_replay_of_a_deadly_schedule(self) -> None:
        code, out = self.replay("dies-replay")
        self.assertEqual(code, 1)
        self.assertIn(f"verdict: {DEADLY} on tree on um: dies: kernel BUG at fs/inode.c:542; see",
                      out.splitlines()[-1])
        self.assertIn("T   1", out)  # the listing
        self.assertIn("CPU 1, T: truncate the file", out)  # the diagram
        self.assertEqual(out.count("** dies: kernel BUG at fs/inode.c:542"), 2)

    def replayed(self, found: str, ok: str = "ok", more: str = "", trace: str = "") -> tuple[int, str]:
        """A replay that came to its end."""
        text = swapped(text_of("lives-replay"), ("    ok 2 - reuse\n", f"{more}    {ok} 2 - reuse\n"),
                       ("# replayed reuse: none", f"# replayed reuse: {found}{trace}"))
        return self.replay(ended(text, 0))

    def test_replay_that_breaks_nothing_and_fails(self) -> None:
        self.assertEqual(self.replayed("none")[0], 0)
        code, out = self.replayed("none", "not ok", "    # reuse: EXPECTATION FAILED at x.c:5\n")
        self.assertEqual(code, 1)
        self.assertIn("breaks none; page_writeback_races.reuse fails", out)
        text = swapped(text_of("lives-replay"), ("    ok 2 - accounting", "    not ok 2 - accounting"))
        code, out = self.replay(ended(text, 0))
        self.assertEqual(code, 1)
        self.assertIn("breaks none; page_writeback.accounting fails", out)

    def test_replay_with_a_garbled_trace(self) -> None:
        code, out = self.replayed("H1 dead touch", "not ok", trace="\n    # | E 1 r8+8 11")
        self.assertEqual(code, 1)
        self.assertIn("the trace is garbled", out)
        self.assertIn("breaks H1 dead touch", out)

    def test_replay_of_a_kernel_that_dies_elsewhere(self) -> None:
        start = DIES[:DIES.index("    # actors truncate")]
        bug = "kernel BUG at mm/x.c:5!\nKernel panic - not syncing: Fatal\n"
        for text in (start[:start.index("    # Subtest: page_writeback_races")] + bug, start + bug,
                     f"{start}interleave: died in v1:truncate:E1,T\nKernel panic - not syncing: Fatal\n"):
            with self.assertRaises(WbError) as raised:
                self.replay(ended(text))
            self.assertEqual(raised.exception.code, Exit.CRASH)

    def test_replay_that_breaks_a_rule_and_is_ended(self) -> None:
        start = DIES[:DIES.index("    # actors truncate")]
        seen = f"    # seen reuse: H1 dead touch, {DEADLY}\n"
        for code, without in ((None, Exit.BOOT), (-9, Exit.KILLED)):
            got, out = self.replay(ended(start + seen, code))
            self.assertEqual(got, 1)
            self.assertIn("breaks H1", out)
            with self.assertRaises(WbError) as raised:
                self.replay(ended(start, code))
            self.assertEqual(raised.exception.code, without)

    def test_replay_that_is_ended(self) -> None:
        """Ended by our deadline it hangs; a signal from outside tells nothing."""
        code, out = self.replay(ended(text_of("ended"), None))
        self.assertEqual(code, 1)
        self.assertIn("hangs", out.splitlines()[-1])
        with self.assertRaises(WbError) as raised:
            self.replay(ended(text_of("ended"), -15))
        self.assertEqual(raised.exception.code, Exit.KILLED)

    def test_a_verdict_says_more_than_an_error(self) -> None:
        for name, code in (("unstable", Exit.UNSTABLE), ("crash-between", Exit.CRASH)):
            got, _, data = self.verify(verdict(name), WbError(Exit.HOST, "no space"))
            self.assertEqual((got, data["exit"], data["holds"]), (code, code, False))
            bad = self.variant("bad", verdict("races-only"))
            got = self.kunit(bad, self.variant("good", verdict(name)), WbError(Exit.HOST, "no space"))[0]
            self.assertEqual(got, code)

    def test_explored_nowhere(self) -> None:
        """Other scenarios do not count."""
        args = argparse.Namespace(scenario="truncate")
        v, other = self.held(), self.held()
        self.assertEqual(cli.explored_nowhere(args, [v]), "")
        v.scenarios["truncate"] = judge.Scenario("truncate", skipped="no swap")
        self.assertEqual(cli.explored_nowhere(args, [v]), "truncate was explored nowhere: um: no swap")
        self.assertEqual(cli.explored_nowhere(args, [v, other]), "")
        self.assertEqual(cli.explored_nowhere(argparse.Namespace(scenario=None), [v]), "")

    def of_lines(self, *ends: Exit | WbError, arch: str | None = None) -> int:
        left = list(ends)

        def judged(*_: object) -> Exit:
            end = left.pop(0)
            if isinstance(end, WbError):
                raise end
            return end

        args = argparse.Namespace(json=None, variant=None, arch=arch, debug="", results=None)
        known = list(lines.load(ROOT / "patches").values())
        with mock.patch("wb.cli.judge_variants", judged), contextlib.redirect_stdout(io.StringIO()), \
                contextlib.redirect_stderr(io.StringIO()):
            settings = Settings.from_environment()
            return int(cli.matrix_of_lines(settings, args, known[:max(2, len(ends))]))

    def test_several_lines(self) -> None:
        self.assertEqual(self.of_lines(Exit.OK, Exit.OK), 0)
        self.assertEqual(self.of_lines(Exit.INCOMPLETE, Exit.VIOLATION, Exit.OK), 1)
        self.assertEqual(self.of_lines(WbError(Exit.BUILD, "x"), Exit.UNSTABLE, Exit.OK), 14)
        self.assertEqual(self.of_lines(Exit.OK, WbError(Exit.BUILD, "x")), 7)
        with self.assertRaises(WbError) as raised:
            self.of_lines(arch="um-smp")
        self.assertEqual(raised.exception.code, Exit.USAGE)
        self.assertIn("v5.10: has none of these kernels", str(raised.exception))

    def test_stress_says_who_ran_clean(self) -> None:
        line = Line("x", "1", {}, None, {}, {"bad": Variant("bad", "", (), {"truncate": ["H1"]}),
                                             "good": Variant("good", "", (), {})})
        rows = [{"case": "pages", "variant": variant, "hits": hits}
                for variant, hits in (("good", 0), ("bad", 1), ("bad", 0))]
        locks = [{"case": "locks", "variant": variant, "hits": 0} for variant in ("good", "bad")]
        self.assertEqual(stress.in_words({"stress": [*rows, *locks]}, line),
                         "pages: good ran clean, bad broke, as expected; locks: good ran clean, bad ran clean")
        self.assertEqual(stress.in_words({"stress": rows[2:]}, line), "pages: bad ran clean, though it is broken")
        self.assertFalse(stress.may_break(line, "bad", "locks"))

    def test_nobody_reads_it_any_more(self) -> None:
        """The file of results says the same as the process."""
        args = argparse.Namespace(results=mock.MagicMock())

        def run() -> Exit:
            raise BrokenPipeError(32, "Broken pipe")

        with self.assertRaises(BrokenPipeError):
            cli.recorded(args, run)
        args.results.end.assert_called_once_with(Exit.INTERRUPTED, "interrupted")

    def test_replay_of_a_harmless_one(self) -> None:
        code, out = self.replay("lives-replay")
        self.assertEqual((code, out.splitlines()[-1]), (0, f"verdict: {DEADLY} on tree on um: breaks none"))


if __name__ == "__main__":
    unittest.main()

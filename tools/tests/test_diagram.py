# SPDX-License-Identifier: GPL-2.0
"""Diagrams and timelines of recorded traces: data/fail.log, and the places in
its kernel as binutils told them, data/{nm,addr2line,readelf}.log.
"""

import re
import unittest
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

from wb import arches, diagram, judge, ktap, listing, places, svg, trace
from wb.errors import Exit, WbError

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
UM = arches.load(ROOT / "kconfig")["um"]


def recorded() -> list[judge.Breakage]:
    log = ktap.parse((DATA / "fail.log").read_text())
    verdict = judge.judge(log, judge.expected_cases(ROOT / "kunit"), "fail", UM)
    return [b for s in verdict.scenarios.values() for b in s.breaks]


def binutils(command: list[str]) -> str | None:
    """What they said; of an image that is not the recorded one, nothing."""
    return (DATA / f"{command[0]}.log").read_text() if "vmlinux" in command else None


def recorded_places() -> dict[int, places.Place]:
    offsets = {e.at for b in WITNESSES for e in trace.parse(b.trace).events if e.coded}
    with mock.patch("wb.proc.capture", binutils):
        return places.find("vmlinux", "", offsets)  # type: ignore[arg-type]


WITNESSES = recorded()
PLACES = recorded_places()
# Functions of the recorded traces, and their objects.
LOCKS_ALONE = {"free_unref_page_list": "page_alloc.o"}
NONE: dict[int, places.Place] = {}
STATE = re.compile(r"= (.*)$")


def witness(scenario: str, rule: str) -> judge.Breakage:
    return next(b for b in WITNESSES if f":{scenario}:" in b.witness and b.rule.startswith(rule))


def drawn(b: judge.Breakage, where: dict[int, places.Place] = PLACES) -> list[str]:
    return diagram.draw(trace.parse(b.trace), where, b.rule)


def states(lines: list[str]) -> list[str]:
    """What is in the state's column."""
    at = next(row.index(diagram.TITLE) for row in lines if row.endswith(diagram.TITLE))
    return [row[at:] for row in lines[lines.index(""):] if len(row) > at and row[at - 1] == " "]


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(p in rest for p in part)


class Traces(unittest.TestCase):
    def test_every_line_is_read(self) -> None:
        for b in WITNESSES:
            parsed = trace.parse(b.trace)
            self.assertEqual(len(parsed.events) + len(parsed.actors), len(b.trace))
            self.assertFalse(parsed.full)
            for event in parsed.events:
                self.assertRegex(event.state, r"^\d+( (free|reused|tail|lock|wb|wait))*$")

    def test_fields(self) -> None:
        e, r = trace.parse(["actor E: end", "E 12 a8+0 168 2dc48 wake_up_page = 1 wb",
                            "E - >> H1 dead touch = 0 free"]).events
        self.assertEqual((e.actor, e.point, e.kind, e.text, e.depth, e.at, e.function, e.state),
                         ("E", 12, trace.ACCESS, "a8+0", 168, 0x2dc48, "wake_up_page", "1 wb"))
        self.assertEqual((r.kind, r.text, r.by_access), (trace.RULE, "H1 dead touch", True))

    def test_what_is_no_trace(self) -> None:
        self.assertEqual(trace.parse(["A - runs    ="]).events[0].state, "")
        for row in ("", "nonsense", "E 1 x8+0 1 1 f = 1", "E - dances = 1", "E - runs", "E 1 a8+0"):
            with self.subTest(row), self.assertRaises(WbError) as raised:
                trace.parse([row])
            self.assertEqual(raised.exception.code, Exit.INCOMPLETE)

    def test_points_are_those_of_the_schedule(self) -> None:
        """A turn that is preempted has passed as many points as the schedule says."""
        for b in WITNESSES:
            turns: list[list[trace.Event]] = []
            for event in trace.parse(b.trace).events:
                if event.kind == trace.RUNS:
                    turns.append([])
                turns[-1].append(event)
            for name, turn in zip(b.witness.split(":")[2].split(","), turns, strict=True):
                self.assertEqual(turn[0].actor, name[0])
                if name[1:]:
                    self.assertEqual(max(e.point for e in turn), int(name[1:]))
            passed = sum(max(e.point for e in turn) for turn in turns)
            self.assertEqual(passed, b.points)


class Calls(unittest.TestCase):
    def calls(self, b: judge.Breakage) -> list[list[str]]:
        return [[c.name for c in s.calls] for s in trace.steps(trace.parse(b.trace), PLACES)
                if s.event.coded]

    def test_inlined(self) -> None:
        found = self.calls(witness("rearm", "H3"))
        self.assertIn(["end_page_writeback", "wake_up_page", "PageWaiters"], found)
        self.assertIn(["end_page_writeback", "wake_up_page_bit", "ClearPageWaiters"], found)

    def test_nested(self) -> None:
        self.assertIn(["truncate_inode_pages_range", "delete_from_page_cache_batch",
                       "unaccount_page_cache_page", "page_mapped"],
                      [c[:4] for c in self.calls(witness("reuse", "H2"))])

    def test_who_has_returned_calls_nobody(self) -> None:
        """One after the other, at different depths of the stack: seen from frame sizes alone."""
        for found in map(self.calls, WITNESSES):
            for calls in found:
                for done, later in (("truncate_cleanup_page", "delete_from_page_cache_batch"),
                                    ("unlock_page", "release_pages"),
                                    ("find_get_entries", "truncate_inode_pages_range"),
                                    ("page_mapping", "test_clear_page_writeback")):
                    self.assertFalse(done in calls and later in calls[calls.index(done):], calls)

    def test_lines(self) -> None:
        found = [f for p in PLACES.values() for f in p.frames if f.function == "wake_up_page"]
        self.assertTrue(found)
        self.assertEqual({f.file for f in found}, {"mm/filemap.c"})
        self.assertTrue(all(p.frame_size for p in PLACES.values()))

    def test_lines_of_all_but_locks(self) -> None:
        """Objects that are instrumented for their locks alone are built without line numbers."""
        without = {(e.function, e.kind) for b in WITNESSES for e in trace.parse(b.trace).events
                   if e.coded and not PLACES[e.at].frames}
        self.assertEqual(without, {(f, "lock") for f in LOCKS_ALONE})
        objects = re.search(r"^ilv-lock-objects := (.*)$", (ROOT / "kunit/locks.mk").read_text(), re.M)
        assert objects
        self.assertLessEqual(set(LOCKS_ALONE.values()), set(objects[1].split()))

    def test_without_lines(self) -> None:
        self.assertEqual(places.parse_lines("0x0000000000000001\n??\n??:0\n"), {})
        self.assertEqual(places.parse_frame_sizes("", [1]), {})
        self.assertEqual(places.find(Path("/nowhere"), "", {1}), {})


class Diagrams(unittest.TestCase):
    def test_there_are_some(self) -> None:
        self.assertGreater(len(WITNESSES), 10)
        columns = {sum(row.lstrip().startswith("CPU ") for row in drawn(b)) for b in WITNESSES}
        self.assertLessEqual({2, 3, 4}, columns)

    def test_width(self) -> None:
        for b in WITNESSES:
            for where in (PLACES, NONE):
                self.assertLessEqual(max(map(len, drawn(b, where))), 75, b.witness)

    def test_long_names(self) -> None:
        rows = ["actor A: " + "a" * 90, "actor B: b", "actor C: c", "actor D: d"]
        for a in "ABCD":
            rows += [f"{a} - runs = 1", f"{a} 1 a8+0 100 10 {'f' * 90} = 2 reused lock wb wait"]
        lines = diagram.draw(trace.parse(rows), NONE)
        self.assertLessEqual(max(map(len, lines)), 75)
        self.assertEqual(states(lines), ["2 reused lock wb wait"] * 4)
        self.assertIn("...", "".join(lines))

    def test_states_are_exact(self) -> None:
        """All states of the trace, in its order, but for those after the end."""
        for b in WITNESSES:
            seen = [found[1] for row in b.trace if (found := STATE.search(row))]
            shown = states(drawn(b))
            self.assertTrue(is_subsequence(shown, seen), b.witness)
            last = next(i for i, row in enumerate(b.trace) if b.rule in row)
            coded = [STATE.search(row)[1] for row in b.trace[:last]  # type: ignore[index]
                     if re.match(r"\w (\d+|-) \S+ \d+ [0-9a-f]+ ", row)]
            changes = [s for i, s in enumerate(coded) if not i or s != coded[i - 1]]
            self.assertLessEqual(set(changes), set(shown), b.witness)

    def test_states_are_those_of_the_trace(self) -> None:
        b = witness("reuse", "H2")
        lines = [r.replace("= 2 reused lock wb wait", "= 7 other") for r in b.trace]
        shown = states(diagram.draw(trace.parse(lines), PLACES))
        self.assertIn("7 other", shown)
        self.assertNotIn("2 reused lock wb wait", shown)

    def test_order(self) -> None:
        for b in WITNESSES:
            parsed = trace.parse(b.trace)
            rows = diagram.rows_of(trace.steps(parsed, PLACES), b.rule)
            at = {id(e): i for i, e in enumerate(parsed.events)}
            # A rule that an access breaks comes after it.
            order = [at[id(r.step.event)] for r in rows if r.step.event.kind != trace.RULE]
            self.assertEqual(order, sorted(order), b.witness)

    def test_the_story(self) -> None:
        """H2 as DESIGN tells it: clear, free, reuse, wait, late wake."""
        text = "\n".join(drawn(witness("reuse", "H2")))
        story = ("TestClearPageWriteback()", "put_page_testzero()", "0 free", "allocates the frame",
                 "TestSetPageWriteback()", "SetPageWaiters()", "(sleeps)", "** H1 dead touch",
                 "PageWaiters()", "(wakes R)", "ClearPageWaiters()", "** H2 stray wake")
        at = 0
        for part in story:
            self.assertIn(part, text[at:])
            at = text.index(part, at) + 1

    def test_ends_where_the_rule_is_broken(self) -> None:
        for b in WITNESSES:
            self.assertIn(f"** {b.rule}", drawn(b)[-1])

    def test_only_what_matters(self) -> None:
        """Without a reason of its own, no step is shown that leaves the state as it is."""
        for b in WITNESSES:
            parsed = trace.parse(b.trace)
            rows = [r.step.event for r in diagram.rows_of(trace.steps(parsed, PLACES), b.rule)]
            at = {id(e): i for i, e in enumerate(parsed.events)}
            idle = [e for e in rows if e.coded and e.state == parsed.events[at[id(e)] - 1].state]
            # At both ends of a turn, before a wakeup, and where a rule is broken.
            reasons = sum(e.kind in (trace.WAKES, trace.RULE) for e in rows)
            reasons += 2 * len(b.witness.split(","))
            self.assertLessEqual(len(idle), reasons, b.witness)
            self.assertLess(len(drawn(b)), 50, b.witness)
            self.assertLess(len(rows), len(parsed.events) / 2)

    def test_who_does_nothing_has_no_column(self) -> None:
        text = "\n".join(drawn(witness("reuse", "H1")))
        self.assertNotIn("reuse the frame", text)
        self.assertIn("truncate the file", text)

    def test_nothing(self) -> None:
        self.assertEqual(diagram.draw(trace.parse([]), NONE), [])
        self.assertTrue(diagram.draw(trace.parse(["actor A: a", "A - runs = 1", "full"]), NONE))


class Timelines(unittest.TestCase):
    def test_valid_and_complete(self) -> None:
        for b in WITNESSES:
            text = svg.draw(trace.parse(b.trace), PLACES, "a < b & c", b.rule)
            self.assertNotIn("href", text)
            self.assertNotIn("url(h", text)
            root = ElementTree.fromstring(text)
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
            found = [(e.text or "").strip() for e in root.iter("{http://www.w3.org/2000/svg}text")]
            self.assertEqual(found.count(f"** {b.rule}"), 1)
            self.assertIn("a < b & c", found)
            shown = [row[:row.index("  ") if "  " in row else None].strip()
                     for row in map(str.strip, drawn(b))
                     if row.endswith("()") and not row.startswith("CPU ")]
            self.assertLessEqual(set(shown), set(found))
            width = float(root.attrib["width"])
            self.assertTrue(all(float(e.attrib["x"]) < width for e in root.iter()
                                if e.tag.endswith("text")))

    def test_nothing(self) -> None:
        ElementTree.fromstring(svg.draw(trace.parse([]), NONE, "empty"))


class Listing(unittest.TestCase):
    def test_each_point_has_its_line(self) -> None:
        b = witness("rearm", "H3")
        rows = listing.steps(trace.parse(b.trace), PLACES, Path("/nowhere"))
        self.assertEqual(len(rows), len(trace.parse(b.trace).events))
        for row in rows:
            if re.match(r"\w +\d", row):
                self.assertRegex(row, r"^\w +\d+  mm/[\w-]+\.c:\d+ ")
        self.assertTrue(any("end_page_writeback > wake_up_page > PageWaiters" in r for r in rows))


if __name__ == "__main__":
    unittest.main()

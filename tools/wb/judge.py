# SPDX-License-Identifier: GPL-2.0
"""From a kernel log to verdicts. Functions of data, no side effects."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .arches import Arch
from .errors import Exit, WbError
from .ktap import Case, Log

RACES = "page_writeback_races"
CONTRACT = "page_writeback_contract"  # explored as well, with what is expected of each case
# By folder of kunit/, what its suites are built with.
SYMBOLS = {"page_writeback": "CONFIG_PAGE_WRITEBACK_KUNIT_TEST"}
UNAVAILABLE = "the page writeback suites are not available on this line"

# The suite's names for the rules, and the short ones for tables. Rules without
# a hazard number of their own are shown by name.
_RULE = re.compile(r"(H\d)\b.*|(.+)")


def short_rule(name: str) -> str:
    found = _RULE.fullmatch(name)
    return (found[1] or found[2]) if found else name


@dataclass
class Breakage:
    """A rule that a scenario breaks."""

    rule: str
    schedules: int
    preemptions: int
    points: int
    witness: str
    trace: list[str] = field(default_factory=list)
    diagram: list[str] = field(default_factory=list)

    @property
    def cost(self) -> tuple[int, int, int, str]:
        """As the kernel has it: preemptions, switches, points passed, and the text."""
        return self.preemptions, self.witness.count(","), self.points, self.witness


@dataclass
class Scenario:
    """What came out of one scenario."""

    name: str
    schedules: int = 0
    violating: int = 0
    bound: int = 0
    extent: str = ""
    covered: str = ""  # "complete", if it was explored without a bound as well
    stands_for: str = ""  # the schedules without a bound, of which
    run: int = 0  # so many were run
    per_second: int = 0
    reached: str = ""
    first: int = 0  # the first violating schedule, counted from 1
    near_misses: dict[str, int] = field(default_factory=dict)  # schedules, by rule
    breaks: list[Breakage] = field(default_factory=list)
    skipped: str | None = None

    @property
    def rules(self) -> list[str]:
        return [short_rule(b.rule) for b in self.breaks]

    @property
    def masked(self) -> list[str]:
        """Rules that hold, though what breaks them did happen."""
        return [r for r in map(short_rule, self.near_misses) if r not in self.rules]

    @property
    def summary(self) -> str:
        """What is broken, and what is only masked."""
        text = ", ".join(self.rules) or "holds"
        return text + (f" ({', '.join(self.masked)} masked)" if self.masked else "")

    @property
    def shortest(self) -> Breakage | None:
        return min(self.breaks, key=lambda b: b.cost) if self.breaks else None


@dataclass
class Verdict:
    """What came out of one run of the suites.

    Of a kernel without the page writeback suites (`available`), nothing is
    known that matters: it does not hold.
    """

    name: str
    arch: str = "um"
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)  # other cases, "suite.case"
    skipped: list[str] = field(default_factory=list)
    available: bool = True
    passed: int = 0  # cases that are no scenarios
    relies: list[str] = field(default_factory=list)  # on what, of code elsewhere

    @property
    def holds(self) -> bool:
        return self.available and not self.failed and not any(s.breaks for s in self.scenarios.values())

    @property
    def breaks(self) -> dict[str, list[str]]:
        return {n: s.rules for n, s in self.scenarios.items() if s.breaks}

    @property
    def summary(self) -> str:
        """What is broken, in a few words."""
        if not self.available:
            return UNAVAILABLE
        rules = dict.fromkeys(r for s in self.scenarios.values() for r in s.rules)
        words = ([f"breaks {', '.join(sorted(rules))}"] if rules else []) + \
            ([f"fails {', '.join(self.failed)}"] if self.failed else [])
        return "; ".join(words) or ("holds" if self.ran else "passes, not explored")

    @property
    def ran(self) -> int:
        """How many scenarios were explored."""
        return sum(s.skipped is None for s in self.scenarios.values())

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


def expected_cases(kunit: Path, config: str | None = None) -> dict[str, list[str]]:
    """Suites and cases that the suite's source declares; those that a kunitconfig builds."""
    suites: dict[str, list[str]] = {}
    for path in sorted(kunit.glob("*/*_kunit.c")):
        symbol = SYMBOLS.get(path.parent.name)
        if config is not None and symbol and f"{symbol}=y" not in config.splitlines():
            continue
        text = path.read_text()
        name = re.search(r"struct kunit_suite \w+ = \{\s*\.name = \"(\w+)\"", text)
        if name:
            suites[name[1]] = re.findall(r"^\t(?:KUNIT_CASE|PWB_RACE|PWB_DEADLY_RACE)\((\w+)\),", text, re.M)
    return suites


def check_complete(log: Log, expected: dict[str, list[str]], where: str) -> None:
    """Raise unless each expected suite and case is there with a result."""
    for suite, cases in expected.items():
        got = log.suites.get(suite)
        if got is None:
            raise WbError(Exit.INCOMPLETE, f"{where}: the suite {suite} did not run")
        absent = [c for c in cases if c not in got.cases]
        if absent:
            raise WbError(Exit.INCOMPLETE, f"{where}: no result of {suite}: {', '.join(absent)}")
        if got.ok is None or got.planned != len(got.cases):
            raise WbError(Exit.INCOMPLETE, f"{where}: the suite {suite} is not complete")
        if got.ok != all(c.ok for c in got.cases.values()):
            raise WbError(Exit.INCOMPLETE, f"{where}: {suite} disagrees with its cases")


def scenario(case: Case, where: str) -> Scenario:
    """What the suite's lines say of a scenario; raises if they are not all there."""
    s = Scenario(case.name, skipped=case.skipped)
    if case.skipped is not None:
        return s
    traces: dict[str, list[str]] = {}
    current: list[str] | None = None
    explored = False
    vacuous = ""
    for row in case.lines:
        word, _, rest = row.partition(f" {case.name}: ")
        if row.startswith("| "):
            if current is not None:
                current.append(row[2:])
            continue
        if word == "explored":
            found = re.match(
                r"(\d+) schedules, (\d+) violating, bound (\d+), ([\w ]+)$", rest
            )
            if found:
                explored = True
                s.schedules, s.violating, s.bound = (int(found[i]) for i in (1, 2, 3))
                s.extent = found[4]
        elif word == "covered":
            found = re.match(r"(\S+) schedules, \S+ violating, (\d+) run, (complete|cut short)", rest)
            if not found:
                raise WbError(Exit.INCOMPLETE, f"{where}: can't tell what {case.name} covered")
            s.stands_for, s.run, s.covered = found[1], int(found[2]), found[3]
        elif word == "reached":
            s.reached = rest
        elif word == "broken":
            found = re.match(r"(.+) in (\d+) schedules, preemptions (\d+), points (\d+), (\S+)$", rest)
            if found:
                s.breaks.append(
                    Breakage(found[1], int(found[2]), int(found[3]), int(found[4]), found[5]))
        elif word == "witness":
            current = traces.setdefault(rest, [])
        elif word == "masked":
            found = re.match(r"(.+) in (\d+) schedules$", rest)
            if found:
                s.near_misses[found[1]] = int(found[2])
        elif word == "first":
            s.first = int(rest.removeprefix("schedule "))
        elif word == "vacuous":
            vacuous = rest
        elif word == "error" and not s.breaks and "-35" not in rest:
            raise WbError(Exit.INCOMPLETE, f"{where}: {case.name} was cut short: {rest}")
        elif found := re.match(rf"time: {case.name} .* (\d+) a second", row):
            s.per_second = int(found[1])
    for b in s.breaks:
        b.trace = traces.get(b.witness, [])
    if vacuous and not s.breaks:
        raise WbError(
            Exit.INCOMPLETE, f"{where}: {case.name} is vacuous: it never reached {vacuous}"
        )
    if not explored or s.extent not in ("bounded", "complete", "cut short"):
        raise WbError(Exit.INCOMPLETE, f"{where}: no account of what {case.name} explored")
    if case.ok and (s.breaks or s.violating or "cut short" in (s.extent, s.covered)):
        raise WbError(Exit.INCOMPLETE, f"{where}: {case.name} passes in spite of violations")
    if not case.ok and not s.breaks:
        raise WbError(Exit.INCOMPLETE, f"{where}: {case.name} fails without naming a rule")
    return s


NOT_ASKED_FOR = "not asked for"
NOT_ON_THIS_LINE = "not on this line"  # what later kernels have not any more


def judge(log: Log, expected: dict[str, list[str]], name: str, arch: Arch) -> Verdict:
    """The verdict on a complete log; raises if it does not amount to one."""
    where = f"{name} on {arch.label}"
    verdict = Verdict(name, arch.label, available="page_writeback" in expected)
    verdict.skipped += [f"{s}: {arch.because}" for s in arch.without]
    expected = {s: cases for s, cases in expected.items() if s not in arch.without}
    check_complete(log, expected, where)
    for suite, cases in expected.items():
        for case_name in cases:
            case = log.suites[suite].cases[case_name]
            if case.skipped is not None:
                if case.skipped not in (*arch.skips, NOT_ASKED_FOR, NOT_ON_THIS_LINE):
                    raise WbError(
                        Exit.INCOMPLETE, f"{where}: {case_name} was skipped: {case.skipped}"
                    )
                verdict.skipped.append(f"{suite}.{case_name}: {case.skipped}")
            verdict.relies += [
                row.partition(": on ")[2] for row in case.lines
                if row.startswith(f"relies {case_name}: on ")
            ]
            if suite == RACES:
                verdict.scenarios[case_name] = scenario(case, where)
            elif not case.ok:
                verdict.failed.append(f"{suite}.{case_name}")
            elif case.skipped is None:
                verdict.passed += 1
    return verdict


def unexpected(verdict: Verdict, breaks: dict[str, list[str]]) -> list[str]:
    """How a verdict differs from what is expected of a variant."""
    who = f"{verdict.name} on {verdict.arch}"
    rows = [f"{who}: {case} fails" for case in verdict.failed]
    if not verdict.scenarios:  # an architecture without the explorer
        return rows
    for name, s in verdict.scenarios.items():
        want, got = breaks.get(name, []), s.rules
        if s.skipped is None and sorted(want) != sorted(got):
            rows.append(
                f"{who}: {name} breaks {', '.join(got) or 'nothing'}, "
                f"expected {', '.join(want) or 'nothing'}"
            )
    rows += [f"{who}: there is no scenario {n}" for n in breaks if n not in verdict.scenarios]
    return rows

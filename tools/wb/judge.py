# SPDX-License-Identifier: GPL-2.0
"""From kernel logs to verdicts. Functions of data, no side effects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .arches import Arch
from .errors import Exit, WbError
from .ktap import Case, Log, Suite, without_lines

RACES = "page_writeback_races"
CONTRACT = "page_writeback_contract"  # explored as well, with what is expected of each case
# By folder of kunit/, what its suites are built with.
SYMBOLS = {"page_writeback": "CONFIG_PAGE_WRITEBACK_KUNIT_TEST"}
UNAVAILABLE = "the page writeback suites are not available on this line"

NOT_ASKED_FOR = "not asked for"
NOT_ON_THIS_LINE = "not on this line"  # what later kernels have not any more
# Suites and scenarios that run only on request. A broken kernel dies of these scenarios.
OFF = ("page_writeback_cost", "page_writeback_programs", "page_writeback_reduction",
       "page_writeback_stress")
DEADLY = ("reuse_sync", "rearm_sync")

# What a case is skipped for, and what is not looked at then.
KINDS = {
    "no transparent huge pages": "huge pages",
    "no swap": "swap",
    "huge pages are split before they are swapped": "huge pages in swap",
    "no migration": "migration",
    "no memory cgroups": "memory cgroups",
    "one CPU only": "several CPUs at a time",
    "several CPUs": "schedules without a bound",
    "no complete search with these checks": "schedules without a bound",
}
MEMORY_MODEL = "sequentially consistent"
SECTIONS = "a critical section is one step"

# The suite's names for the rules, and the short ones for tables. Rules without
# a hazard number of their own are shown by name.
_RULE = re.compile(r"(H\d)\b.*|(.+)")


def short_rule(name: str) -> str:
    found = _RULE.fullmatch(name)
    return (found[1] or found[2]) if found else name


def preemptions_of(schedule: str) -> int:
    """How often somebody is switched away in a schedule who could have gone on."""
    return len(re.findall(r"[A-Za-z]\d+", schedule.rpartition(":")[2]))


def points_of(schedule: str) -> int:
    """The points that are passed before these switches."""
    return sum(map(int, re.findall(r"[A-Za-z](\d{1,18})", schedule.rpartition(":")[2])))


def but_for(known: Iterable[str]) -> str:
    """Behind "holds ...": the known defects that show."""
    names = ", ".join(known)
    return f", but for {names}" if names else ""


def scenario_of(schedule: str) -> str:
    return schedule.split(":")[1] if schedule.count(":") == 2 else ""


# How the end of a kernel, or what it reports of itself, comes to be known.
DIES, HANGS, REPORTS, LATE, ENDED, CUT = "dies", "hangs", "reports", "late", "ended", "cut"


@dataclass
class Death:
    """How a kernel died, hung or broke off; or what it reported and outlived."""

    what: str
    where: str = ""  # a scenario, or "suite.case"; "" outside of all cases
    schedule: str = ""
    reproduced: bool | None = None  # by a replay in a fresh machine; None: not tried
    kind: str = DIES
    log: str = ""

    @property
    def rule(self) -> str:
        """As a rule of its own."""
        return HANGS if self.kind in (HANGS, LATE) else f"dies: {self.what}"

    @property
    def why(self) -> str:
        return self.what.removeprefix("hangs: ")

    @property
    def stable(self) -> str:
        """Where and how, without anything that changes with the source around it."""
        place = f" in {self.where}" if self.where else ""
        if self.kind in (HANGS, LATE):
            return f"hangs{place}"
        return f"{self.kind}: {without_lines(self.what)}{place}"

    @property
    def place(self) -> str:
        """", in v1:..." or the like, if it is known."""
        return f", in {self.schedule or self.where}" if self.schedule or self.where else ""

    @property
    def words(self) -> str:
        """Where nothing else is to be said."""
        if self.kind == REPORTS:
            return f"the kernel reported: {self.what}{self.place}"
        if self.kind in (LATE, ENDED, CUT):
            last = self.schedule or self.where
            return f"{self.what}{f', last in {last}' if last else ''}"
        if self.schedule:
            verb = "hung" if self.kind == HANGS else "died"
            again = ", not reproduced" if self.reproduced is False else ""
            return f"{verb} in {self.schedule}{again}: {self.why}"
        return f"the kernel died: {self.what}{self.place}"

    @property
    def code(self) -> Exit:
        """The exit code, if nothing is broken."""
        return {LATE: Exit.BOOT, ENDED: Exit.KILLED, CUT: Exit.INCOMPLETE}.get(self.kind, Exit.CRASH)


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
    known: str = ""  # the known defect of the line that it is of

    @property
    def cost(self) -> tuple[int, int, int, str]:
        """As the kernel has it: preemptions, switches, points passed, and the text."""
        return self.preemptions, self.witness.count(","), self.points, self.witness

    @property
    def deadly(self) -> bool:
        """Is it the death of the kernel, and no rule of the suite's?"""
        return self.rule == HANGS or self.rule.startswith("dies: ")

    @property
    def dying(self) -> str:
        """A death, with where it happens."""
        return f"hangs in {self.witness}" if self.rule == HANGS else f"{self.rule}, in {self.witness}"


@dataclass
class Unstable:
    """A violation that was seen and does not come again."""

    where: str
    rule: str
    schedule: str
    trace: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return f"{short_rule(self.rule)} in {self.schedule}, not reproduced"


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
    operations: dict[str, str] = field(default_factory=dict)  # by actor
    vacuous: str = ""  # the events that were never reached
    error: str = ""  # why it was cut short, if it is not for what it breaks
    died: str = ""  # how the kernel did, in it
    unstable: list[Unstable] = field(default_factory=list)
    retried: int = 0  # runs that were disturbed
    quarantined: str = ""  # what was corrupt at the end
    problems: list[str] = field(default_factory=list)  # with the account that there is
    violates: bool = False  # a rule, by the numbers of the account

    @property
    def new(self) -> list[Breakage]:
        """What is broken and not known to be."""
        return [b for b in self.breaks if not b.known]

    @property
    def known(self) -> list[str]:
        """The known defects that show."""
        return list(dict.fromkeys(b.known for b in self.breaks if b.known))

    @property
    def rules(self) -> list[str]:
        return [short_rule(b.rule) for b in self.new]

    @property
    def masked(self) -> list[str]:
        """Rules that hold, though what breaks them did happen."""
        broken = [short_rule(b.rule) for b in self.breaks]
        return [r for r in map(short_rule, self.near_misses) if r not in broken]

    @property
    def complete(self) -> bool:
        """Was it explored without a bound, to the end?"""
        return "complete" in (self.extent, self.covered)

    @property
    def explored(self) -> str:
        """How far: "(all)", or "≤2"."""
        return "(all)" if self.complete else f"≤{self.bound}"

    @property
    def holds(self) -> bool:
        """Was it explored, and nothing found that is new?"""
        return self.skipped is None and self.extent in ("bounded", "complete") and not (
            self.new or self.vacuous or self.error or self.died or self.unstable or self.problems)

    @property
    def summary(self) -> str:
        """What is broken, or how far it holds, and what is only masked."""
        if self.new:
            text = ", ".join([*self.rules, *self.known])
        elif self.holds:
            text = f"holds {self.explored}"
            text += but_for(self.known)
        elif self.unstable:
            text = f"unstable: {', '.join(dict.fromkeys(short_rule(u.rule) for u in self.unstable))}"
        elif self.died:
            text = f"no result: {self.died}"
        elif self.vacuous:
            text = f"vacuous: {self.vacuous}"
        else:
            text = f"no result: {'; '.join(filter(None, (self.error, *self.problems))) or 'no account'}"
        return text + (f" ({', '.join(self.masked)} masked)" if self.masked else "")

    @property
    def shortest(self) -> Breakage | None:
        return min(self.breaks, key=lambda b: b.cost) if self.breaks else None

    @property
    def witnesses(self) -> list[Breakage]:
        """One for each rule, the shortest first."""
        return sorted(self.breaks, key=lambda b: b.cost)


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
    deaths: list[Death] = field(default_factory=list)
    vacuous: dict[str, str] = field(default_factory=dict)  # events, by scenario or "suite.case"
    unstable: list[Unstable] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)  # what there is no account of, and why
    not_run: list[str] = field(default_factory=list)  # scenarios, and "suite.case"

    @property
    def broken(self) -> bool:
        """Is something broken for certain, and not known to be?"""
        return bool(self.failed or any(s.new for s in self.scenarios.values()))

    @property
    def known(self) -> list[str]:
        """The known defects that show."""
        return list(dict.fromkeys(n for s in self.scenarios.values() for n in s.known))

    @property
    def exit(self) -> Exit:
        """The exit code of a tree with this verdict."""
        return Exit.VIOLATION if self.broken else self.open

    @property
    def open(self) -> Exit:
        """The exit code of all that is not broken for certain, and does not hold either."""
        if self.unstable:
            return Exit.UNSTABLE
        codes = [d.code for d in self.deaths]
        for code in (Exit.CRASH, Exit.BOOT, Exit.KILLED):
            if code in codes:
                return code
        if codes or self.vacuous or self.incomplete or self.not_run or not self.available:
            return Exit.INCOMPLETE
        return Exit.OK

    @property
    def holds(self) -> bool:
        return self.exit == Exit.OK

    @property
    def breaks(self) -> dict[str, list[str]]:
        return {n: s.rules for n, s in self.scenarios.items() if s.new}

    @property
    def rules(self) -> list[str]:
        """The rules that are broken; deaths are apart."""
        return sorted({short_rule(b.rule) for s in self.scenarios.values() for b in s.new
                       if not b.deadly})

    @property
    def findings(self) -> list[str]:
        """What is broken, in words: rules, deaths in a schedule, cases."""
        best: dict[str, Breakage] = {}
        for b in (b for s in self.scenarios.values() for b in s.new if b.deadly):
            best[b.rule] = min(best.get(b.rule, b), b, key=lambda b: b.cost)
        return [*self.rules, *(b.dying for b in best.values()), *failures(self.failed)]

    @property
    def ends(self) -> list[str]:
        """How the kernel ended before its time, where that is no violation in itself."""
        rows = []
        for d in self.deaths:
            if d.reproduced:
                continue
            if self.broken and d.kind in (DIES, HANGS):
                verb = "hung" if d.kind == HANGS else "died"
                rows.append(f"the kernel {verb} later: {d.why}{d.place}"
                            f"{', not reproduced' if d.reproduced is False else ''}")
            else:
                rows.append(d.words)
        return list(dict.fromkeys(rows))

    @property
    def gaps(self) -> list[str]:
        """What there is no result of, and what is seen once and not again."""
        rows = [f"unstable: {u.words}" for u in self.unstable]
        rows += [f"{n} no longer reaches {events}" for n, events in self.vacuous.items()]
        rows += self.incomplete
        if self.not_run:
            why = "the kernel died too often: " if self.deaths else ""
            rows.append(f"not run: {why}{counted(self.not_run)}")
        return rows

    @property
    def summary(self) -> str:
        """What is broken, in a few words."""
        if not self.available:
            return UNAVAILABLE
        words = [f"broken: {', '.join(self.findings)}"] if self.findings else []
        words += [*self.ends, *self.gaps]
        return "; ".join(words) or (
            f"holds {self.explored}{but_for(self.known)}" if self.ran else "passes, not explored")

    @property
    def ran(self) -> int:
        """How many scenarios were explored."""
        return sum(s.skipped is None for s in self.scenarios.values())

    @property
    def explored(self) -> str:
        return extent([s for s in self.scenarios.values() if s.skipped is None])

    @property
    def claim(self) -> dict[str, Any]:
        """What a "holds" is about."""
        ran = [s for s in self.scenarios.values() if s.skipped is None]
        bounds = [s.bound for s in ran if not s.complete]
        operations = dict.fromkeys(o for s in ran for o in s.operations.values())
        left: dict[str, list[str]] = {}
        line: list[str] = []
        for row in self.skipped:
            case, _, why = row.partition(": ")
            if why == NOT_ON_THIS_LINE:
                line.append(case)
            elif why != NOT_ASKED_FOR:
                left.setdefault(KINDS.get(why, why), []).append(case)
        return {
            "bound": min(bounds, default=None), "complete": bool(ran) and not bounds,
            "by_scenario": {s.name: s.summary for s in ran},
            "memory_model": MEMORY_MODEL, "sections": SECTIONS, "operations": list(operations),
            "not_looked_at": left, "not_on_this_line": line, "not_run": self.not_run,
        }

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds, "summary": self.summary,
                "exit": int(self.exit), "known_defects": self.known, "claim": self.claim}


def failures(failed: Sequence[str], room: int = 3) -> list[str]:
    """Cases that fail, each by name where that is short."""
    suites: dict[str, list[str]] = {}
    for suite, _, case in (f.rpartition(".") for f in failed):
        suites.setdefault(suite, []).append(case)
    rows: list[str] = []
    for suite, cases in suites.items():
        rows += [f"{suite}.{c} fails".lstrip(".") for c in cases] if len(cases) <= room else \
            [f"{len(cases)} cases of {suite} fail: {', '.join(cases[:room])}, ..."]
    return rows


def counted(not_run: Sequence[str], room: int = 4) -> str:
    """Scenarios by name, if they are few, and the cases of each other suite by number."""
    scenarios = [n for n in not_run if "." not in n]
    suites = [n.partition(".")[0] for n in not_run if "." in n]
    words = [", ".join(scenarios)] if 0 < len(scenarios) <= room else \
        [f"{len(scenarios)} scenarios"] if scenarios else []
    words += [f"{suites.count(s)} of {s}" for s in dict.fromkeys(suites)][:room]
    more = len(set(suites)) - room
    return ", ".join(words) + (f", and of {more} more suites" if more > 0 else "")


def extent(scenarios: Iterable[Scenario]) -> str:
    """How far several scenarios were explored: "(all)", "≤2" or "≤1 to 2"."""
    bounds = sorted({s.bound for s in scenarios if not s.complete})
    if not bounds:
        return "(all)"
    return f"≤{bounds[0]}" + (f" to {bounds[-1]}" if len(bounds) > 1 else "")


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


_N = r"\d{1,18}"  # a number, and not one that a dying kernel has run together with others


def _seen(case_name: str, rest: str) -> tuple[str, str] | None:
    """The rule and the schedule of a violation that is told at once."""
    found = re.match(rf"(.+), (v\d+:{case_name}:\S+)$", rest)
    return (found[1], found[2]) if found else None


def unstable_of(rest: str) -> tuple[str, str] | None:
    """The rule and the schedule of a violation that did not come again."""
    found = re.match(r"(.+), seen (?:once|\d+ times?) in (\S+), not reproduced$", rest)
    return (found[1], found[2]) if found else None


def operations_of(text: str) -> dict[str, str]:
    """The operations of "E end_page_writeback(); T truncate the file", by actor."""
    pairs = (part.partition(" ") for part in text.split("; "))
    return {actor: what for actor, _, what in pairs}


def scenario(case: Case, died: str = "") -> Scenario:
    """What the suite's lines say of a scenario, and what of it does not add up.

    Where the kernel has died in it, so far as they go.
    """
    s = Scenario(case.name, skipped=case.skipped, died=died)
    if case.skipped is not None:
        return s
    traces: dict[str, list[str]] = {}
    current: list[str] | None = None
    explored = False
    error = ""
    seen: dict[str, str] = {}
    once: dict[str, str] = {}
    for row in case.lines:
        word, _, rest = row.partition(f" {case.name}: ")
        if row.startswith("| "):
            if current is not None:
                current.append(row[2:])
            continue
        if word == "actors":
            s.operations = operations_of(rest)
        elif word in ("seen", "once"):
            if told := _seen(case.name, rest):
                (seen if word == "seen" else once).setdefault(*told)
            else:
                s.problems.append(f"can't tell what was seen: {rest}")
        elif word == "explored":
            found = re.match(
                rf"({_N}) schedules, ({_N}) violating, bound ({_N}), ([\w ]+)$", rest
            )
            if explored:
                s.problems.append("it has two accounts of what it explored")
            if found:
                explored = True
                s.schedules, s.violating, s.bound = (int(found[i]) for i in (1, 2, 3))
                s.extent = found[4]
                s.violates |= s.violating > 0
        elif word == "covered":
            found = re.match(rf"(\S+) schedules, (\S+) violating, ({_N}) run, (complete|cut short)", rest)
            if found:
                s.stands_for, s.run, s.covered = found[1], int(found[3]), found[4]
                s.violates |= found[2] != "0"
            else:
                s.problems.append("can't tell what was covered")
        elif word == "reached":
            s.reached = rest
        elif word == "broken":
            found = re.match(rf"(.+) in ({_N}) schedules, preemptions ({_N}), points ({_N}), (\S+)$", rest)
            if not found:
                s.problems.append(f"unreadable broken rule: {rest}")
            elif found[1] not in (b.rule for b in s.breaks):
                s.breaks.append(
                    Breakage(found[1], int(found[2]), int(found[3]), int(found[4]), found[5]))
        elif word == "witness":
            current = traces.setdefault(rest, [])
        elif word == "masked":
            found = re.match(rf"(.+) in ({_N}) schedules$", rest)
            if found:
                s.near_misses[found[1]] = int(found[2])
            else:
                s.problems.append(f"unreadable masked rule: {rest}")
        elif word == "first":
            if found := re.fullmatch(rf"schedule ({_N})", rest):
                s.first = int(found[1])
            else:
                s.problems.append(f"unreadable first schedule: {rest}")
        elif word == "vacuous":
            s.vacuous = rest
        elif word == "unstable":
            if told := unstable_of(rest):
                s.unstable.append(Unstable(case.name, *told))
                current = traces.setdefault(told[1], [])
            else:
                s.problems.append(f"can't tell what is unstable: {rest}")
        elif word == "retried" and re.fullmatch(_N, rest):
            s.retried = int(rest)
        elif word == "quarantined":
            s.quarantined = rest
        elif word == "error":
            error = rest
        elif found := re.match(rf"time: {case.name} .* ({_N}) a second", row):
            s.per_second = int(found[1])
    told_of = {b.rule for b in s.breaks} | {u.rule for u in s.unstable}
    s.breaks += [Breakage(rule, 1, preemptions_of(w), points_of(w), w)
                 for rule, w in seen.items() if rule not in told_of]
    told_of |= seen.keys()
    # In the end it is broken after all, or unstable; a kernel that has died did not get there.
    s.unstable += [Unstable(case.name, rule, w) for rule, w in once.items() if rule not in told_of]
    for b in s.breaks:
        b.trace = traces.get(b.witness, [])
    for u in s.unstable:
        u.trace = traces.get(u.schedule, [])
    _add_up(s, case, explored, error)
    return s


def _add_up(s: Scenario, case: Case, explored: bool, error: str) -> None:
    """See whether the account of a scenario is whole, and agrees with its result."""
    if s.violates and not s.breaks:
        s.problems.append("there are violations, and no rule that is broken")
    if s.died:
        s.extent = "cut short"
        return
    if s.breaks:  # what is broken can make it vacuous, and stuck
        s.vacuous = ""
    elif error and "-35" not in error:
        s.error = f"cut short: {error}"
    if not explored or s.extent not in ("bounded", "complete", "cut short"):
        s.problems.append("no account of what it explored")
    elif not s.schedules:
        s.problems.append("it explored no schedule")
    if case.ok and (s.breaks or s.violates or s.unstable or "cut short" in (s.extent, s.covered)):
        s.problems.append("it passes in spite of violations")


def death_of(log: Log) -> Death:
    """How a log ended before its time."""
    schedule = log.schedule or ""
    if log.death and not (log.stopped and "Kernel panic" not in "".join(log.death.rows)):
        if log.hang:
            return Death(f"hangs: {log.hang}", schedule=schedule, kind=HANGS, log=log.path)
        return Death(log.death.what, schedule=schedule, log=log.path)
    kind, what = log.stopped or (CUT, "the log breaks off")
    return Death(what, schedule=schedule, kind=kind, log=log.path)


_FAILED = re.compile(r"(\w+): (?:EXPECTATION|ASSERTION) FAILED")
_FOUND = re.compile(r"(seen|once|broken|unstable) \w+: ")


def findings_of(lines: Iterable[str]) -> list[str]:
    """The rows of a case that tell of violations."""
    return [row for row in lines if _FOUND.match(row) or _FAILED.match(row)]


def worse(old: Case | None, new: Case) -> Case:
    """Merge a case's results in two boots: a failure in either counts."""
    if old is None or old.skipped is not None and (
            new.skipped is None or old.skipped == NOT_ASKED_FOR):
        return new
    if new.skipped is not None or new.ok:
        return old
    return new if old.ok else Case(old.name, False, None, [*old.lines, *findings_of(new.lines)])


class _Judge:
    """Takes the logs of one kernel's boots together."""

    def __init__(self, verdict: Verdict, expected: dict[str, list[str]], arch: Arch,
                 asked: str | None, lacks: Sequence[str] | None) -> None:
        self.verdict = verdict
        self.expected = expected
        self.arch = arch
        self.asked = asked
        self.lacks = lacks
        self.cases: dict[str, dict[str, Case]] = {}
        self.dead: dict[str, dict[str, tuple[list[str], str]]] = {}  # lines, and how
        self.told: dict[str, list[str]] = {}  # rows of violations, by scenario

    def place(self, suite: str, case: str) -> str:
        return case if suite == RACES else f"{suite}.{case}" if case else suite

    def _unfinished(self, log: Log, schedule: str) -> str:
        """The case that was going on at the end of a log."""
        done = log.suites[log.suite].cases
        known = [c for c in self.expected.get(log.suite, ()) if c not in done]
        name = scenario_of(schedule)
        if name in known:
            return name
        for row in reversed(log.unfinished):
            found = re.match(r"(?:\w+ )?(\w+): ", row)
            if found and (found[1] in known or _FAILED.match(row)):
                return found[1]
        return known[0] if known else ""

    def take(self, log: Log) -> None:
        """Add what a log has that the earlier ones have not."""
        v = self.verdict
        late = ""
        for suite in log.suites.values():
            here = "" if late else next(
                (c.name for c in suite.cases.values() if f"{c.name}: try timed out" in c.lines), "")
            if here:
                where = self.place(suite.name, here)
                v.deaths.append(Death("took longer than KUnit lets it, 300 s; ask for less", where,
                                      kind=LATE, log=log.path))
                self.dead.setdefault(suite.name, {})[here] = suite.cases[here].lines, "took too long"
            self._cases(log, suite, here, late)
            late = late or here
            if not late:
                self._whole(suite, log)
        v.incomplete += [d for d in log.doubts if d not in v.incomplete]
        schedule = log.schedule or ""
        name = self._unfinished(log, schedule) if log.suite else ""
        for r in log.reports:
            case = r.case or (name if r.suite and r.suite == log.suite else "")
            v.deaths.append(Death(r.what, self.place(r.suite, case) if r.suite else "", kind=REPORTS,
                                  log=log.path))
        for rule, told in log.broke:
            self.told.setdefault(scenario_of(told), []).append(f"seen {scenario_of(told)}: {rule}, {told}")
        if log.ended:
            return
        death = death_of(log)
        if log.death and death.kind in (LATE, ENDED):
            v.deaths.append(Death(log.death.what, self.place(log.suite, name) if log.suite else "",
                                  kind=REPORTS, log=log.path))
        if log.suite:
            death.where = self.place(log.suite, name)
            if name:
                self.dead.setdefault(log.suite, {}).setdefault(name, (log.unfinished, death.what))
            # A failure tells its case, which may be another than the last.
            for row in log.unfinished:
                if (found := _FAILED.match(row)) and log.suite != RACES:
                    self._fails(f"{log.suite}.{found[1]}")
        if not late or death.kind != LATE:
            v.deaths.append(death)

    def _left_out(self, log: Log, suite: str, case: str) -> bool:
        """Is it not asked for only because an earlier boot has it, or died in it?"""
        given = dict(p.removeprefix("page_writeback.").partition("=")[::2] for p in log.more)
        return suite == RACES and (case in given.get("skip", "").split(",")
                                   or given.get("scenario", case) != case)

    def _fails(self, case: str) -> None:
        if case not in self.verdict.failed:
            self.verdict.failed.append(case)

    def _cases(self, log: Log, suite: Suite, late: str, before: str) -> None:
        """Take the results of a suite.

        A case that is late still runs beside the cases after it. If this suite has one
        (`late`), or an earlier suite had one (`before`), only failures count from there on.
        """
        slot = self.cases.setdefault(suite.name, {})
        for case in suite.cases.values():
            before = before or late * (case.name == late)
            if case.name == late or before and (case.ok or case.skipped is not None):
                continue
            if case.skipped == NOT_ASKED_FOR and log.more and self._left_out(log, suite.name, case.name):
                continue
            slot[case.name] = worse(slot.get(case.name), case)

    def _whole(self, suite: Suite, log: Log) -> None:
        """Does a suite's result agree with its cases', and are they all there?"""
        if suite.name == log.suite and not log.ended:
            return
        if suite.ok is None or suite.planned != len(suite.cases):
            self.verdict.incomplete.append(f"the suite {suite.name} is not complete")
        elif suite.ok != all(c.ok for c in suite.cases.values()):
            self.verdict.incomplete.append(f"{suite.name} disagrees with its cases")

    def conclude(self) -> None:
        """Judge each case that there is, and find those that there should be."""
        v = self.verdict
        names = dict.fromkeys([*self.expected, *self.cases, *self.dead])
        for suite in names:
            expected = self.expected.get(suite, [])
            have, dead = self.cases.get(suite, {}), self.dead.get(suite, {})
            for name in dict.fromkeys([*expected, *have, *dead]):
                case = have.get(name)
                told = self.told.get(name, []) if suite == RACES else []
                if (name in dead or told) and (case is None or case.skipped is not None):
                    lines, how = dead.get(name, ([], "no result"))
                    if suite == RACES:
                        s = v.scenarios[name] = scenario(Case(name, False, None, [*lines, *told]), how)
                        v.unstable += s.unstable
                        if not s.breaks and any(_FAILED.match(row) for row in lines):
                            self._fails(f"{suite}.{name}")
                elif case is None:
                    if suite == RACES and self.asked not in (None, name):
                        v.skipped.append(f"{suite}.{name}: {NOT_ASKED_FOR}")
                        v.scenarios[name] = Scenario(name, skipped=NOT_ASKED_FOR)
                    else:
                        v.not_run.append(self.place(suite, name))
                else:
                    told = [*findings_of(dead[name][0] if name in dead else ()), *told]
                    self._judge(suite, replace(case, lines=[*case.lines, *told]))
        if RACES in self.expected and self.asked is None and not v.ran and not v.not_run:
            v.incomplete.append("no scenario was explored")

    def _may_be_skipped(self, suite: str, case: Case) -> bool:
        """Is it for a reason that is right here?"""
        if case.skipped == NOT_ASKED_FOR:
            return suite in OFF or suite == RACES and case.name in DEADLY and self.asked != case.name \
                or suite in (RACES, CONTRACT) and self.asked not in (None, case.name)
        if case.skipped == NOT_ON_THIS_LINE:
            return suite != RACES or self.lacks is None or case.name in self.lacks
        return case.skipped in self.arch.skips

    def _judge(self, suite: str, case: Case) -> None:
        v = self.verdict
        place = self.place(suite, case.name)
        if case.skipped is not None:
            v.skipped.append(f"{suite}.{case.name}: {case.skipped}")
            # The reasons of suites that are not ours are their own.
            if suite in self.expected and not self._may_be_skipped(suite, case):
                v.incomplete.append(f"{place} was skipped: {case.skipped}")
        v.relies += [
            row.partition(": on ")[2] for row in case.lines
            if row.startswith(f"relies {case.name}: on ")
        ]
        # Of the other suites a case has a result of its own, whatever its schedules break.
        s = scenario(case)
        ok = case.ok and not any(map(_FAILED.match, case.lines))  # a row may be wrong, or lost
        v.unstable += [Unstable(place, u.rule, u.schedule, u.trace) for u in s.unstable]
        if s.vacuous:
            v.vacuous[place] = s.vacuous
        if suite == RACES:
            v.scenarios[case.name] = s
            v.incomplete += [f"{case.name}: {p}" for p in filter(None, (s.error, *s.problems))]
            if not s.breaks and (s.violates or not ok and not (s.vacuous or s.unstable or s.error)):
                self._fails(f"{suite}.{case.name}")
        elif not ok and not s.unstable and not s.vacuous:
            self._fails(f"{suite}.{case.name}")
        elif case.skipped is None and ok:
            v.passed += 1


def replayed(log: Log, name: str) -> list[str]:
    """The trace of the one schedule that a kernel replayed, up to its death if it died."""
    for suite in log.suites.values():
        if name in suite.cases:
            return [r[2:] for r in suite.cases[name].lines if r.startswith("| ")]
    return log.trace or [r[2:] for r in log.unfinished if r.startswith("| ")]


def dies_again(log: Log, schedule: str, kind: str = "") -> bool:
    """Did a replay of a schedule end in it, and in the way that it did before, if that is known?

    A replay that came to its end has not, nor has one that was ended from outside.
    """
    again = LATE if log.ended else death_of(log).kind
    alike = {DIES: (DIES,), HANGS: (HANGS, LATE), LATE: (HANGS, LATE)}.get(kind, (DIES, HANGS, LATE))
    return log.schedule == schedule and not log.ended and again in alike


def ending(trace: Sequence[str], rule: str) -> list[str]:
    """A trace with the death at its end, as the last thing that its actor does."""
    if not trace:
        return []
    last = next((r for r in reversed(trace) if re.match(r"[A-Za-z-] .*= ?", r)), "- -  = ")
    return [*trace, f"{last[0]} - ** {rule}    = {last.rpartition('= ')[2].strip()}"]


def _blame(verdict: Verdict, replays: Mapping[str, Log]) -> None:
    """Deaths in a schedule that leads there again are violations; and the traces of replays."""
    for d in verdict.deaths:
        if d.kind not in (DIES, HANGS, LATE) or d.schedule not in replays:
            continue
        log = replays[d.schedule]
        d.reproduced = dies_again(log, d.schedule, d.kind)
        if not d.reproduced:
            continue
        name = scenario_of(d.schedule)
        s = verdict.scenarios.get(name)
        if s and d.rule not in (b.rule for b in s.breaks):
            s.breaks.append(Breakage(
                d.rule, 1, preemptions_of(d.schedule), points_of(d.schedule), d.schedule,
                ending(replayed(log, name), d.rule)))
        elif not s and (d.where or d.schedule) not in verdict.failed:
            verdict.failed.append(d.where or d.schedule)
    for s in verdict.scenarios.values():
        for b in s.breaks:
            if not b.trace and b.witness in replays:
                b.trace = replayed(replays[b.witness], s.name)


def judge(logs: Log | Sequence[Log], expected: dict[str, list[str]], name: str, arch: Arch,
          replays: Mapping[str, Log] | None = None, asked: str | None = None,
          lacks: Sequence[str] | None = None) -> Verdict:
    """The verdict on what one kernel has said, in one boot or several; raises if that is nothing.

    `expected` is what must be there, `replays` are the logs of single schedules, and
    `asked` is the one scenario that there should be, if not all. `lacks` are those that the
    kernel lacks; None if that is not known.
    """
    logs = [logs] if isinstance(logs, Log) else logs
    verdict = Verdict(name, arch.label, available="page_writeback" in expected)
    verdict.skipped += [f"{s}: {arch.because}" for s in arch.without]
    expected = {s: cases for s, cases in expected.items() if s not in arch.without}
    if not any(log.suites for log in logs):
        who, first = f"{name} on {arch.label}", logs[0]
        death = None if first.ended else death_of(first)
        if death and death.kind != CUT:
            raise WbError(death.code, f"{who}: {death.words}, before the first suite; see {first.path}")
        raise WbError(Exit.INCOMPLETE, f"{who}: the suite "
                      f"{next(iter(expected), 'page_writeback')} did not run")
    whole = _Judge(verdict, expected, arch, asked, lacks)
    for log in logs:
        whole.take(log)
    whole.conclude()
    _blame(verdict, replays or {})
    return verdict


def on_arch(rules: Sequence[str], arch: str) -> list[str]:
    """Of the rules that are expected to be broken, those of an architecture: "H4 on x86_64,arm64"."""
    parts = [rule.partition(" on ") for rule in rules]
    return [rule for rule, _, names in parts if not names or arch.partition("+")[0] in names.split(",")]


def differs(verdict: Verdict, breaks: dict[str, list[str]]) -> list[str]:
    """What is broken that should not be, and the reverse."""
    who = f"{verdict.name} on {verdict.arch}"
    rows = [f"{who}: {case} fails" for case in verdict.failed]
    if not verdict.scenarios:  # an architecture without the explorer
        return rows
    for name, s in verdict.scenarios.items():
        want, got = on_arch(breaks.get(name, []), verdict.arch), s.rules
        so_far = s.died and set(got) < set(want)
        if want and s.skipped in (NOT_ASKED_FOR, NOT_ON_THIS_LINE):
            rows.append(f"{who}: {name} was skipped: {s.skipped}, expected {', '.join(want)}")
        if s.skipped is None and sorted(want) != sorted(got) and not so_far:
            rows.append(
                f"{who}: {name} breaks {', '.join(got) or 'nothing'}, "
                f"expected {', '.join(want) or 'nothing'}"
            )
    rows += [f"{who}: there is no scenario {n}" for n in breaks
             if n not in verdict.scenarios and n not in verdict.not_run]
    return rows


def unexpected(verdict: Verdict, breaks: dict[str, list[str]]) -> list[str]:
    """How a verdict differs from what is expected of a variant, and where there is none."""
    who = f"{verdict.name} on {verdict.arch}"
    return [*differs(verdict, breaks), *(f"{who}: {text}" for text in (*verdict.ends, *verdict.gaps))]

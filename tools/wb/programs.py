# SPDX-License-Identifier: GPL-2.0
"""Every program that the suite's catalogue makes of so many actors.

A kernel runs a part of them at a time, several parts at once: KUnit gives a
case five minutes, and a machine has more than one CPU.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace

from . import boot, cells, defects, judge, ktap, proc, report, rounds
from .build import Kernel
from .cells import Cell
from .errors import Exit, WbError
from .judge import Breakage, Death, Scenario, Unstable, Verdict, short_rule
from .settings import Settings, make_folder

SUITE = "page_writeback_programs"
CASES = {2: "two", 3: "three", 4: "four"}
PARTS = {2: 1, 3: 16, 4: 8}
TIMEOUT = 400  # seconds for a part
# How a part without any result ended, by exit code.
ENDS = {Exit.BOOT: judge.LATE, Exit.CRASH: judge.DIES, Exit.KILLED: judge.ENDED}


@dataclass
class Program:
    """What came out of one program."""

    name: str
    extent: str  # "complete", "bound N", or "cut short"
    schedules: str  # those that were run, and those that they stand for
    breaks: list[Breakage] = field(default_factory=list)
    unstable: list[Unstable] = field(default_factory=list)
    vacuous: str = ""
    error: str = ""

    @property
    def ok(self) -> bool:
        return not (self.breaks or self.unstable or self.vacuous or self.error)

    @property
    def lost(self) -> bool:
        """Did it leave a world that can't be used again, for what it broke?"""
        return bool(self.breaks and re.match(r"-(35|117)\b", self.error))

    def scenario(self) -> Scenario:
        bound = re.fullmatch(r"bound (\d+)", self.extent)
        extent = "bounded" if bound else self.extent
        return Scenario(self.name, bound=int(bound[1]) if bound else 0, extent=extent,
                        breaks=self.breaks, unstable=self.unstable, vacuous=self.vacuous,
                        error=self.error)


@dataclass
class Size:
    """What came out of the programs of a size, or of a part of them."""

    actors: int
    all: int = 0  # that there are
    idle: int = 0  # in which nobody ran while the end was under way
    run: int = 0  # schedules; some more or less each time
    seconds: float = 0
    wanted: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    programs: dict[str, Program] = field(default_factory=dict)
    deaths: list[Death] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)  # what there is no account of, and why
    failed: list[str] = field(default_factory=list)  # cases beside the programs, "suite.case"

    @property
    def complete(self) -> int:
        return sum(p.extent == "complete" for p in self.programs.values())

    @property
    def violating(self) -> list[Program]:
        return [p for p in self.programs.values() if p.breaks]

    def program(self, name: str) -> Program:
        """A program, which may be cut short by the end of the kernel."""
        return self.programs.setdefault(name, Program(name, "cut short", "0"))

    def see(self, rule: str, schedule: str) -> None:
        """Add what a schedule breaks, unless more is known of that."""
        p = self.program(judge.scenario_of(schedule))
        if rule not in {b.rule for b in p.breaks} | {u.rule for u in p.unstable}:
            p.breaks.append(Breakage(rule, 1, judge.preemptions_of(schedule),
                                     judge.points_of(schedule), schedule))

    def rules(self) -> dict[str, list[Breakage]]:
        """What is broken, and by which programs."""
        found: dict[str, list[Breakage]] = {}
        for p in self.violating:
            for b in p.breaks:
                found.setdefault(short_rule(b.rule), []).append(b)
        return dict(sorted(found.items()))

    def verdict(self, name: str = "", arch: str = "") -> Verdict:
        """Of one size or of several, as of scenarios."""
        programs = self.programs.values()
        return Verdict(
            name, arch, {p.name: p.scenario() for p in programs}, list(dict.fromkeys(self.failed)),
            deaths=self.deaths,
            vacuous={p.name: p.vacuous for p in programs if p.vacuous and not p.breaks},
            unstable=[u for p in programs for u in p.unstable],
            incomplete=[*(f"{p.name} is cut short: {p.error}" for p in programs
                          if p.error and not p.lost), *self.incomplete])


@dataclass
class Outcome:
    """What came out of a variant."""

    variant: str
    arch: str
    expected: bool  # to break a rule
    sizes: list[Size] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        whole = Size(0)
        for s in self.sizes:
            whole.programs |= s.programs
            whole.deaths += s.deaths
            whole.incomplete += s.incomplete
            whole.failed += s.failed
        return whole.verdict(self.variant, self.arch)

    @property
    def holds(self) -> bool:
        verdict = self.verdict
        return verdict.holds and verdict.ran > 0


def names(text: str) -> set[str]:
    return set() if text == "none" else set(text.split(", "))


def read_rows(size: Size, rows: Sequence[str], case: str) -> tuple[int, ...] | None:
    """Add what the suite's lines say of programs; returns the sums that they end with."""
    told = None

    seen: list[tuple[str, str]] = []
    for row in rows:
        if found := re.match(r"program (\w+): (complete|bound \d{1,9}), (\S+) schedules$", row):
            p = size.program(found[1])
            p.extent, p.schedules = found[2], found[3]
        elif found := re.match(r"breaks (\w+): (.+), preemptions (\d{1,18}), points (\d{1,18}), (\S+)$", row):
            size.program(found[1]).breaks.append(
                Breakage(found[2], 0, int(found[3]), int(found[4]), found[5]))
        elif found := re.match(rf"seen {case}: (.+), (v\d+:\w+:\S+)$", row):
            seen.append((found[1], found[2]))
        elif found := re.match(r"unstable (\w+): (.*)", row):
            if rule := judge.unstable_of(found[2]):
                size.program(found[1]).unstable.append(Unstable(found[1], *rule))
            else:
                size.incomplete.append(f"can't tell what is unstable: {row}")
        elif found := re.match(r"(error|vacuous) (\w+): (.*)", row):
            setattr(size.program(found[2]), found[1], found[3])
        elif found := re.match(
            r"programs {}: (N) of (N), (N) complete, (N) idle, (N) violating$"
            .replace("{}", case).replace("N", r"\d{1,18}"),
            row,
        ):
            told = tuple(int(found[i]) for i in (1, 3, 5))
            size.all, size.idle = int(found[2]), int(found[4])
        elif found := re.match(rf"time: {case} (\d{{1,18}}) schedules in ", row):
            size.run = int(found[1])
        elif found := re.match(rf"(wanted|reached) {case}: (.*)", row):
            setattr(size, found[1], names(found[2]))
        elif re.match(r"(program|breaks|seen|unstable|error|vacuous|programs|wanted|reached) \w+: ", row):
            size.incomplete.append(f"unreadable row: {row}")
    for told_at_once in seen:
        size.see(*told_at_once)
    return told


def read_part(case: ktap.Case, actors: int, where: str) -> Size:
    """What the suite's lines say of a part, and what of it does not add up."""
    size = Size(actors)
    told = read_rows(size, case.lines, case.name)
    for p in size.programs.values():
        if p.schedules == "0" and p.extent != "cut short":
            size.incomplete.append(f"{p.name}: it explored no schedule")
        if p.lost:
            size.incomplete.append(f"{where}: the world can't be used any more after {p.name}")
    if told != (len(size.programs), size.complete, len(size.violating)):
        size.incomplete.append(f"{where}: the programs of {case.name} are not all there")
    if case.ok != all(p.ok for p in size.programs.values()):
        size.incomplete.append(f"{where}: {case.name} disagrees with its programs")
    return size


def read_log(log: ktap.Log, actors: int, where: str) -> Size:
    """What a kernel says of a part, up to its end or its death."""
    suite = log.suites.get(SUITE)
    case = suite.cases.get(CASES[actors]) if suite else None
    if case and case.skipped is None:
        size = read_part(case, actors, where)
        if f"{case.name}: try timed out" in case.lines:
            size.deaths.append(Death("took longer than KUnit lets it, 300 s; ask for less", where,
                                     kind=judge.LATE, log=log.path))
    else:
        size = Size(actors)
        if log.suite == SUITE:
            read_rows(size, log.unfinished, CASES[actors])
        if log.ended:
            size.incomplete.append(f"{where}: the programs did not run")
    size.failed += [f"{s.name}.{c.name}" for s in log.suites.values() for c in s.cases.values()
                    if not c.ok and c is not case]
    for rule, schedule in log.broke:
        if of_program(schedule, actors):
            size.see(rule, schedule)
    size.incomplete += [f"{where}: {d}" for d in log.doubts]
    size.deaths += [Death(r.what, where, kind=judge.REPORTS, log=log.path) for r in log.reports]
    if not log.ended:
        death = judge.death_of(log)
        death.where = where
        size.deaths.append(death)
    return size


def of_program(schedule: str, actors: int) -> bool:
    return re.fullmatch(rf"p_E\w{{{actors - 1}}}", judge.scenario_of(schedule)) is not None


def blame(size: Size, replay: Callable[[str], ktap.Log]) -> None:
    """What a replay in a fresh machine dies of as well is a violation of the program."""
    for d in size.deaths:
        if d.kind not in (judge.DIES, judge.HANGS, judge.LATE) or not of_program(d.schedule, size.actors):
            continue
        try:
            d.reproduced = judge.dies_again(replay(d.schedule), d.schedule, d.kind)
        except WbError:  # it did not get so far
            continue
        if d.reproduced:
            size.see(d.rule, d.schedule)


def merge(parts: Sequence[Size], whole: bool, where: str) -> Size:
    """Disjoint parts as one; if they are to be the whole, they must be."""
    size = Size(parts[0].actors, all=max(p.all for p in parts))
    for part in parts:
        again = set(size.programs) & set(part.programs)
        if again or part.all not in (0, size.all):
            size.incomplete.append(f"{where}: parts overlap: {', '.join(sorted(again))}")
        size.programs |= part.programs
        size.idle += part.idle
        size.run += part.run
        size.wanted |= part.wanted
        size.reached |= part.reached
        size.deaths += part.deaths
        size.failed += part.failed
        size.incomplete += part.incomplete
    if whole and len(size.programs) != size.all:
        size.incomplete.append(f"{where}: {len(size.programs)} programs ran, and there are "
                               f"{size.all or 'more'}")
    missing = size.wanted - size.reached
    if whole and missing and not size.violating:
        size.incomplete.append(f"{where}: vacuous: no program reached {', '.join(sorted(missing))}")
    return size


def parts_of(shard: tuple[int, int], parts: int) -> list[tuple[int, int]]:
    """A shard, cut into parts: shards of a finer kind."""
    nr, of = shard
    return [(nr + of * i, of * parts) for i in range(parts)]


def _run_part(settings: Settings, kernel: Kernel, name: str, actors: int,
              part: tuple[int, int], options: Sequence[str]) -> Size | None:
    text = f"{part[0]}/{part[1]}"
    where = f"{name}, {actors} actors, part {text}"
    folder = make_folder(kernel.build_dir / "programs" / f"{actors}-{text.replace('/', '-of-')}")
    try:
        log = boot.attempt(settings, replace(kernel, build_dir=folder), where, [
            "page_writeback.scenario=none", f"page_writeback.actors={actors}",
            f"page_writeback.shard={text}", *options,
        ], TIMEOUT)
    except WbError as error:
        if error.code not in ENDS:  # it is not the kernel's
            raise
        return Size(actors, deaths=[Death(str(error), kind=ENDS[error.code])])
    size = read_log(log, actors, f"{actors} actors, part {text}")
    alone = replace(kernel, build_dir=make_folder(folder / rounds.REPLAY))
    limit = boot.REPLAY_QEMU_TIMEOUT if kernel.arch.qemu else boot.REPLAY_TIMEOUT
    blame(size, lambda schedule: boot.attempt(settings, alone, where,
                                              rounds.replay_parameters(schedule), limit))
    return size


def run_size(settings: Settings, kernel: Kernel, cell: Cell, actors: int,
             shard: tuple[int, int], options: Sequence[str]) -> Size:
    """The programs of a size on one kernel."""
    start = time.monotonic()
    parts = parts_of(shard, PARTS[actors])
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            running = [pool.submit(_run_part, settings, kernel, cell.name, actors, p, options)
                       for p in parts]
            found = [proc.result(r) for r in running]
        except BaseException:
            proc.cancelled.set()
            raise
    size = merge([f for f in found if f], shard == (1, 1), f"{actors} actors")
    size.seconds = round(time.monotonic() - start, 1)
    return size


def run(settings: Settings, wanted: Sequence[Cell], broken: set[str], actors: Sequence[int],
        shard: tuple[int, int], options: Sequence[str], say: Callable[[str], None]) -> list[Outcome]:
    """All sizes on all kernels."""
    outcomes = []
    for cell in wanted:
        outcome = Outcome(cell.variant, cell.arch.label, cell.variant in broken)
        kernel = cells.built(settings, cell)
        known = cells.known_of(cell)
        for n in actors:
            size = run_size(settings, kernel, cell, n, shard, options)
            for p in size.programs.values():
                defects.mark(p.name, p.breaks, known)
            outcome.sizes.append(size)
            say(f"  {cell.name}: {len(size.programs)} programs of {n} actors in {size.seconds} s")
        outcomes.append(outcome)
    return outcomes


HEADER = ("variant", "arch", "actors", "programs", "complete", "idle", "violating", "verdict")


def in_short(size: Size) -> str:
    """How far it holds, or what is broken and what is open."""
    verdict = size.verdict()
    if verdict.holds:
        return f"holds {verdict.explored}{judge.but_for(verdict.known)}" if verdict.ran else "not explored"
    unstable = dict.fromkeys(short_rule(u.rule) for u in verdict.unstable)
    words = [*size.rules(), *(f"{r} unstable" for r in unstable if r not in size.rules())]
    if verdict.open not in (Exit.OK, Exit.UNSTABLE):
        words.append("not all of it" if size.programs else "no result")
    return ", ".join(words)


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    return [
        [o.variant, o.arch, str(s.actors), str(len(s.programs)), str(s.complete), str(s.idle),
         str(len(s.violating)), in_short(s)]
        for o in outcomes for s in o.sizes
    ]


def table(outcomes: Sequence[Outcome]) -> str:
    """How many programs, and the shortest witness of each rule that some break."""
    text = report.table(HEADER, rows(outcomes), (2, 3, 4, 5, 6))
    scenarios = [s for o in outcomes for s in o.verdict.scenarios.values()]
    if bounds := report.bounds_in_words(scenarios):
        text += "\n\n" + "; ".join([*bounds, judge.MEMORY_MODEL, judge.SECTIONS])
    shortest = []
    for o in outcomes:
        for s in o.sizes:
            for rule, found in s.rules().items():
                best = min(found, key=lambda b: b.cost)
                shortest.append([o.variant, o.arch, str(s.actors), rule, str(len(found)),
                                 str(best.preemptions), best.witness])
    if shortest:
        text += "\n\n" + report.table(
            ["variant", "arch", "actors", "rule", "programs", "preemptions", "shortest"],
            shortest, (2, 4, 5))
    return text


def differs(outcomes: Sequence[Outcome], whole: bool) -> list[str]:
    """What is broken that should not be, and the reverse."""
    found = []
    for o in outcomes:
        who = f"{o.variant} on {o.arch}"
        found += [f"{who}: {words}" for words in judge.failures(o.verdict.failed)]
        for p in (p for s in o.sizes for p in s.violating):
            rules = [b for b in p.breaks if not b.deadly and not b.known and not o.expected]
            if rules:
                found.append(f"{who}: {p.name} breaks {', '.join(short_rule(b.rule) for b in rules)}: "
                             f"{rules[0].witness}")
            # The operations that kill a broken kernel are in no program.
            found += [f"{who}: {b.dying}" for b in p.breaks if b.deadly]
        # What the seed fix leaves takes three: who waits, who writes again, and the ender.
        if o.expected and whole and o.holds and any(s.actors > 2 for s in o.sizes):
            found.append(f"{who}: breaks nothing")
    return found


def surprises(outcomes: Sequence[Outcome], whole: bool) -> list[str]:
    """How outcomes differ from what is expected of the variants, and where there is none."""
    return [*differs(outcomes, whole),
            *(f"{o.variant} on {o.arch}: {row}" for o in outcomes
              for row in (*o.verdict.ends, *o.verdict.gaps))]


def concluded(outcomes: Sequence[Outcome], whole: bool) -> tuple[str, Exit]:
    """The verdict, and the exit code."""
    if wrong := surprises(outcomes, whole):
        code = Exit.VIOLATION if differs(outcomes, whole) else \
            report.first_of(o.verdict.open for o in outcomes)
        return f"{len(wrong)} unexpected: {wrong[0]}", code
    if empty := [o for o in outcomes if not o.verdict.ran]:
        return f"none: no program of {empty[0].variant} on {empty[0].arch} in this part", Exit.INCOMPLETE
    words = []
    if broke := dict.fromkeys(o.variant for o in outcomes if not o.holds):
        words.append(f"{', '.join(broke)} broken")
    if held := [o for o in outcomes if o.holds]:
        scenarios = [s for o in held for s in o.verdict.scenarios.values()]
        n = len({s.name for s in scenarios})
        known = dict.fromkeys(name for o in held for name in o.verdict.known)
        words.append(f"{', '.join(dict.fromkeys(o.variant for o in held))} holds {judge.extent(scenarios)}"
                     f"{judge.but_for(known)}, in {n} program{'s' if n != 1 else ''}, {judge.MEMORY_MODEL}, {judge.SECTIONS}")
    return f"as expected: {'; '.join(words)}", Exit.OK


def as_json(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    def plain(size: Size) -> dict[str, object]:
        return {**asdict(size), "wanted": sorted(size.wanted), "reached": sorted(size.reached)}

    return [{**asdict(o), "holds": o.holds, "summary": o.verdict.summary, "exit": int(o.verdict.exit),
             "sizes": [plain(s) for s in o.sizes]} for o in outcomes]


def numbers(text: str) -> list[int]:
    """2,3"""
    found = [int(t) for t in text.split(",") if t in ("2", "3", "4")]
    if not found or len(found) != len(text.split(",")) or len(set(found)) != len(found):
        raise argparse.ArgumentTypeError(f"'{text}' is none of 2, 3, 4, nor several of them like 2,3")
    return found

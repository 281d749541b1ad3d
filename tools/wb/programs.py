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

from . import boot, cells, ktap, proc, report
from .build import Kernel
from .cells import Cell
from .errors import Exit, WbError
from .judge import Breakage, short_rule
from .settings import Settings, make_folder

SUITE = "page_writeback_programs"
CASES = {2: "two", 3: "three", 4: "four"}
PARTS = {2: 1, 3: 16, 4: 8}
TIMEOUT = 400  # seconds for a part


@dataclass
class Program:
    """What came out of one program."""

    name: str
    extent: str  # "complete" or "bound N"
    schedules: str  # those that were run, and those that they stand for
    breaks: list[Breakage] = field(default_factory=list)


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

    @property
    def complete(self) -> int:
        return sum(p.extent == "complete" for p in self.programs.values())

    @property
    def violating(self) -> list[Program]:
        return [p for p in self.programs.values() if p.breaks]

    def rules(self) -> dict[str, list[Breakage]]:
        """What is broken, and by which programs."""
        found: dict[str, list[Breakage]] = {}
        for p in self.violating:
            for b in p.breaks:
                found.setdefault(short_rule(b.rule), []).append(b)
        return dict(sorted(found.items()))


@dataclass
class Outcome:
    """What came out of a variant."""

    variant: str
    arch: str
    expected: bool  # to break a rule
    sizes: list[Size] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not any(s.violating for s in self.sizes)


def names(text: str) -> set[str]:
    return set() if text == "none" else set(text.split(", "))


def read_part(case: ktap.Case, actors: int, where: str) -> Size:
    """What the suite's lines say of a part; raises if they do not add up."""
    size = Size(actors)
    told = None
    for row in case.lines:
        if found := re.match(r"program (\w+): (complete|bound \d+), (\S+) schedules$", row):
            size.programs[found[1]] = Program(found[1], found[2], found[3])
        elif found := re.match(r"breaks (\w+): (.+), preemptions (\d+), points (\d+), (\S+)$", row):
            size.programs[found[1]].breaks.append(
                Breakage(found[2], 0, int(found[3]), int(found[4]), found[5]))
        elif found := re.match(r"(error|vacuous) (\w+): (.*)", row):
            program = size.programs.get(found[2])
            if found[1] == "error" and program and program.breaks and "-35" in found[3]:
                continue  # it was stuck because of what it broke
            raise WbError(Exit.INCOMPLETE, f"{where}: {found[2]} is " + (
                f"vacuous: it never reached {found[3]}" if found[1] == "vacuous" and not (
                    program and program.breaks) else f"cut short: {found[3]}"))
        elif found := re.match(
            rf"programs {case.name}: (\d+) of (\d+), (\d+) complete, (\d+) idle, (\d+) violating$",
            row,
        ):
            told = tuple(int(found[i]) for i in (1, 3, 5))
            size.all, size.idle = int(found[2]), int(found[4])
        elif found := re.match(rf"time: {case.name} (\d+) schedules in ", row):
            size.run = int(found[1])
        elif found := re.match(rf"(wanted|reached) {case.name}: (.*)", row):
            setattr(size, found[1], names(found[2]))
    if told != (len(size.programs), size.complete, len(size.violating)):
        raise WbError(Exit.INCOMPLETE, f"{where}: the programs of {case.name} are not all there")
    if case.ok == bool(size.violating):
        raise WbError(Exit.INCOMPLETE, f"{where}: {case.name} disagrees with its programs")
    return size


def merge(parts: Sequence[Size], whole: bool, where: str) -> Size:
    """Disjoint parts as one; if they are to be the whole, they must be."""
    size = Size(parts[0].actors, all=parts[0].all)
    for part in parts:
        again = set(size.programs) & set(part.programs)
        if again or part.all != size.all:
            raise WbError(Exit.INCOMPLETE, f"{where}: parts overlap: {', '.join(sorted(again))}")
        size.programs |= part.programs
        size.idle += part.idle
        size.run += part.run
        size.wanted |= part.wanted
        size.reached |= part.reached
    if whole and len(size.programs) != size.all:
        raise WbError(Exit.INCOMPLETE,
                      f"{where}: {len(size.programs)} programs ran, and there are {size.all}")
    missing = size.wanted - size.reached
    if whole and missing and not size.violating:
        raise WbError(Exit.INCOMPLETE,
                      f"{where}: vacuous: no program reached {', '.join(sorted(missing))}")
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
    log = boot.boot(settings, replace(kernel, build_dir=folder), where, [
        "page_writeback.scenario=none", f"page_writeback.actors={actors}",
        f"page_writeback.shard={text}", *options,
    ], TIMEOUT)
    suite = log.suites.get(SUITE)
    case = suite.cases.get(CASES[actors]) if suite else None
    if case is None or case.skipped is not None:
        raise WbError(Exit.INCOMPLETE, f"{where}: the programs did not run")
    return read_part(case, actors, where)


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
    size = merge([f for f in found if f], shard == (1, 1), cell.name)
    size.seconds = round(time.monotonic() - start, 1)
    return size


def run(settings: Settings, wanted: Sequence[Cell], broken: set[str], actors: Sequence[int],
        shard: tuple[int, int], options: Sequence[str], say: Callable[[str], None]) -> list[Outcome]:
    """All sizes on all kernels."""
    outcomes = []
    for cell in wanted:
        outcome = Outcome(cell.variant, cell.arch.label, cell.variant in broken)
        kernel = cells.built(settings, cell)
        for n in actors:
            size = run_size(settings, kernel, cell, n, shard, options)
            outcome.sizes.append(size)
            say(f"  {cell.name}: {len(size.programs)} programs of {n} actors in {size.seconds} s")
        outcomes.append(outcome)
    return outcomes


HEADER = ("variant", "arch", "actors", "programs", "complete", "idle", "violating")


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    return [
        [o.variant, o.arch, str(s.actors), str(len(s.programs)), str(s.complete), str(s.idle),
         str(len(s.violating))]
        for o in outcomes for s in o.sizes
    ]


def table(outcomes: Sequence[Outcome]) -> str:
    """How many programs, and the shortest witness of each rule that some break."""
    text = report.table(HEADER, rows(outcomes), (2, 3, 4, 5, 6))
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


def surprises(outcomes: Sequence[Outcome], whole: bool) -> list[str]:
    """How outcomes differ from what is expected of the variants."""
    found = []
    for o in outcomes:
        who = f"{o.variant} on {o.arch}"
        if not o.expected:
            found += [f"{who}: {p.name} breaks {', '.join(short_rule(b.rule) for b in p.breaks)}: "
                      f"{p.breaks[0].witness}" for s in o.sizes for p in s.violating]
        # What the seed fix leaves takes three: who waits, who writes again, and the ender.
        elif whole and o.holds and any(s.actors > 2 for s in o.sizes):
            found.append(f"{who}: breaks nothing")
    return found


def as_json(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    def plain(size: Size) -> dict[str, object]:
        return {**asdict(size), "wanted": sorted(size.wanted), "reached": sorted(size.reached)}

    return [{**asdict(o), "holds": o.holds, "sizes": [plain(s) for s in o.sizes]}
            for o in outcomes]


def numbers(text: str) -> list[int]:
    """2,3"""
    found = [int(t) for t in text.split(",") if t in ("2", "3", "4")]
    if not found or len(found) != len(text.split(",")) or len(set(found)) != len(found):
        raise argparse.ArgumentTypeError(f"'{text}' is none of 2, 3, 4, nor several of them like 2,3")
    return found

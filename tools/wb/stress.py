# SPDX-License-Identifier: GPL-2.0
"""Free-running threads, as the baseline that the explorer is compared with."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from . import boot, cells, ktap, report
from .build import Kernel
from .cells import Cell
from .errors import Exit, WbError
from .lines import Line
from .settings import Settings

SUITE = "page_writeback_stress"
LOST = "lost lock wakeup"  # the rule that "locks" is about
ONE_IN = (0, 200)  # accesses to one that is slow


@dataclass(frozen=True)
class Case:
    """A case of the suite: the parameter that gives it time, and its lines.

    `done` has the operations; and the occasions, without which a case that passes is vacuous.
    `found` has how often the defect showed, and when it first did.
    """

    parameter: str
    done: re.Pattern[str]
    found: re.Pattern[str]


CASES = {
    "pages": Case("stress", re.compile(r"time: pages \d+ writes, (?P<ops>\d{1,18}) ends"),
                  re.compile(r"time: pages (\d{1,18}) early returns, the first after (\d{1,18}) us")),
    "locks": Case("stress_locks",
                  re.compile(r"time: locks (?P<ops>\d{1,18}) locks, \d+ killed waits, "
                             r"(?P<occasions>\d{1,18}) left others behind"),
                  re.compile(r"time: locks (\d{1,18}) lost wakeups, the first after (\d{1,18}) us")),
}


@dataclass
class Row:
    """Some runs of one case on one kernel, all alike.

    `found` are early returns of `pages`, and lost wakeups of `locks`; `ops` are ends of
    writeback and locks; `occasions` are killed waits that left others behind.
    """

    variant: str
    arch: str
    case: str
    one_in: int
    seconds: int
    runs: int = 0
    hits: int = 0
    found: int = 0
    first_ms: list[float] = field(default_factory=list)
    ops: int = 0
    occasions: int = 0

    def columns(self) -> list[str]:
        first = f"{statistics.median(self.first_ms):.0f}" if self.first_ms else ""
        return [self.arch, self.variant, self.case, f"1 in {self.one_in}" if self.one_in else "none",
                str(self.seconds), f"{self.hits} of {self.runs}", str(self.found), first, str(self.ops)]


def add(row: Row, ran: boot.Ran, name: str) -> None:
    """Add a run to a row; raises if it was none."""
    log = ktap.parse(ran.text)
    where = f"see {ran.log}"
    boot.require_in_time(log, name, where)
    suite = log.suites.get(SUITE)
    case = suite.cases.get(row.case) if suite else None
    lines = case.lines if case else ktap.clean(ran.text)
    known = CASES[row.case]
    done = next((m for r in lines if (m := known.done.search(r))), None)
    found = next((m for r in lines if (m := known.found.search(r))), None)
    occasions = int(done.groupdict().get("occasions", 1)) if done else 0
    row.runs += 1
    if done:
        row.ops += int(done["ops"])
        row.occasions += occasions
    if found:
        row.found += int(found[1])
        row.first_ms.append(int(found[2]) / 1000)
    elif done and not occasions:
        raise WbError(Exit.INCOMPLETE, f"{name}: vacuous: no waiter was killed while others waited; {where}")
    if found or log.crash or (case and not case.ok):
        row.hits += 1
    elif case is None or done is None or not log.ended:
        raise WbError(Exit.INCOMPLETE, f"{name}: the stress left no result; {where}")


def may_break(line: Line, variant: str, case: str) -> bool:
    """Is a hit expected? What a variant breaks is about writeback; of page locks, a known defect is."""
    if case == "locks":
        return any(d.rule == LOST for d in line.defects_of(line.variant(variant)))
    return bool(line.variant(variant).breaks)


def in_words(data: dict[str, Any], line: Line) -> str:
    """The verdict on runs that broke nothing unexpected: which variants broke, which ran clean."""
    hits: dict[tuple[str, str], int] = {}
    for row in data["stress"]:
        key = row["case"], row["variant"]
        hits[key] = hits.get(key, 0) + row["hits"]

    def end(case: str, name: str) -> str:
        expected = ", though it is broken" if may_break(line, name, case) else ""
        return f"{name} broke, as expected" if hits[case, name] else f"{name} ran clean{expected}"

    cases = dict.fromkeys(case for case, _ in hits)
    return "; ".join(f"{case}: {', '.join(end(*key) for key in hits if key[0] == case)}" for case in cases)


def run(settings: Settings, wanted: Sequence[Cell], names: Sequence[str], seconds: int, runs: int,
        say: Callable[[str], None]) -> tuple[dict[str, Any], list[str]]:
    """Run all; returns the results, and the variants that broke without being expected to."""
    rows = []
    broke: dict[str, None] = {}
    for cell in wanted:
        kernel: Kernel = cells.built(settings, cell)
        limit = seconds + (boot.QEMU_TIMEOUT if kernel.arch.qemu else boot.TIMEOUT)
        for name in names:
            for one_in in ONE_IN:
                row = Row(cell.variant, cell.arch.label, name, one_in, seconds)
                for _ in range(runs):
                    parameters = (f"page_writeback.{CASES[name].parameter}={1000 * seconds}",
                                  f"page_writeback.delay={one_in}", "page_writeback.scenario=none")
                    add(row, boot.run(settings, kernel, cell.name, parameters, limit), cell.name)
                rows.append(row)
                if row.hits and not may_break(cell.line, cell.variant, name):
                    broke[f"{cell.name} ({name})"] = None
    say(report.table(
        ["arch", "variant", "case", "slow accesses", "seconds", "runs that hit", "found", "first (ms)", "ops"],
        [r.columns() for r in rows], (4, 6, 7, 8),
    ))
    return {"stress": [asdict(r) for r in rows]}, list(broke)

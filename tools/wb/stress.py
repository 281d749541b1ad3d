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

SUITE, CASE = "page_writeback_stress", "pages"
ONE_IN = (0, 200)  # accesses to one that is slow


@dataclass
class Row:
    """Some runs of one kernel, all alike."""

    variant: str
    arch: str
    one_in: int
    seconds: int
    runs: int = 0
    hits: int = 0
    first_ms: list[float] = field(default_factory=list)
    ends: int = 0

    def columns(self) -> list[str]:
        first = f"{statistics.median(self.first_ms):.0f}" if self.first_ms else ""
        return [self.arch, self.variant, f"1 in {self.one_in}" if self.one_in else "none",
                str(self.seconds), f"{self.hits} of {self.runs}", first,
                str(self.ends // max(1, self.runs * self.seconds))]


def add(row: Row, ran: boot.Ran, name: str) -> None:
    """Add a run to a row; raises if it was none."""
    log = ktap.parse(ran.text)
    boot.require_in_time(log, name, f"see {ran.log}")
    suite = log.suites.get(SUITE)
    case = suite.cases.get(CASE) if suite else None
    lines = case.lines if case else ktap.clean(ran.text)
    done = next((m for r in lines if (m := re.search(r"time: pages \d+ writes, (\d{1,18}) ends", r))), None)
    early = next((m for r in lines if (m := re.search(r"the first after (\d{1,18}) us", r))), None)
    row.runs += 1
    if done:
        row.ends += int(done[1])
    if early:
        row.first_ms.append(int(early[1]) / 1000)
    if early or log.crash or (case and not case.ok):
        row.hits += 1
    elif case is None or done is None or not log.ended:
        raise WbError(Exit.INCOMPLETE, f"{name}: the stress left no result; see {ran.log}")


def in_words(data: dict[str, Any], line: Line) -> str:
    """The verdict on runs that broke nothing unexpected: which variants broke, which ran clean."""
    hits: dict[str, int] = {}
    for row in data["stress"]:
        hits[row["variant"]] = hits.get(row["variant"], 0) + row["hits"]

    def end(name: str) -> str:
        expected = ", though it is broken" if line.variant(name).breaks else ""
        return f"{name} broke, as expected" if hits[name] else f"{name} ran clean{expected}"

    return "; ".join(map(end, hits))


def run(settings: Settings, wanted: Sequence[Cell], seconds: int, runs: int,
        say: Callable[[str], None]) -> tuple[dict[str, Any], list[str]]:
    """Run all; returns the results, and the variants that broke without being expected to."""
    rows = []
    broke: dict[str, None] = {}
    for cell in wanted:
        kernel: Kernel = cells.built(settings, cell)
        for one_in in ONE_IN:
            row = Row(cell.variant, cell.arch.label, one_in, seconds)
            for _ in range(runs):
                parameters = (f"page_writeback.stress={1000 * seconds}",
                              f"page_writeback.delay={one_in}", "page_writeback.scenario=none")
                add(row, boot.run(settings, kernel, cell.name, parameters), cell.name)
            rows.append(row)
            if row.hits and not cell.line.variant(cell.variant).breaks:
                broke[cell.name] = None
    say(report.table(
        ["arch", "variant", "slow accesses", "seconds", "runs that hit", "first (ms)", "ends/s"],
        [r.columns() for r in rows], (3, 5, 6),
    ))
    return {"stress": [asdict(r) for r in rows]}, list(broke)

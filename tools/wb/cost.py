# SPDX-License-Identifier: GPL-2.0
"""What ends of writeback and page locks cost, in instructions, as counted by QEMU."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from . import boot, cells, ktap, report
from .cells import Cell
from .errors import Exit, WbError
from .settings import Settings

SUITE = "page_writeback_cost"
# By case, what is measured.
CASES = {
    "nobody_waits": "nobody waits",
    "nobody_waits_untagged": "the same, without tags",
    "somebody_waits": "somebody waits",
    "unlock": "unlock, nobody waits",
    "unlock_wakes": "unlock, somebody waits",
    "lock_killed": "killed lock wait",
}
DEBUG = "plain"  # without the instrumentation
PARAMETERS = ("page_writeback.cost=1", "page_writeback.scenario=none")


@dataclass
class Cost:
    """Instructions for each call, by case; without those of a call of nothing."""

    variant: str
    arch: str
    instructions: dict[str, float] = field(default_factory=dict)


def read(log: ktap.Log, name: str) -> dict[str, float]:
    """What a log says of each case; raises if one is missing or has failed."""
    suite = log.suites.get(SUITE)
    found = {}
    for case_name in CASES:
        case = suite.cases.get(case_name) if suite else None
        if case is None or not case.ok:
            raise WbError(Exit.INCOMPLETE, f"{name}: {SUITE}.{case_name} left no result")
        counts = next((m for r in case.lines if (m := re.match(
            rf"cost {case_name}: (N) calls in (N) ns, as many of nothing in (N) ns".replace(
                "N", r"\d{1,18}"), r))), None)
        if counts is None or int(counts[2]) <= int(counts[3]):
            raise WbError(Exit.INCOMPLETE, f"{name}: {SUITE}.{case_name} measured nothing")
        ends, ns, nothing = map(int, counts.groups())
        found[case_name] = (ns - nothing) / ends
    return found


def table(costs: Sequence[Cost]) -> str:
    """A row for each kernel; and for all but an architecture's first, how it differs from that."""
    return report.table(["arch", "variant", *CASES.values()], rows(costs))


def rows(costs: Sequence[Cost]) -> list[list[str]]:
    """The rows of table()."""
    first: dict[str, Cost] = {}
    found = []
    for c in costs:
        base = first.setdefault(c.arch, c)
        row = [c.arch, c.variant]
        for case in CASES:
            n, was = c.instructions[case], base.instructions[case]
            row.append(f"{n:.0f}" + ("" if base is c else f" ({100 * (n - was) / was:+.1f} %)"))
        found.append(row)
    return found


def run(settings: Settings, wanted: Sequence[Cell], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure each kernel; the first variant of an architecture is what others are compared with."""
    costs = []
    for cell in wanted:
        kernel = cells.built(settings, cell)
        log = boot.boot(settings, kernel, cell.name, PARAMETERS, counted=True)
        costs.append(Cost(cell.variant, cell.arch.name, read(log, cell.name)))
    say(table(costs))
    return {"costs": [asdict(c) for c in costs]}

# SPDX-License-Identifier: GPL-2.0
"""What people and scripts get to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .cells import Cell
from .errors import WbError
from .judge import UNAVAILABLE, Breakage, Scenario, Verdict, short_rule
from .results import Results


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Columns, aligned; those with an index in `right` to the right."""
    data: list[Sequence[str]] = [header, *rows]
    width = [max(len(r[i]) for r in data) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            c.rjust(width[i]) if i in right else c.ljust(width[i]) for i, c in enumerate(r)
        ).rstrip()
        for r in data
    )


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """Variants against scenarios; those that were skipped are left to skipped()."""
    several = len({v.arch for v in verdicts}) > 1
    rows = []
    for v in verdicts:
        for s in v.scenarios.values():
            if s.skipped is None:
                best = s.shortest
                rows.append([
                    *([v.arch] if several else []), v.name, s.name, str(s.schedules),
                    str(s.violating), s.summary, best.witness if best else "",
                ])
    header = ["variant", "scenario", "schedules", "violating", "verdict", "shortest"]
    if not rows:
        return "no scenario was explored"
    if several:
        return table(["arch", *header], rows, (3, 4))
    return table(header, rows, (2, 3))


def skipped(verdicts: Iterable[Verdict]) -> str:
    """How many cases were skipped where, and why."""
    rows: dict[tuple[str, str], dict[str, None]] = {}
    for v in verdicts:
        for row in v.skipped:
            case, _, why = row.partition(": ")
            rows.setdefault((v.arch, why), {})[case.rpartition(".")[2]] = None
    return "\n".join(
        f"skipped on {arch}, {why}: {len(cases)}: {', '.join(cases)}"
        for (arch, why), cases in rows.items()
    )


def relied_on(verdicts: Iterable[Verdict]) -> str:
    """What of code elsewhere these kernels need to be so, as the suite found."""
    rows: dict[str, dict[str, None]] = {}
    for v in verdicts:
        for what in v.relies:
            rows.setdefault(what, {})[v.name] = None
    return "\n".join(f"relied on by {', '.join(names)}: {what}" for what, names in rows.items())


MATRIX = ("variant", "arch", "H1", "H2", "H3", "H4", "H5", "other rules", "scenarios", "schedules")
HAZARDS = ("H1", "H2", "H3", "H4", "H5")


def _hazard_cells(v: Verdict) -> list[str]:
    """For each hazard and for the rest: the scenarios that break of those that ran."""
    if not v.available:
        return [*["none"] * len(HAZARDS), ", ".join([UNAVAILABLE, *v.failed]), "0", "0"]
    ran = [s for s in v.scenarios.values() if s.skipped is None]
    rest = [r for s in ran for r in s.rules if r[:2] not in HAZARDS] + v.failed
    broken = [sum(any(r[:2] == h for r in s.rules) for s in ran) for h in HAZARDS]
    masked = {r[:2] for s in ran for r in s.masked}
    return [*(f"breaks {n}" if n else "masked" if h in masked else "holds"
              for h, n in zip(HAZARDS, broken, strict=True)),
            ", ".join(dict.fromkeys(rest)) or "holds", str(len(ran)),
            str(sum(s.schedules for s in ran))]


def matrix_row(v: Verdict) -> list[str]:
    """A line of the matrix."""
    return [v.name, v.arch, *_hazard_cells(v)]


def matrix(wanted: Sequence[Cell], outcomes: Sequence[Verdict | WbError]) -> str:
    """Variants and architectures against hazards, and the shortest witness of each."""
    rows, shortest = [], []
    for cell, outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, WbError):
            rows.append([cell.variant, cell.arch.label, *["none"] * len(HAZARDS), str(outcome),
                         "0", "0"])
            continue
        rows.append(matrix_row(outcome))
        best: dict[str, Breakage] = {}
        for b in (b for s in outcome.scenarios.values() for b in s.breaks):
            rule = short_rule(b.rule)
            if rule not in best or b.cost < best[rule].cost:
                best[rule] = b
        shortest += [[cell.variant, cell.arch.label, r, str(b.preemptions), b.witness]
                     for r, b in sorted(best.items())]
    text = table(MATRIX, rows, (8, 9))
    if shortest:
        text += "\n\n" + table(["variant", "arch", "rule", "preemptions", "shortest"], shortest, (3,))
    return text


def _cell(s: Scenario) -> str:
    if s.skipped is not None:
        return "skipped"
    count = f"**{', '.join(s.rules)}** {s.violating} of {s.schedules}" if s.breaks \
        else f"holds, {s.schedules}"
    return count + (f"; {', '.join(s.masked)} masked" if s.masked else "")


def hazard_table(verdicts: Sequence[Verdict]) -> str:
    """The scenarios that ran against variants, in Markdown, for the README."""
    rows = ["| scenario | " + " | ".join(v.name for v in verdicts) + " |",
            "|---" * (len(verdicts) + 1) + "|"]
    for name, s in verdicts[0].scenarios.items():
        if s.skipped is None:
            cells = (_cell(v.scenarios[name]) for v in verdicts)
            rows.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(rows)


def witnesses(verdict: Verdict) -> str:
    """The witnesses of a verdict: a diagram each."""
    rows: list[str] = []
    for s in verdict.scenarios.values():
        for b in s.breaks:
            rows.append(
                f"{b.rule} in {s.name}: {b.schedules} of {s.schedules} schedules; "
                f"the shortest, preemptions {b.preemptions}:"
            )
            rows.append(f"  {b.witness}")
            rows += ["", *b.diagram, ""]
    return "\n".join(rows)


def write_json(path: Results, data: dict[str, Any]) -> None:
    """Write results whole or not at all, with what they are of."""
    path.write(data)

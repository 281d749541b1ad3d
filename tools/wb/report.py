# SPDX-License-Identifier: GPL-2.0
"""What people and scripts get to read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .errors import Exit, WbError
from .judge import Scenario, Verdict


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


def verdict_table(verdicts: Iterable[Verdict]) -> str:
    """Variants against scenarios."""
    rows = []
    for v in verdicts:
        for s in v.scenarios.values():
            if s.skipped is not None:
                rows.append([v.name, s.name, "-", "-", "skipped", s.skipped])
                continue
            best = s.shortest
            rows.append([
                v.name, s.name, str(s.schedules), str(s.violating),
                s.summary, best.witness if best else "",
            ])
    return table(
        ["variant", "scenario", "schedules", "violating", "verdict", "shortest"], rows, (2, 3)
    )


def _cell(s: Scenario) -> str:
    count = f"**{', '.join(s.rules)}** {s.violating} of {s.schedules}" if s.breaks \
        else f"holds, {s.schedules}"
    return count + (f"; {', '.join(s.masked)} masked" if s.masked else "")


def hazard_table(verdicts: Sequence[Verdict]) -> str:
    """Variants against scenarios in Markdown, for the README."""
    names = list(verdicts[0].scenarios)
    rows = ["| variant | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for v in verdicts:
        cells = [
            _cell(s)
            for s in v.scenarios.values()
        ]
        rows.append("| " + " | ".join([v.name, *cells]) + " |")
    return "\n".join(rows)


def witnesses(verdict: Verdict) -> str:
    """The traces of a verdict, each once."""
    rows: list[str] = []
    shown: set[str] = set()
    for s in verdict.scenarios.values():
        for b in s.breaks:
            rows.append(
                f"{b.rule} in {s.name}: {b.schedules} of {s.schedules} schedules; "
                f"the shortest, preemptions {b.preemptions}:"
            )
            rows.append(f"  {b.witness}")
            if b.witness not in shown:
                rows += ["    " + line for line in b.trace]
            shown.add(b.witness)
            rows.append("")
    return "\n".join(rows)


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write results whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tmp = path.with_name(path.name + ".new")
        tmp.write_text(json.dumps(data, indent=2) + "\n")
        os.replace(tmp, path)
    except OSError as error:
        raise WbError(Exit.HOST, f"can't write {path}: {error.strerror}") from error

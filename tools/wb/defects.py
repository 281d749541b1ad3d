# SPDX-License-Identifier: GPL-2.0
"""Known defects: violations that a line's own kernels are known to have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from . import fixes
from .judge import Breakage, Verdict, short_rule
from .lines import Defect, Form, Line


def left_in(tree: Path, line: Line) -> tuple[Defect, ...]:
    """Those that a tree of the user's may have: all whose cure is not in it as it stands.

    What its cure does not help against is no defect that is known.
    """
    return tuple(d for d in line.defects if not fixes.applies(tree, [Form(d.patch, reverse=True)]))


def is_in(name: str, breakage: Breakage, defect: Defect) -> bool:
    """Is it what the defect does? It shows in its scenarios, and in programs with its operation."""
    program = name.startswith("p_") and defect.operation in name[2:].upper()
    return short_rule(breakage.rule) == defect.rule and (program or name in defect.scenarios)


def mark(name: str, breaks: Iterable[Breakage], known: Sequence[Defect]) -> None:
    """Set apart what is known of what a scenario or program breaks."""
    for b in breaks:
        b.known = next((d.name for d in known if is_in(name, b, d)), "")


def cures(tree: Path, line: Line, names: Sequence[str]) -> dict[str, Form]:
    """The cures of defects that apply to a tree, one on top of the other."""
    found: dict[str, Form] = {}
    for d in line.defects:
        if d.name in names and fixes.applies(tree, [*found.values(), Form(d.patch)]):
            found[d.name] = Form(d.patch)
    return found


def compare(verdict: Verdict, cured: Verdict, names: Collection[str]) -> list[str]:
    """What a kernel breaks with the cures in it as well is not known: it has another cause.

    Returns these rules, in words.
    """
    def helps(name: str, rule: str) -> bool:
        after = cured.scenarios.get(name)
        return after is not None and after.skipped is None and not (after.died or after.error) and \
            rule not in (short_rule(b.rule) for b in after.breaks)

    rows = []
    for s in verdict.scenarios.values():
        for b in s.breaks:
            if b.known in names and not helps(s.name, short_rule(b.rule)):
                rows.append(f"{short_rule(b.rule)} in {s.name} is not (only) that of {b.known}, whose cure "
                            "does not help")
                b.known = ""
    return rows


def missed(verdict: Verdict, known: Sequence[Defect]) -> list[Defect]:
    """The defects that ought to be there, and are not: their scenarios ran to the end and hold."""
    scenarios = verdict.scenarios
    return [d for d in known if d.name not in verdict.known
            and any(n in scenarios and scenarios[n].holds for n in d.scenarios)]


def in_words(names: Sequence[str], line: Line) -> str:
    """1 known defect of v6.12: lost-lock-wakeup (patch: ...)"""
    found = [d for d in line.defects if d.name in names]
    if not found:
        return ""
    each = (f"{d.name} (patch: patches/{line.name}/{d.patch.parent.name}/{d.patch.name})" for d in found)
    return f"{len(found)} known defect{'s' if len(found) != 1 else ''} of {line.name}: {', '.join(each)}"


def as_json(names: Sequence[str], line: Line) -> list[dict[str, Any]]:
    return [{"name": d.name, "about": d.about, "rule": d.rule, "scenarios": d.scenarios,
             "patch": str(d.patch)} for d in line.defects if d.name in names]

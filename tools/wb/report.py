# SPDX-License-Identifier: GPL-2.0
"""What people and scripts get to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .arches import Arch
from .cells import Cell
from .errors import Exit, WbError
from .judge import (
    KINDS, MEMORY_MODEL, NOT_ASKED_FOR, NOT_ON_THIS_LINE, RACES, SECTIONS, UNAVAILABLE, Breakage,
    Scenario, Verdict, extent, short_rule,
)
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


def _scenario_rows(s: Scenario) -> list[list[str]]:
    """A scenario's row of the table; with several rules, one for each of them, too."""
    schedules = str(s.schedules) if s.schedules else "-"
    violating = str(s.violating) if s.schedules else "-"
    found = s.witnesses
    if len(found) < 2:
        return [[s.name, schedules, violating, s.summary, found[0].witness if found else ""]]
    return [[s.name, schedules, violating, s.summary, ""],
            *(["", "", str(b.schedules), f"  {short_rule(b.rule)}", b.witness] for b in found)]


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """Variants against scenarios, each rule with its own witness; those that were skipped
    are left to not_looked_at().
    """
    several = len({v.arch for v in verdicts}) > 1
    rows = [[*([v.arch] if several else []), v.name, *row]
            for v in verdicts for s in v.scenarios.values() if s.skipped is None
            for row in _scenario_rows(s)]
    header = ["variant", "scenario", "schedules", "violating", "verdict", "shortest"]
    if not rows:
        return "no scenario was explored"
    if several:
        return table(["arch", *header], rows, (3, 4))
    return table(header, rows, (2, 3))


def _cases(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(n.rpartition(".")[2] for n in names))


def _reasons(verdicts: Iterable[Verdict]) -> dict[str, dict[str, list[str]]]:
    """By architecture and reason, the cases that were skipped."""
    found: dict[str, dict[str, list[str]]] = {}
    for v in verdicts:
        for row in v.skipped:
            case, _, why = row.partition(": ")
            found.setdefault(v.arch, {}).setdefault(why, []).append(case)
    return found


def elsewhere(reasons: Sequence[str], archs: Mapping[str, Arch], line: str) -> dict[str, list[str]]:
    """The architectures where cases are not skipped for these reasons: as few as can be."""
    left = [r for r in reasons if r in KINDS]
    found: dict[str, list[str]] = {}
    there = [a for a in archs.values() if a.is_on(line)]
    while left:
        best = max(there, key=lambda a: sum(r not in a.skips for r in left), default=None)
        here = [r for r in left if best and r not in best.skips]
        if best is None or not here:
            break
        found[best.name] = here
        left = [r for r in left if r not in here]
    return found


def not_looked_at(verdicts: Sequence[Verdict], archs: Mapping[str, Arch], line: str,
                  command: str) -> str:
    """By kind, what these configurations left out, and the command that looks at it."""
    rows = []
    for arch, reasons in _reasons(verdicts).items():
        if cases := reasons.pop(NOT_ASKED_FOR, None):
            asked = [c for c in cases if c.startswith(f"{RACES}.")]
            if asked:
                rows.append(f"not asked for on {arch}: {_cases(asked)}")
        on_line = reasons.pop(NOT_ON_THIS_LINE, None)
        where = {r: a for a, rs in elsewhere(list(reasons), archs, line).items() for r in rs}
        for place in dict.fromkeys([*where.values(), ""]):
            here = [r for r in reasons if where.get(r, "") == place]
            if here:
                what = ", ".join(dict.fromkeys(KINDS.get(r, r) for r in here))
                left = _cases(c for r in here for c in reasons[r])
                rows.append(f"not looked at on {arch}: {what} ({left})" +
                            (f"; to do so: {command} --arch {place}" if place else ""))
        if on_line:
            rows.append(f"not on {line}: {_cases(on_line)}")
    return "\n".join(rows)


def claimed(verdicts: Sequence[Verdict]) -> str:
    """What "holds" means in a table."""
    ran = [s for v in verdicts for s in v.scenarios.values() if s.skipped is None]
    if not any(s.holds for s in ran):
        return ""
    operations = dict.fromkeys(o for s in ran for o in s.operations.values())
    rows = ["; ".join([*bounds_in_words(ran), MEMORY_MODEL, SECTIONS])]
    if operations:
        rows.append(f"operations: {', '.join(operations)}")
    return "\n".join(rows)


def bounds_in_words(scenarios: Iterable[Scenario]) -> list[str]:
    """What the marks in a table stand for."""
    held = [s for s in scenarios if s.holds]
    bounds = sorted({s.bound for s in held if not s.complete}, reverse=True)
    return [*(["holds (all): in every schedule"] if any(s.complete for s in held) else []),
            *(f"holds ≤{n}: in all schedules with up to {n} preemption{'s' if n != 1 else ''}"
              for n in bounds)]


def in_short(verdicts: Sequence[Verdict]) -> str:
    """The claim of a verdict line."""
    kinds = dict.fromkeys(KINDS.get(why, why) for reasons in _reasons(verdicts).values()
                          for why in reasons if why not in (NOT_ASKED_FOR, NOT_ON_THIS_LINE))
    left = f"; not looked at: {', '.join(kinds)}" if kinds else ""
    ran = {s.name for v in verdicts for s in v.scenarios.values() if s.schedules}
    what = next(iter(ran)) if len(ran) == 1 else f"{len(ran)} scenarios"
    return f"{what}, {MEMORY_MODEL}, {SECTIONS}{left}"


def not_run(verdicts: Iterable[Verdict]) -> str:
    """All that was never explored or run, by name."""
    rows = []
    for v in verdicts:
        suites: dict[str, list[str]] = {}
        for name in v.not_run:
            suite, _, case = name.rpartition(".")
            suites.setdefault(suite or RACES, []).append(case)
        rows += [f"not run on {v.arch}, {v.name}: {suite}: {', '.join(cases)}"
                 for suite, cases in suites.items()]
    return "\n".join(rows)


def retries(verdicts: Iterable[Verdict]) -> str:
    """Where runs were disturbed, and where a scenario had to end early."""
    rows = []
    for v in verdicts:
        again = [f"{s.name} {s.retried}" for s in v.scenarios.values() if s.retried]
        if again:
            rows.append(f"runs that were disturbed and repeated on {v.arch}, {v.name}: {', '.join(again)}")
        rows += [f"{v.name} on {v.arch}: {s.name} ended early: {s.quarantined}"
                 for s in v.scenarios.values() if s.quarantined]
    return "\n".join(rows)


def in_words(verdicts: Sequence[Verdict]) -> str:
    """What came out of a tree's kernels: what is broken, how they ended, what is open."""
    several = len(verdicts) > 1

    def merged(rows: Iterable[tuple[str, str]], mark: bool = True) -> list[str]:
        by: dict[str, list[str]] = {}
        for text, arch in rows:
            by.setdefault(text, []).append(arch)
        return [text + (f" (on {', '.join(archs)})" if several and mark and len(archs) < len(verdicts)
                        else "") for text, archs in by.items()]

    broken = merged(((f, v.arch) for v in verdicts for f in v.findings), mark=False)
    rows = [f"broken: {', '.join(broken)}"] if broken else []
    rows += merged((r, v.arch) for v in verdicts for r in (*v.ends, *v.gaps))
    rows += [UNAVAILABLE] if any(not v.available for v in verdicts) else []
    if rows:
        return "; ".join(rows)
    if not all(v.ran for v in verdicts):
        return "passed, but not explored everywhere"
    return f"holds {extent(s for v in verdicts for s in v.scenarios.values() if s.skipped is None)}"


def first_of(codes: Iterable[Exit]) -> Exit:
    """The one exit code of several that says most."""
    found = set(codes)
    order = (Exit.VIOLATION, Exit.UNSTABLE, Exit.CRASH, Exit.BOOT, Exit.KILLED, Exit.INCOMPLETE)
    return next((c for c in order if c in found), max(found, default=Exit.OK))


def summed_up(verdicts: Sequence[Verdict], words: str, code: Exit, whole: bool) -> dict[str, Any]:
    """The top of a file of results; `whole` if there is a verdict on each kernel."""
    explored = bool(verdicts) and all(v.ran for v in verdicts)
    return {"verdict": words, "exit": int(code),
            "holds": whole and explored and all(v.holds for v in verdicts) and code == Exit.OK}


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
    rest += [*v.ends, *v.gaps]
    # What is not explored, or not to the end, can't hold.
    whole = bool(ran) and all(s.holds or s.breaks for s in ran)
    holds = f"holds {v.explored}" if whole and not v.not_run else "open" if ran else "none"
    return [*(f"breaks {n}" if n else "masked" if h in masked else holds
              for h, n in zip(HAZARDS, broken, strict=True)),
            ", ".join(dict.fromkeys(rest)) or holds + _but_for(v), str(len(ran)),
            str(sum(s.schedules for s in ran))]


def _but_for(v: Verdict) -> str:
    return f" but for {len(v.known)} known" if v.known else ""


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
    count = f"**{', '.join(s.rules)}** {s.violating} of {s.schedules}" if s.new \
        else f"{s.summary.partition(' (H')[0]}, {s.schedules}"
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
                f"{b.rule} in {s.name}" + (f" ({b.known}, known)" if b.known else "") + ": " + (
                    f"{b.schedules} of {s.schedules} schedules; the shortest, "
                    if s.schedules and not b.deadly else "") + f"preemptions {b.preemptions}:"
            )
            rows.append(f"  {b.witness}")
            rows += ["", *b.diagram, ""]
    for u in verdict.unstable:
        rows += [f"{u.rule} in {u.where}: seen, not reproduced:", f"  {u.schedule}", ""]
    return "\n".join(rows)


def write_json(path: Results, data: dict[str, Any]) -> None:
    """Write results whole or not at all, with what they are of."""
    path.write(data)

# SPDX-License-Identifier: GPL-2.0
"""A trace as the race diagram of a commit message, in plain text.

A column is an actor, a row a step, on the right the state after it. Of the
steps only those that matter are shown: what changes the state, what is next
to a preemption, who sleeps and who wakes him, and what breaks a rule, which
is the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from . import trace as t
from .places import Place
from .trace import Call, Step, Trace

WIDTH = 75
TITLE = "refs, flags"
INDENT = 2  # a call
COLUMNS = range(26, 7, -1)  # from one actor's to the next


@dataclass(frozen=True)
class Row:
    """A step that matters: what is new of its calls, and its own words if any."""

    step: Step
    calls: tuple[Call, ...]  # those that were not shown yet
    level: int  # of the first of these, or of the words
    words: str = ""


def _broken_by(steps: list[Step], rule: int) -> int:
    """The number of the step that breaks a rule: its own, or the next access."""
    if steps[rule].event.by_access:
        for i, s in enumerate(steps[rule + 1:], rule + 1):
            if s.event.kind == t.ACCESS and s.event.actor == steps[rule].event.actor:
                return i
    return rule


def _end(steps: list[Step], rule: str | None) -> int:
    """Where the story ends: where `rule` is broken, or the last of them."""
    found = [i for i, s in enumerate(steps)
             if s.event.kind == t.RULE and rule in (None, s.event.text)]
    return _broken_by(steps, found[-1]) if found else len(steps)


def _turns(steps: list[Step]) -> list[tuple[int, int]]:
    """From and to where one actor runs."""
    starts = [i for i, s in enumerate(steps) if s.event.kind == t.RUNS]
    return list(pairwise([*starts, len(steps)]))


def _matters(steps: list[Step], end: int) -> set[int]:
    """The numbers of the steps to show."""
    keep = set()
    before = steps[0].event.state if steps else ""
    access: dict[str, int] = {}  # the last of each actor
    for i, s in enumerate(steps):
        kind, actor = s.event.kind, s.event.actor
        if kind in (t.SLEEPS, t.WAKES, t.NOTE, t.RULE) or (s.event.coded and s.event.state != before):
            keep.add(i)
        if kind == t.RULE:
            keep.add(_broken_by(steps, i))
        if kind == t.WAKES and actor in access:
            keep.add(access[actor])
        if kind == t.ACCESS:
            access[actor] = i
        before = s.event.state
    preempted: set[str] = set()
    seen: set[str] = set()
    for start, stop in _turns(steps):
        actor = steps[start].event.actor
        turn = [i for i in range(start, stop) if steps[i].event.actor == actor]
        accesses = [i for i in turn if steps[i].event.kind == t.ACCESS]
        ended = any(steps[i].event.kind in (t.SLEEPS, t.DONE) for i in turn)
        if accesses and (actor in preempted or actor not in seen):
            keep.add(accesses[0])
        if accesses and not ended and stop < len(steps):
            keep.add(accesses[-1])
        (preempted.discard if ended else preempted.add)(actor)
        seen.add(actor)
    return {i for i in keep if i <= end}


def _words(step: Step) -> str:
    event = step.event
    if event.kind == t.SLEEPS:
        return "(sleeps)"
    if event.kind == t.WAKES:
        return f"(wakes {event.text})"
    if event.kind == t.RULE:
        return f"** {event.text}"
    return event.text if event.kind == t.NOTE else ""


def _drop_entered(rows: list[Row]) -> list[Row]:
    """Leave a note out that only names the function that is called next."""
    def entered(i: int) -> bool:
        later = [r for r in rows[i + 1:] if r.step.event.actor == rows[i].step.event.actor]
        return bool(later and later[0].calls
                    and rows[i].words == f"{later[0].calls[0].name}()")
    return [r for i, r in enumerate(rows) if not (r.step.event.kind == t.NOTE and entered(i))]


def _merged(rows: list[Row]) -> list[Row]:
    """Leave out an access that is followed by one in the same call, unless it did something."""
    merged: list[Row] = []
    state = ""  # before the last row
    for row in rows:
        last = merged[-1] if merged else None
        if (last and last.step.event.coded and row.step.event.coded and not row.words
                and last.step.event.actor == row.step.event.actor
                and last.step.calls == row.step.calls and last.step.event.state == state):
            merged[-1] = replace(last, step=row.step)
            continue
        state = last.step.event.state if last else ""
        merged.append(row)
    return merged


def rows_of(steps: list[Step], rule: str | None = None) -> list[Row]:
    """What to show of a trace: up to where it breaks `rule`, or the last one."""
    rows = []
    shown: dict[str, tuple[Call, ...]] = {}
    keep = _matters(steps, _end(steps, rule))
    order = sorted(keep, key=lambda i: (_broken_by(steps, i), -i))
    for i in order:
        step = steps[i]
        actor, words = step.event.actor, _words(step)
        if step.event.kind == t.NOTE:
            shown[actor] = ()
        before = shown.get(actor, ())
        if step.event.kind == t.RULE:
            # By then the access that broke it has been made.
            event = replace(step.event, state=steps[_broken_by(steps, i)].event.state)
            level = len(before) if step.event.by_access else 0
            rows.append(Row(replace(step, event=event), (), level, words))
            continue
        same = 0
        while same < min(len(before), len(step.calls)) and before[same] == step.calls[same]:
            same += 1
        if step.event.coded:
            same = min(same, len(step.calls) - 1)  # each access has a row of its own
        rows.append(Row(step, step.calls[same:], same, words))
        shown[actor] = step.calls
    return _merged(_drop_entered(rows))


def _put(left: str, state: str, width: int) -> list[str]:
    """A line with the state at its end; two where they do not fit."""
    if len(left) > WIDTH:
        left = left[:WIDTH - 3] + "..."
    if not state:
        return [left.rstrip()]
    at = WIDTH - width
    if len(left) + 1 > at:
        return [left.rstrip(), " " * at + state]
    return [left.ljust(at) + state]


def texts_of(row: Row) -> list[str]:
    """The lines of a row, indented as calls are."""
    texts = [f"{c.name}()" for c in row.calls] + ([row.words] if row.words else [])
    return [" " * (INDENT * (row.level + n)) + text for n, text in enumerate(texts)]


def draw(trace: Trace, places: Mapping[int, Place], rule: str | None = None) -> list[str]:
    """The lines of the diagram; of the events up to where it breaks `rule`."""
    if not trace.events:
        return []
    rows = rows_of(t.steps(trace, places), rule)
    actors = [a for a in trace.actors if any(r.step.event.actor == a for r in rows)]
    number = {a: i for i, a in enumerate(actors)}
    # Who, what he does, the state after it.
    cells = [(i, [f"CPU {i}, {a}: {trace.actors[a]}"], "" if i else TITLE)
             for i, a in enumerate(actors)]
    cells.append((0, [""], ""))
    cells += [(number.get(r.step.event.actor, 0), texts_of(r), r.step.event.state) for r in rows]
    width = max(len(state) for _, _, state in cells)

    def fits(column: int) -> bool:
        return all(i * column + len(texts[-1]) < WIDTH - width for i, texts, _ in cells)

    column = next(filter(fits, COLUMNS), COLUMNS[-1])
    lines = []
    for i, texts, state in cells:
        lines += [row for text in texts[:-1] for row in _put(" " * (i * column) + text, "", width)]
        lines += _put(" " * (i * column) + texts[-1], state, width)
    if trace.full:
        lines.append("(and more: the trace is full)")
    return lines

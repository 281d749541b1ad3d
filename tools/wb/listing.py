# SPDX-License-Identifier: GPL-2.0
"""Every step of a trace, with the line of the source that each point is at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from . import trace as t
from .places import Frame, Place, source_line
from .trace import Event, Trace

KINDS = {"r": "read", "w": "write", "a": "atomic"}
WORDS = {
    t.LOCK: "lock", t.AFTER: "unlocked", t.GOES_TO_SLEEP: "about to sleep",
    t.RUNS: "runs", t.SLEEPS: "sleeps", t.DONE: "is done",
}


def what(event: Event) -> str:
    """An event in words."""
    if event.kind == t.ACCESS:
        size, _, offset = event.text[1:].partition("+")
        return f"{KINDS[event.text[0]]} {size} bytes at {offset}"
    if event.kind == t.WAKES:
        return f"wakes {event.text}"
    if event.kind == t.RULE:
        return f"** {event.text}"
    return WORDS.get(event.kind, event.text)


def _code(frames: tuple[Frame, ...]) -> Frame | None:
    """The line that says most: the innermost that is not a header's."""
    return next((f for f in frames if f.file.endswith(".c")), frames[0] if frames else None)


def steps(trace: Trace, places: Mapping[int, Place], tree: Path) -> list[str]:
    """A line an event, and one of source wherever that is another."""
    rows = []
    last = None
    for event in trace.events:
        frames = places[event.at].frames if event.at in places and event.coded else ()
        code = _code(frames)
        here = (event.actor, code.where) if code else None
        if code and here != last and (text := source_line(tree, code)):
            rows.append(f"{'':7}{text}")
        last = here
        point = str(event.point or "-") if event.coded else ""
        where = code.where if code else ""
        calls = " > ".join(f.function for f in reversed(frames)) or event.function
        rows.append(f"{event.actor} {point:>3}  {where:<27} {what(event):<24} "
                    f"{event.state:<21} {calls}".rstrip())
    return rows

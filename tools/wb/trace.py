# SPDX-License-Identifier: GPL-2.0
"""The trace of a schedule, as kunit/interleave/trace.c prints it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .errors import Exit, WbError
from .places import Frame, Place

NOBODY = "-"  # the explorer, in place of an actor

# Kinds of events beside those that trace.c names by a word.
ACCESS, LOCK, AFTER, GOES_TO_SLEEP = "access", "lock", "after", "sleep"
RUNS, SLEEPS, WAKES, DONE, NOTE, RULE = "runs", "sleeps", "wakes", "done", "note", "rule"


@dataclass(frozen=True)
class Event:
    """A step of an actor."""

    actor: str
    kind: str
    text: str  # of a note, rule or access; or who is woken
    state: str  # after it
    point: int = 0  # its number in the actor's turn; 0 if there can be no switch
    depth: int = 0  # of the stack
    at: int = 0  # where the code is, from _stext on
    function: str = ""
    by_access: bool = False  # of a rule: the access that follows breaks it

    @property
    def coded(self) -> bool:
        """Is it one of the code under test, and not of an actor's own?"""
        return bool(self.function)


@dataclass
class Trace:
    """Who took part, and what happened."""

    actors: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    full: bool = False  # and more, for which the kernel had no room


_STATE = r"\s+= ?(?P<state>.*)"
_ACTOR = re.compile(r"actor (\w): (.*)")
_CODE = re.compile(r"(?P<actor>\w) (?P<point>\d{1,18}|-) (?P<what>[rwa]\d+\+\d+|lock|after|sleep) "
                   r"(?P<depth>\d{1,18}) (?P<at>[0-9a-f]+) (?P<function>\S+)" + _STATE)
_OTHER = re.compile(r"(?P<actor>\w|-) - (?P<kind>runs|sleeps|wakes|done|note|\*\*|>>)"
                    r"(?: (?P<text>.*?))?" + _STATE)


def _event(row: str) -> Event:
    if found := _CODE.fullmatch(row):
        what, point = found["what"], found["point"]
        kind = what if what in (LOCK, AFTER, GOES_TO_SLEEP) else ACCESS
        return Event(found["actor"], kind, what, found["state"], int(point) if point != "-" else 0,
                     int(found["depth"]), int(found["at"], 16), found["function"])
    if found := _OTHER.fullmatch(row):
        kind = RULE if found["kind"] in ("**", ">>") else found["kind"]
        return Event(found["actor"], kind, found["text"] or "", found["state"],
                     by_access=found["kind"] == ">>")
    raise WbError(Exit.INCOMPLETE, f"no line of a trace: '{row}'")


def parse(rows: Iterable[str]) -> Trace:
    """Read the lines of one trace; raises if one of them is none."""
    trace = Trace()
    for row in rows:
        if found := _ACTOR.fullmatch(row):
            trace.actors[found[1]] = found[2]
        elif row == "full":
            trace.full = True
        else:
            trace.events.append(_event(row))
    return trace


@dataclass(frozen=True)
class Call:
    """A function in the middle of a call; `depth` tells it from other calls."""

    name: str
    depth: int


@dataclass(frozen=True)
class Step:
    """An event, and the calls that led to it, outermost first."""

    event: Event
    calls: tuple[Call, ...] = ()
    frames: tuple[Frame, ...] = ()


# What functions of these do is told by the name of whoever calls them.
_PLUMBING = re.compile(r"(\./)?(arch/|include/asm-generic/|include/linux/(atomic|bitops))")


def _inlined(event: Event, place: Place | None) -> list[str]:
    """The functions that are one in the machine code, outermost first.

    What the headers' functions do is told by the name of the first of them.
    """
    if place is None or not place.frames:
        return [event.function]
    names = [place.frames[-1].function.partition(".")[0]]
    for frame in reversed(place.frames[:-1]):
        if _PLUMBING.match(frame.file):
            break
        names.append(frame.function)
        if frame.file.endswith(".h"):
            break
    return names


def steps(trace: Trace, places: Mapping[int, Place]) -> list[Step]:
    """The events with the calls that led to them.

    Who called whom is seen from the stack alone: a function whose part of the
    stack would overlap with the next one's has returned. Where the caller has
    made no access itself, the outermost function stands for him.
    """
    found = []
    stacks: dict[str, list[tuple[int, list[str]]]] = {}
    for event in trace.events:
        stack = stacks.setdefault(event.actor, [])
        if event.kind in (NOTE, DONE):
            stack.clear()
        place = places.get(event.at) if event.coded else None
        if event.coded:
            while stack and stack[-1][0] > event.depth:
                stack.pop()
            names = _inlined(event, place)
            if stack and stack[-1][0] == event.depth and stack[-1][1][0] == names[0]:
                stack.pop()
            else:
                caller = event.depth - place.frame_size if place else event.depth
                while stack and stack[-1][0] > caller:
                    stack.pop()
                if stack and stack[-1][0] != caller:
                    del stack[1:]
            stack.append((event.depth, names))
        calls = [Call(names[0], depth) for depth, names in stack]
        if event.coded:
            calls += [Call(n, stack[-1][0]) for n in stack[-1][1][1:]]
        found.append(Step(event, tuple(calls), place.frames if place else ()))
    return found

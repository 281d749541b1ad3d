# SPDX-License-Identifier: GPL-2.0
"""A trace as a timeline: the diagram's steps in lanes, from top to bottom.

One file that needs no other, with text that can be selected.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from . import diagram
from . import trace as t
from .diagram import Row
from .places import Place
from .trace import Trace

CHAR, LINE = 7.3, 19  # of the text, in pixels
TOP, MARGIN, GAP = 84, 16, 30
RED = "#c0182b"
COLOURS = ("#1f6fb2", "#2e7d4f", "#8a5a00", "#7b3fa0", "#00757a", "#5a5a5a")
STYLE = f"""
text {{ font: 12px monospace; fill: #222; }}
.head {{ font-weight: bold; }}
.note {{ fill: #666; }}
.bad {{ fill: {RED}; font-weight: bold; }}
.call {{ fill: #777; }}
"""


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    kind = f' class="{kind}"' if kind else ""
    return (f'<text x="{x:.0f}" y="{y:.0f}"{kind} text-anchor="{anchor}" xml:space="preserve">'
            f"{escape(text)}</text>")


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    return (f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" '
            f'stroke="{colour}" {more}/>')


def _rect(x: float, y: float, width: float, height: float, colour: str, more: str = "") -> str:
    return (f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" '
            f'fill="{colour}" {more}/>')


class _Timeline:
    """Where everything is, and what has been drawn."""

    def __init__(self, trace: Trace, rows: list[Row]) -> None:
        self.trace = trace
        # Each function entered has a line of its own, as in the diagram.
        self.lines = [(row, text, n == len(texts) - 1)
                      for row in rows for texts in [diagram.texts_of(row)]
                      for n, text in enumerate(texts)]
        self.actors = [a for a in trace.actors if any(r.step.event.actor == a for r in rows)]
        self.colour = {a: COLOURS[i % len(COLOURS)] for i, a in enumerate(self.actors)}
        self.lane: dict[str, float] = {}
        x: float = MARGIN
        for a in self.actors:
            self.lane[a] = x
            longest = max(len(text) for row, text, _ in self.lines if row.step.event.actor == a)
            x += max(longest, len(trace.actors[a]), 8) * CHAR + GAP
        self.refs = x + 3 * CHAR
        self.flags = list(dict.fromkeys(
            flag for r in rows for flag in r.step.event.state.split()[1:]))
        self.flag_at = {}
        x = self.refs + GAP
        for flag in self.flags:
            self.flag_at[flag] = x
            x += len(flag) * CHAR + 18
        self.width = x + MARGIN
        self.height = TOP + LINE * len(self.lines) + MARGIN
        self.out: list[str] = []

    def y(self, line: int) -> float:
        """The top of a line."""
        return TOP + LINE * line

    def head(self, title: str) -> None:
        self.out += [_text(MARGIN, 22, title, "head"), _text(self.refs, 62, "refs", "note", "end")]
        for i, a in enumerate(self.actors):
            self.out += [_text(self.lane[a] + 14, 46, f"CPU {i}, {a}", "head"),
                         _text(self.lane[a] + 14, 62, self.trace.actors[a], "note"),
                         _rect(self.lane[a], 36, 6, 28, self.colour[a])]
        self.out += [_text(x, 62, flag, "note") for flag, x in self.flag_at.items()]
        self.out.append(_line(MARGIN, 72, self.width - MARGIN, 72, "#bbb"))

    def runs(self) -> None:
        """A bar while an actor runs, a broken line while he sleeps or is preempted."""
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for n, (row, _, _) in enumerate(self.lines):
            first.setdefault(row.step.event.actor, n)
            last[row.step.event.actor] = n
        for a in first:
            if a in self.lane:
                x = self.lane[a] + 3
                self.out.append(_line(x, self.y(first[a]), x, self.y(last[a] + 1), self.colour[a],
                                      'stroke-width="1.5" stroke-dasharray="2 4"'))
        before = ""
        for n, (row, _, _) in enumerate(self.lines):
            a = row.step.event.actor
            if a not in self.lane:
                continue
            self.out.append(_rect(self.lane[a], self.y(n), 6, LINE, self.colour[a]))
            if before and before != a:
                self.out.append(_line(MARGIN, self.y(n), self.width - MARGIN, self.y(n), "#e2e2e2"))
                self.out.append(_line(self.lane[before] + 3, self.y(n), self.lane[a] + 3, self.y(n),
                                      "#999", 'marker-end="url(#end)"'))
            before = a

    def steps(self) -> None:
        for n, (row, text, last) in enumerate(self.lines):
            event = row.step.event
            bad = event.kind == t.RULE
            y = self.y(n)
            if bad:
                self.out.insert(0, _rect(MARGIN - 6, y, self.width - 2 * MARGIN + 12, LINE, "#fbe3e5"))
            kind = "bad" if bad else "note" if event.kind in (t.SLEEPS, t.WAKES) and last else \
                "" if last else "call"
            x = self.lane.get(event.actor, MARGIN) + 14
            self.out.append(_text(x, y + 13, text, kind))
            if event.kind == t.WAKES and last and event.text in self.lane:
                end = self.lane[event.text]
                tip = end + (8 if end < x else -2)
                start = x + len(text) * CHAR + 4 if end > x else x - 4
                self.out.append(_line(start, y + 9, tip, y + 9, RED,
                                      'stroke-dasharray="5 3" marker-end="url(#wake)"'))

    def states(self) -> None:
        """The reference count after each step, and a bar for each flag that is set."""
        words = self.trace.events[0].state.split() if self.trace.events else []
        for n, (row, _, last) in enumerate(self.lines):
            if last:  # else a call is only entered, and all is as it was
                words = row.step.event.state.split()
            self.out += [_rect(self.flag_at[w] - 4, self.y(n), len(w) * CHAR + 8, LINE, "#cfdcec")
                         for w in words[1:] if w in self.flag_at]
            if last:
                self.out.append(_text(self.refs, self.y(n) + 13, " ".join(words[:1]), "", "end"))
                self.out += [_text(self.flag_at[w], self.y(n) + 13, w) for w in words[1:]]


def draw(trace: Trace, places: Mapping[int, Place], title: str, rule: str | None = None) -> str:
    """The timeline as SVG."""
    rows = diagram.rows_of(t.steps(trace, places), rule)
    line = _Timeline(trace, rows)
    line.runs()
    line.steps()
    line.states()
    line.head(title)
    line.width = max(line.width, len(title) * CHAR + 2 * MARGIN)
    size = f"{line.width:.0f} {line.height:.0f}"
    markers = "".join(
        f'<marker id="{name}" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">'
        f'<path d="M0,0 L7,3 L0,6 z" fill="{colour}"/></marker>'
        for name, colour in (("end", "#999"), ("wake", RED)))
    width, height = size.split()
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {size}">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f"<defs>{markers}</defs>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *line.out, "</svg>", "",
    ])

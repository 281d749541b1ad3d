# SPDX-License-Identifier: GPL-2.0
"""Who calls functions that ask something of their callers, in a tree of the user's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from . import proc
from .errors import Exit, WbError
from .lines import Contract, Line

# Definitions that begin at the start of a line: a macro, a function of one line or of several,
# a variable, a pointer to a function. Prototypes and labels do not match.
_BEGINS = (
    re.compile(r"#\s*define\s+(\w+)"),
    re.compile(r"(?!EXPORT_)(?:[A-Za-z_][^;={]*?)?\b(\w+)\([^;={]*\)\s*\{"),
    re.compile(r"(?!EXPORT_)(?:[A-Za-z_][^;=]*?)?\b(\w+)\([^;={]*$"),
    re.compile(r"[A-Za-z_][^;={()]*?\b(\w+)\s*(?:\[\w*\]\s*)*=[^=]"),
    re.compile(r"[A-Za-z_][^;={()]*?\(\*(\w+)\)\s*\([^;={]*\)\s*=[^=]"),
)
_COMMENT = re.compile(r"""/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\\n])*")""", re.S)


def without_comments(text: str) -> str:
    """The same, with as many lines."""
    return _COMMENT.sub(lambda m: m[1] or " " + "\n" * m[0].count("\n"), text)


def _declares(function: str, row: str) -> bool:
    """Is it the function's own prototype, or its first line, or makes it known to modules?"""
    return re.match(rf"EXPORT_\w+\(|(?:[A-Za-z_]\w*[\s*]+)+{function}\s*\(|{function}\s*\([^;]*$",
                    row) is not None


@dataclass(frozen=True)
class Call:
    """A place where such a function is used."""

    function: str
    asks: str
    file: str
    line: int
    caller: str
    why: str  # how the caller does what is asked; "" if nobody has looked at it yet

    def __str__(self) -> str:
        return (f"{self.file}:{self.line}: {self.caller}() calls {self.function}(), "
                f"which asks for {self.asks}")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _calls(contract: Contract, file: str, text: str) -> list[Call]:
    found = []
    caller = ""
    for number, row in enumerate(without_comments(text).splitlines(), 1):
        if start := next(filter(None, (b.match(row) for b in _BEGINS)), None):
            caller = start[1]
        if re.search(rf"\b{contract.function}\b", row) and not _declares(contract.function, row):
            found.append(Call(contract.function, contract.asks, file, number, caller,
                              contract.callers.get(f"{file}:{caller}", "")))
    return found


def find(tree: Path, line: Line) -> list[Call]:
    """All uses of a line's functions that ask something of their callers."""
    words = [a for c in line.contracts for a in ("-e", c.function)]
    if not words:
        return []
    done = proc.run(["git", "grep", "--no-index", "--no-color", "-l", "-z", "-w", *words,
                     "--", "*.c", "*.h"], cwd=tree)
    if done.code not in (0, 1):
        raise WbError(Exit.HOST, f"git can't look through {tree}: {done.reason}")
    found = []
    for file in filter(None, done.output.split("\0")):
        text = (tree / file).read_text(errors="replace")
        found += [call for c in line.contracts for call in _calls(c, file, text)]
    return found


ALLOWED = "looked at: --allow-caller"


def allowed(calls: Sequence[Call], names: Sequence[str]) -> list[Call]:
    """The same, those looked at that the user has; raises if one of the names is no caller's."""
    for name in names:
        if not any(name in (c.caller, f"{c.file}:{c.caller}") for c in calls):
            there = ", ".join(dict.fromkeys(c.caller for c in calls)) or "none"
            raise WbError(Exit.USAGE, f"--allow-caller {name}: no such caller: there are {there}")
    return [c if c.why or not {c.caller, f"{c.file}:{c.caller}"} & set(names)
            else replace(c, why=ALLOWED) for c in calls]


def unknown(calls: Sequence[Call]) -> list[Call]:
    """Those that nobody has looked at."""
    return [c for c in calls if not c.why]


def finding(calls: Sequence[Call]) -> str:
    """In a verdict: who is to be looked at; "" if all have been."""
    names = dict.fromkeys(f"{c.caller}() of {c.function}()" for c in unknown(calls))
    return f"unknown caller {', '.join(names)}" if names else ""


def described(calls: Sequence[Call]) -> str:
    """For people: how many are known, and those that are not."""
    if not calls:
        return ""
    new = unknown(calls)
    head = f"callers of {', '.join(dict.fromkeys(f'{c.function}()' for c in calls))}: " \
        f"{len(calls) - len(new)} known to do as they are asked"
    return "\n".join([head + (f", {len(new)} to be looked at:" if new else ""),
                      *(f"  {c}; once that is so: --allow-caller {c.caller}" for c in new)])

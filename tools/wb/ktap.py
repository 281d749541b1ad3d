# SPDX-License-Identifier: GPL-2.0
"""Read a kernel log: KTAP results, the suite's own lines, and crashes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# The end of a kernel that has no root filesystem, once the tests are done; or,
# from v5.18 on, of one that kunit.py asked to halt then.
EXPECTED_END = re.compile(
    r"Kernel panic - not syncing: (VFS: Unable to mount root fs|No working init found)"
    r"|^reboot: System halted$"
)
CRASH = re.compile(
    r"Kernel panic|kernel BUG at|^BUG: |^WARNING: |Oops[: ]|general protection fault"
    r"|KASAN: |KCSAN: |Segfault with no mm|Unable to handle kernel|possible (recursive|circular)"
    r"|INFO: (task .* blocked|rcu|possible|trying to register)|refcount_t: |Bad page state"
    r"|segfault|Aborted \(core"
)


@dataclass
class Case:
    """One KUnit case."""

    name: str
    ok: bool
    skipped: str | None = None
    lines: list[str] = field(default_factory=list)


@dataclass
class Suite:
    """One KUnit suite; `ok` is None if its result line is missing."""

    name: str
    planned: int | None = None
    cases: dict[str, Case] = field(default_factory=dict)
    ok: bool | None = None


@dataclass
class Log:
    """What a kernel log says."""

    suites: dict[str, Suite] = field(default_factory=dict)
    planned: int | None = None
    crash: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)  # reports that are no crash
    schedule: str | None = None  # the one in which the kernel died
    ended: bool = False  # came to the expected end

    @property
    def started(self) -> bool:
        return self.planned is not None or bool(self.suites)


_STAMP = re.compile(r"^(?:<\d+>)?\[\s*\d+\.\d+\](?:\[\s*T\d+\])? ?")
# From v5.18 on, after a suite and after a parameterised case.
_SUMMARY = re.compile(r"# [\w/-]+: pass:\d+ fail:\d+ skip:\d+ total:\d+")
_RESULT = re.compile(r"(not )?ok (\d+) (?:- )?(\S+)(?:\s*#\s*(\w+)\s*(.*))?$")


def depth(row: str) -> int:
    """How deep in KTAP a line is: 0 for suites, 1 for cases, 2 for parameters of a case."""
    return 1 if row.startswith("\t") else (len(row) - len(row.lstrip(" "))) // 4


def clean(text: str) -> list[str]:
    """The lines of a console log, without time stamps and carriage returns."""
    return [_STAMP.sub("", row.rstrip("\r")) for row in text.split("\n")]


def parse(text: str, known: Sequence[str] = ()) -> Log:
    """Read a whole console log; `known` are patterns of reports that are no crash."""
    log = Log()
    suite: Suite | None = None
    pending: list[str] = []
    skipped: dict[str, str] = {}
    rows = clean(text)
    for i, row in enumerate(rows):
        if EXPECTED_END.search(row) and suite is None and log.started:
            log.ended = True
            break
        if any(re.search(k, row) for k in known):
            log.known.append(row.strip())
        elif CRASH.search(row):
            log.crash = [r for r in rows[i : i + 60] if r.strip()]
            died = re.search(r"interleave: died in (\S+)", text)
            log.schedule = died[1] if died else None
            break
        body = row.strip()
        if not log.started and re.match(r"K?TAP version", body):
            log.planned = -1
        if not log.started:
            continue
        indented = row.startswith((" ", "\t"))
        if depth(row) > 1 and suite:
            # What a parameterised case says of each parameter, or details of a failure.
            pending.append(body.removeprefix("# "))
        elif plan := re.fullmatch(r"1\.\.(\d+)", body):
            if indented and suite:
                suite.planned = int(plan[1])
            elif not indented:
                log.planned = int(plan[1])
        elif found := re.fullmatch(r"# Subtest: (\S+)", body):
            suite = log.suites.setdefault(found[1], Suite(found[1]))
            pending, skipped = [], {}
        elif body.startswith("# SKIP ") and suite:
            case, _, why = body[7:].partition(": ")
            skipped[case] = why
        elif (found := _RESULT.fullmatch(body)) and i + 1 < len(rows):
            ok, name = not found[1], found[3]
            if indented and suite:
                skip = found[5] if (found[4] or "").upper() == "SKIP" else skipped.get(name)
                suite.cases[name] = Case(name, ok, skip, pending)
                pending = []
            elif not indented:
                log.suites.setdefault(name, Suite(name)).ok = ok
                suite = None
        elif _SUMMARY.fullmatch(body) or re.match(r"K?TAP version|# module: ", body):
            pass
        elif suite and indented:
            pending.append(body.removeprefix("# "))
        elif suite and body:
            pending.append(body)
    return log


_KTAP = re.compile(r"\s*(?:#|(?:not )?ok \d|\d+\.\.\d|K?TAP version)")


def without_times(text: str) -> str:
    """The KTAP part of a log, for comparing two runs.

    That a case should be marked slow depends on how long it took.
    """
    rows = clean(text)
    keep = []
    inside = False
    for row in rows:
        inside = inside or bool(re.match(r"\s*K?TAP version", row))
        if EXPECTED_END.search(row):
            break
        # The kernel may have other things to say, too, like that a timer was late.
        if inside and _KTAP.match(row) and not re.match(
            r"\s*# (time: |\w+: Test should be marked slow)", row
        ):
            keep.append(row)
    return "\n".join(keep)

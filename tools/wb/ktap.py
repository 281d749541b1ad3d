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
class Report:
    """What a kernel says that is wrong with it, and the case in which it says so.

    The last one is how the kernel died, if nothing came after it.
    """

    rows: list[str]
    suite: str = ""
    case: str = ""  # "" if there was none, or its name is not known

    @property
    def what(self) -> str:
        return reason(self.rows)


@dataclass
class Log:
    """What a kernel log says, up to its end."""

    suites: dict[str, Suite] = field(default_factory=dict)
    planned: int | None = None
    reports: list[Report] = field(default_factory=list)  # after which the kernel went on
    death: Report | None = None  # after which it did not
    known: list[str] = field(default_factory=list)  # reports that are no crash
    schedule: str | None = None  # the one in which the kernel died
    hang: str = ""  # why the explorer found that nothing moves, in that schedule
    broke: list[tuple[str, str]] = field(default_factory=list)  # rules and schedules, told at once
    trace: list[str] = field(default_factory=list)  # of a replay, up to the death
    suite: str = ""  # the one that was not done at the end of the log
    unfinished: list[str] = field(default_factory=list)  # lines of its case that was not
    ended: bool = False  # came to the expected end
    stopped: tuple[str, str] | None = None  # how the run was ended otherwise: kind, and words
    doubts: list[str] = field(default_factory=list)  # why the log may not be the whole truth
    path: str = ""
    more: tuple[str, ...] = ()  # parameters by which it leaves out what an earlier boot has

    @property
    def started(self) -> bool:
        return self.planned is not None or bool(self.suites)

    @property
    def crash(self) -> list[str]:
        """The rows of the first report; none, if all is well."""
        found = [*self.reports, *([self.death] if self.death else [])]
        return found[0].rows if found else []


# What is said of a bug, and what is left of it: no addresses, no process, and not the punctuation.
_REASONS = (
    (r"interleave: hangs in \S+: (.*)", r"hangs: \1"),
    (r"kernel BUG at (\S+?:\d+)!?.*", r"kernel BUG at \1"),
    (r"BUG: failure at (\S+:\d+)/\w+\(\)!.*", r"kernel BUG at \1"),
    (r"WARNING: (?:CPU: \d+ PID: \d+ at )?([\w./-]+:\d+).*", r"WARNING at \1"),
    (r"BUG: Bad page state.*", "Bad page state"),
    (r"BUG: (KASAN: [\w-]+ in \w+|KCSAN: [\w-]+ in \w+).*", r"\1"),
    (r"Kernel panic - not syncing: (.*)", r"\1"),
    (r"refcount_t: (.*)", r"refcount_t: \1"),
    (r"BUG: (kernel NULL pointer dereference|unable to handle page fault|sleeping function called "
     r"from invalid context|spinlock \w+|workqueue lockup).*", r"\1"),
    (r"general protection fault.*", "general protection fault"),
    (r"(Unable to handle kernel [A-Za-z ]+?)(?: at virtual address .*)?", r"\1"),
    (r"(?:Internal error: )?Oops[:\s]*.*", "Oops"),
    (r"INFO: task (\S+?):\d+ blocked.*", r"task \1 blocked"),
)


def reason(rows: Sequence[str]) -> str:
    """A report in one line, the same whenever it comes again."""
    if not rows:
        return ""
    texts = [r.strip() for r in rows]
    # The explorer says why before it panics, and the page is dumped before the BUG.
    first = next((t for t in texts if t.startswith("interleave: hangs in ")), texts[0])
    for pattern, words in _REASONS:
        if found := re.fullmatch(pattern, first):
            return found.expand(words)
    return re.sub(r"\s*\b(0x)?[0-9a-f]{8,}\b", "", first).rstrip("!. ")


def without_lines(what: str) -> str:
    """A reason that stays as it is when lines are added to a file."""
    return re.sub(r"(\.[chS]):\d+", r"\1", what)


_STAMP = re.compile(r"^(?:<\d+>)?\[\s*\d+\.\d+\](?:\[\s*T\d+\])? ?")
# From v5.18 on, after a suite and after a parameterised case.
_SUMMARY = re.compile(r"# [\w/-]+: pass:\d+ fail:\d+ skip:\d+ total:\d+")
_RESULT = re.compile(r"(not )?ok (\d+) (?:- )?(.+?)(?:\s*#\s*(\w+)\s*(.*))?$")
# Rows that must not get lost, even where the console has mixed them with others.
_TELLING = re.compile(r"\bnot ok \d|# Subtest:")
# A kernel at its start.
_BOOTS = re.compile(r"Linux version |K?TAP version")


def depth(row: str) -> int:
    """How deep in KTAP a line is: 0 for suites, 1 for cases, 2 for parameters of a case."""
    return 1 if row.startswith("\t") else (len(row) - len(row.lstrip(" "))) // 4


def clean(text: str) -> list[str]:
    """The lines of a console log, without time stamps and carriage returns."""
    return [_STAMP.sub("", row.rstrip("\r")) for row in text.split("\n")]


_ROW = re.compile(r"\s*(?:# |(?:not )?ok \d+ |\d+\.\.\d+$|K?TAP version)")  # the tests go on
_DIED = re.compile(r"interleave: (died|hangs) in ([^\s:]+:[^\s:]+:[^\s:]+)(?:: (.*))?")
_BROKE = re.compile(r"interleave: broke (.+) in (v\d+:\w+:\S+)")
_REPLAYED = "interleave: | "
# User-Mode Linux, ended from outside in the middle of a schedule: where, and not why.
ENDED_IN = "it was ended"
REPORT_ROWS = 60


class _Parser:
    """Goes through a log, row by row."""

    def __init__(self, known: Sequence[str]) -> None:
        self.log = Log()
        self.known = known
        self.suite: Suite | None = None
        self.pending: list[str] = []
        self.skipped: dict[str, str] = {}
        self.report: Report | None = None  # after which nothing of the tests has come yet
        self.outlived = False  # the kernel went on after it had named a schedule

    def complaint(self, row: str) -> bool:
        """Take a row of the kernel's own, of a report or of how it died."""
        log = self.log
        if died := _DIED.fullmatch(row.strip()):
            if self.outlived:
                self.forget()
            # The first tells where it began; the panic that the explorer calls says it again.
            log.schedule = log.schedule or died[2]
            if died[1] == "hangs":
                log.hang = log.hang or died[3] or "nothing moves"
        elif broke := _BROKE.fullmatch(row.strip()):
            log.broke.append((broke[1], broke[2]))
        elif row.startswith(_REPLAYED):
            log.trace.append(row.removeprefix(_REPLAYED))
            return True
        elif any(re.search(k, row) for k in self.known):
            log.known.append(row.strip())
            return True
        elif not CRASH.search(row):
            return False
        if self.report is None:
            self.report = Report([], self.suite.name if self.suite else "")
            log.reports.append(self.report)
        self.report.rows.append(row)
        return True

    def goes_on(self) -> None:
        """The kernel lives after its reports.

        Until the next result, it may still die in the schedule that it named.
        """
        self.report, self.outlived = None, True

    def forget(self) -> None:
        """The schedule that was named is over."""
        self.log.schedule, self.log.hang, self.outlived = None, "", False

    def doubt(self, text: str) -> None:
        if text not in self.log.doubts:
            self.log.doubts.append(text)

    def add(self, suite: Suite, case: Case) -> None:
        """Take the result of a case. A second result can't turn a failure into a pass."""
        if old := suite.cases.get(case.name):
            self.doubt(f"{suite.name}.{case.name} has two results")
            skipped = old.skipped if case.skipped is not None else None
            case = Case(case.name, old.ok and case.ok, skipped, old.lines + case.lines)
        suite.cases[case.name] = case

    def result(self, found: re.Match[str], indented: bool) -> bool:
        """Take a result; returns False if it is a case's and no suite is open."""
        ok, name = not found[1], found[3]
        if indented and self.suite:
            skip = found[5] if (found[4] or "").upper() == "SKIP" else self.skipped.get(name)
            self.add(self.suite, Case(name, ok, skip, self.pending))
            self.pending = []
            for report in self.log.reports:
                if report.suite == self.suite.name and not report.case:
                    report.case = name
        elif indented:
            return False
        else:
            suite = self.log.suites.setdefault(name, Suite(name))
            suite.ok = ok and suite.ok is not False
            self.suite = None
        self.forget()
        return True

    def subtest(self, name: str) -> None:
        """A suite begins."""
        if name in self.log.suites:
            self.doubt(f"the suite {name} comes twice")
        self.suite = self.log.suites.setdefault(name, Suite(name))
        self.pending, self.skipped = [], {}

    def ktap(self, row: str, whole: bool) -> None:
        """Take a row of the tests'; only a `whole` one is a result."""
        if not self.log.started and re.match(r"K?TAP version", row.strip()):
            self.log.planned = -1
        if self.log.started and not self.takes(row, whole) and whole and _TELLING.search(row):
            self.doubt(f"unreadable row: {row.strip()[:80]}")

    def takes(self, row: str, whole: bool) -> bool:
        """Take a row of the tests'; returns whether it is a known kind of row."""
        log, body = self.log, row.strip()
        indented = row.startswith((" ", "\t"))
        if depth(row) > 1 and self.suite:
            # What a parameterised case says of each parameter, or details of a failure.
            self.pending.append(body.removeprefix("# "))
        elif plan := re.fullmatch(r"1\.\.(\d{1,18})", body):
            if indented and self.suite:
                self.suite.planned = max(int(plan[1]), self.suite.planned or 0)
            elif not indented:
                log.planned = int(plan[1])
        elif found := re.fullmatch(r"# Subtest: (.+)", body):
            self.subtest(found[1])
        elif body.startswith("# SKIP ") and self.suite:
            case, _, why = body[7:].partition(": ")
            self.skipped[case] = why
        elif (found := _RESULT.fullmatch(body)) and whole:
            return self.result(found, indented)
        elif _SUMMARY.fullmatch(body) or re.match(r"K?TAP version|# module: ", body):
            pass
        else:
            if self.suite and (indented or body):
                self.pending.append(body.removeprefix("# "))
            return False
        return True

    def end(self) -> Log:
        """What is known once there are no more rows."""
        log = self.log
        log.suite = self.suite.name if self.suite else ""
        log.unfinished = self.pending if self.suite else []
        if log.ended and log.planned != len(log.suites):
            self.doubt(f"{len(log.suites)} suites ran, of {max(0, log.planned or 0) or 'unknown'} planned")
        ended_in = log.hang == ENDED_IN
        if ended_in:
            log.hang = ""
        if self.report and not log.ended:
            log.reports.remove(self.report)
            if not ended_in:
                log.death = self.report
            elif not _DIED.fullmatch(self.report.rows[0].strip()):
                log.reports.append(self.report)
        return log


def parse(text: str, known: Sequence[str] = ()) -> Log:
    """Read a whole console log; `known` are patterns of reports that are no crash.

    A crash does not end it: what came before counts, and what comes after does, too.
    """
    parser = _Parser(known)
    rows = clean(text)
    for i, row in enumerate(rows):
        if EXPECTED_END.search(row) and parser.suite is None and parser.log.started:
            parser.log.ended = True
            break
        if parser.log.suites and _BOOTS.match(row):
            # The results of a second boot would hide those of the first.
            parser.log.stopped = "cut", "the kernel booted again"
            break
        if parser.complaint(row):
            continue
        if parser.report:
            if not _ROW.match(row):
                if row.strip() and len(parser.report.rows) < REPORT_ROWS:
                    parser.report.rows.append(row)
                continue
            parser.goes_on()
        parser.ktap(row, i + 1 < len(rows))
    return parser.end()


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
            r"\s*# (time: |retried |\w+: Test should be marked slow)", row
        ):
            keep.append(row)
    return "\n".join(keep)

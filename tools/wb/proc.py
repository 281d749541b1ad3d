# SPDX-License-Identifier: GPL-2.0
"""All subprocesses: run, with progress, a deadline, and nothing left behind."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .errors import Exit, WbError


@dataclass
class Done:
    """A process that has ended.

    `code` is None if it ran into its deadline, or was ended for its silence of so many seconds.
    """

    code: int | None
    output: str
    seconds: float
    silent: float = 0

    @property
    def reason(self) -> str:
        """The one line of the output that is most likely to say what is wrong."""
        rows = [r.strip() for r in self.output.splitlines() if r.strip()]
        telling = [r for r in rows if re.search(r"error|cannot|can't|No space|not found|E: ", r)]
        return (telling or rows[-1:] or ["no output"])[0]


class Progress:
    """One line that says what is going on, at most every few seconds."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.start = time.monotonic()
        self.tty = sys.stderr.isatty()
        self.last = self.start
        self.shown = False

    def tick(self, detail: Callable[[], str] = lambda: "") -> None:
        now = time.monotonic()
        if now - self.last < (2 if self.tty else 10):
            return
        self.last = now
        more = detail()
        text = f"  {self.label}: {now - self.start:.0f} s{more and ', ' + more}"
        end = "\033[K\r" if self.tty else "\n"
        print(text, end=end, file=sys.stderr, flush=True)
        self.shown = self.tty

    def end(self) -> None:
        if self.shown:
            print("\033[K", end="\r", file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress(label: str) -> Iterator[Progress]:
    p = Progress(label)
    try:
        yield p
    finally:
        p.end()


PR_SET_CHILD_SUBREAPER = 36
GRACE = 3  # seconds to end in
STUCK = 20  # seconds after a kill until a process that remains is given up


def adopt_orphans() -> None:
    """Become the parent of whatever our children leave behind.

    User-Mode Linux starts a session of its own; killing kunit.py does not end
    the kernel that it has started.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


# Set to end all that runs, in whatever thread.
cancelled = threading.Event()
_asked = False  # by a signal; no event, whose lock the handler might find taken


def interrupt(*_: object) -> None:
    """The handler of signals that ask to end.

    Python drops what is raised while it finalizes an object, so it is noted, too.
    """
    global _asked
    _asked = True
    raise KeyboardInterrupt


def is_cancelled() -> bool:
    return _asked or cancelled.is_set()

# Open files that all that is run keeps open, too: the locks it runs under.
passed_on: set[int] = set()



def go_on(doing: str) -> None:
    """Raise if all is cancelled: for work that is done without a process."""
    if is_cancelled():
        raise WbError(Exit.INTERRUPTED, f"interrupted: {doing}")


T = TypeVar("T")


def result(work: Future[T]) -> T:
    """The result of another thread's work, when it is there.

    The main thread must not wait without an end: a signal that comes just before it begins to
    wait, as on a busy machine it does, is looked at when the wait is over.
    """
    while not wait([work], timeout=0.2).done:
        if _asked:
            raise KeyboardInterrupt
    return work.result()


# Names the processes of one run(): several may be going on at once.
MARK = "WB_RUN"
_runs = itertools.count()


def _marked(pid: int, mark: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as f:
            return f"{MARK}={mark}".encode() in f.read().split(b"\0")
    except OSError:
        return False


def _descendants(mark: str) -> list[int]:
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as f:
                    fields = f.read().rpartition(")")[2].split()
                if fields[0] != "Z":
                    parents[int(entry)] = int(fields[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(p for p in found - {os.getpid()} if _marked(p, mark))


def _end_all(process: subprocess.Popen[bytes], mark: str) -> None:
    """End a process and whatever it has left running, and wait until that is gone.

    Asked to end, make removes what it has made by half, on which the next build
    would fail. A process in an uninterruptible sleep does not end: it is left after STUCK.
    """
    if process.poll() is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE)
    deadline = time.monotonic() + STUCK
    while pids := _descendants(mark):
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        process.poll()
        if time.monotonic() > deadline:
            print(f"note: left running, for it can't be ended: {', '.join(map(str, pids))}",
                  file=sys.stderr, flush=True)
            return
        time.sleep(0.02)
    process.wait()


class _Silence:
    """How long a file has not grown."""

    def __init__(self, path: Path, limit: float) -> None:
        self.path, self.limit = path, limit
        self.size, self.since = -1, time.monotonic()

    def too_long(self) -> bool:
        size = self.path.stat().st_size if self.path.exists() else 0
        if size != self.size:
            self.size, self.since = size, time.monotonic()
        return time.monotonic() - self.since > self.limit


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    label: str = "",
    detail: Callable[[], str] = lambda: "",
    deadline: float | None = None,
    silence: tuple[Path, float] | None = None,
    niceness: int = 0,
) -> Done:
    """Run a command in a process group of its own and return when it has ended.

    Its output goes to the file `log`, or is returned. If `deadline` seconds
    pass, or the file of `silence` does not grow for so many, or anything is raised
    meanwhile (Ctrl-C), it is killed, and in any case all that it has left running. Once
    all is cancelled, in any thread, there is no result that could be taken for a success:
    it raises. Of several that run at a time, the one with the least `niceness` has the
    CPUs first.
    """
    start = time.monotonic()
    mark = f"{os.getpid()}.{next(_runs)}"
    with contextlib.ExitStack() as files:
        process = subprocess.Popen(
            [*(["nice", "-n", str(niceness)] if niceness else []), *map(str, command)],
            cwd=cwd,
            env={**os.environ, **(env or {}), MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=files.enter_context(open(log, "wb")) if log else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Not a session: the scheduler may share the CPUs between these.
            process_group=0,
            pass_fds=tuple(passed_on),
        )
        data = b""
        code: int | None = None
        silent = _Silence(*silence) if silence else None
        silent_for = 0.0
        try:
            with progress(label or str(command[0])) as p:
                while True:
                    try:
                        data = process.communicate(timeout=0.2)[0] or b""
                        code = process.returncode
                        break
                    except subprocess.TimeoutExpired:
                        if label:
                            p.tick(detail)
                        if is_cancelled():
                            break
                        if deadline and time.monotonic() - start > deadline:
                            break
                        if silent and silent.too_long():
                            silent_for = silent.limit
                            break
        finally:
            _end_all(process, mark)
    if code is None and is_cancelled():
        raise WbError(Exit.INTERRUPTED, f"interrupted: {label or command[0]}")
    text = log.read_text(errors="replace") if log else data.decode(errors="replace")
    return Done(code, text, time.monotonic() - start, silent_for)


def remove(paths: Sequence[Path]) -> None:
    """Remove files and folders; in a process, for large ones take their time."""
    if paths:
        names = ", ".join(p.name for p in paths[:2]) + (" ..." if len(paths) > 2 else "")
        done = run(["rm", "-rf", "--", *paths], label=f"removing {names}")
        if done.code:
            raise WbError(Exit.HOST, f"can't remove {names}: {done.reason}")


def capture(command: Sequence[str | Path], *, cwd: Path | None = None) -> str | None:
    """The standard output of a short command, or None if it fails."""
    try:
        done = subprocess.run(
            [str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
        )
    except OSError:
        return None
    return done.stdout.decode(errors="surrogateescape") if done.returncode == 0 else None

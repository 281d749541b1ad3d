# SPDX-License-Identifier: GPL-2.0
"""Boot a built kernel, and see how it went."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import accel, build, judge, ktap, proc
from .build import Kernel
from .errors import Exit, WbError
from .settings import Settings
from .stage import BUILD_DIR

TIMEOUT = 120  # seconds; a run takes a few, more without acceleration or with debugging aids
QEMU_TIMEOUT = 900
# Seconds without a line on the console: the explorer writes one every 5 s.
SILENCE = 15
QEMU_SILENCE = 90
REPLAY_TIMEOUT, REPLAY_QEMU_TIMEOUT = 30, 120  # of one schedule
BANNER = re.compile(rf"Linux version \S+ \({build.USER}@(\S+)\)")
MEMORY = 1024  # MiB
# Signals that others send. User-Mode Linux is a process and can also die of its own signal.
FROM_OUTSIDE = (signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM)
COUNTED = ("-icount", "shift=0")  # one nanosecond of the machine's time is an instruction


@dataclass(frozen=True)
class Ran:
    """What is left of a run: the console log, and how the process ended.

    `kunit_log` is what kunit.py said, where the kernel was run by it.
    """

    text: str
    done: proc.Done
    log: Path
    kunit_log: Path | None = None

    @property
    def timed_out(self) -> bool:
        return self.done.code is None or "TimeoutExpired" in self.done.output


def _through_kunit(kernel: Kernel, name: str, timeout: float, silence: float | None) -> Ran:
    """Through the tree's own kunit.py, which for v5.10 takes no parameters."""
    text_file, log = kernel.build_dir / "test.log", kernel.build_dir / "kunit.log"
    text_file.unlink(missing_ok=True)
    command: list[str | Path] = [
        "python3", kernel.tree / "tools/testing/kunit/kunit.py", "exec",
        f"--build_dir={BUILD_DIR}", f"--timeout={int(timeout)}",
    ]
    done = proc.run(command, cwd=kernel.tree, log=log, label=f"running {name}",
                    deadline=timeout + 10, silence=(text_file, silence) if silence else None)
    text = text_file.read_text(errors="replace") if text_file.is_file() else ""
    return Ran(text, done, text_file, log)


def _directly(settings: Settings, kernel: Kernel, name: str, parameters: Sequence[str],
              timeout: float, counted: bool, silence: float | None) -> Ran:
    log = kernel.build_dir / "test.log"
    command: list[str | Path] = [kernel.binary, f"mem={MEMORY}M", *parameters]
    if counted:
        command = [*kernel.arch.machine("tcg", kernel.binary, MEMORY, 1, parameters), *COUNTED]
    elif kernel.arch.qemu:
        with_accel = accel.choose(settings, kernel.arch, kernel.binary)
        command = kernel.arch.machine(with_accel, kernel.binary, MEMORY, settings.cpus, parameters)
    done = proc.run(command, cwd=kernel.tree, log=log, label=f"running {name}", deadline=timeout,
                    silence=(log, silence) if silence else None)
    return Ran(done.output, done, log)


def shows_at_once(tree: Path) -> bool:
    """Does a tree's kunit.py let the kernel itself write to the log?

    v5.10's kunit.py does. Later ones copy the console through a buffer: the log stands still
    while the kernel talks, and a kill loses the contents of the buffer.
    """
    file = tree / "tools/testing/kunit/kunit_kernel.py"
    return file.is_file() and "stdout=output," in file.read_text(errors="replace")


def run(settings: Settings, kernel: Kernel, name: str, parameters: Sequence[str] = (),
        timeout: float | None = None, counted: bool = False, silent: bool = True) -> Ran:
    """Run a kernel to its end, or for `timeout` seconds.

    `counted` is for kernels of QEMU's: with one CPU, where time is instructions. Unless it
    may be `silent`, one that says nothing for long is taken to hang.
    """
    parameters = [*kernel.arch.parameters, *parameters]
    if kernel.arch.qemu or parameters or not (silent or shows_at_once(kernel.tree)):
        limit = timeout or (QEMU_TIMEOUT if kernel.arch.qemu else TIMEOUT)
        quiet = None if silent else QEMU_SILENCE if kernel.arch.qemu else SILENCE
        ran = _directly(settings, kernel, name, parameters, limit, counted, quiet)
    else:
        ran = _through_kunit(kernel, name, timeout or TIMEOUT, None if silent else SILENCE)
    if settings.verbose:
        print(ran.text, file=sys.stderr)
    banner = BANNER.search(ran.text)
    if banner and banner[1] != kernel.mark:
        raise WbError(
            Exit.STALE, f"{name}: another kernel than the one that was built has booted; please "
            f"remove {kernel.tree / kernel.arch.build_dir}; see {ran.log}",
        )
    return ran


def require_in_time(log: ktap.Log, name: str, where: str) -> None:
    """Raise if KUnit took a case that went on for as long as it allows for a failure."""
    for suite in log.suites.values():
        for case in suite.cases.values():
            if f"{case.name}: try timed out" in case.lines:
                raise WbError(Exit.INCOMPLETE, f"{name}: {suite.name}.{case.name} took longer than "
                              f"KUnit lets it, 300 s; ask for less; {where}")


def ended(ran: Ran, kernel: Kernel, name: str) -> ktap.Log:
    """What a run has left, and how it came to its end; raises if no test had begun.

    Where kunit.py ran it, its verdict must agree with what the log says.
    """
    log = ktap.parse(ran.text, kernel.arch.known)
    log.path = str(ran.log)
    where = f"see {ran.log}"
    for report in dict.fromkeys(log.known):
        print(f"  {name}: known, see kconfig: {report}", file=sys.stderr)
    code = ran.done.code
    seconds = f"{ran.done.seconds:.0f} s"
    late = f"said nothing for {ran.done.silent:.0f} s" if ran.done.silent else f"did not end within {seconds}"
    if log.ended or log.stopped:  # stopped: by a second boot
        pass
    elif not log.death and code is not None and code < 0:
        log.stopped = (judge.ENDED, f"ended from outside, by signal {-code}") if -code in FROM_OUTSIDE \
            else (judge.DIES, f"ended by signal {-code}")
    elif ran.timed_out:
        log.stopped = judge.LATE, late
    if not log.started:
        if log.crash:
            raise WbError(Exit.BOOT, f"{name}: the kernel died before any test had begun: "
                          f"{ktap.reason(log.crash)}; {where}")
        if log.stopped and log.stopped[0] == judge.ENDED:
            raise WbError(Exit.KILLED, f"{name}: {log.stopped[1]}; {where}")
        if log.stopped and log.stopped[0] == judge.DIES:
            raise WbError(Exit.BOOT, f"{name}: {log.stopped[1]} before any test had begun; {where}")
        why = f"no test had begun after {seconds}" if ran.timed_out else "did not boot"
        raise WbError(Exit.BOOT, f"{name}: {why}; {where}")
    if not log.ended:
        return log
    silent = [a for a in kernel.arch.announces if a not in ran.text]
    if silent:
        log.doubts.append(f"a debugging aid is off: no '{silent[0]}'")
    if ran.kunit_log and not log.reports:
        failed = any(not c.ok for s in log.suites.values() for c in s.cases.values())
        if failed != (code != 0):
            log.doubts.append(f"kunit.py says {'pass' if code == 0 else 'fail'}, the log says "
                              f"otherwise; see {ran.kunit_log}")
    return log


def attempt(settings: Settings, kernel: Kernel, name: str, parameters: Sequence[str] = (),
            timeout: float | None = None) -> ktap.Log:
    """Run the suites, however that ends."""
    return ended(run(settings, kernel, name, parameters, timeout, silent=False), kernel, name)


def boot(settings: Settings, kernel: Kernel, name: str, parameters: Sequence[str] = (),
         timeout: float | None = None, counted: bool = False) -> ktap.Log:
    """Run the suites; returns a log that is free of crashes and complete to its end."""
    log = ended(run(settings, kernel, name, parameters, timeout, counted), kernel, name)
    where = f"see {log.path}"
    if log.crash:
        schedule = f", in {log.schedule}" if log.schedule else ""
        raise WbError(Exit.CRASH, f"{name}: the kernel crashed: {ktap.reason(log.crash)}{schedule}; "
                      f"{where}")
    if log.stopped:
        kind, what = log.stopped
        raise WbError(judge.Death(what, kind=kind).code, f"{name}: {what}; {where}")
    require_in_time(log, name, where)
    if not log.ended:
        raise WbError(Exit.INCOMPLETE, f"{name}: the log breaks off; {where}")
    if log.doubts:
        raise WbError(Exit.INCOMPLETE, f"{name}: {log.doubts[0]}; {where}")
    return log

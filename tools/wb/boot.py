# SPDX-License-Identifier: GPL-2.0
"""Boot a built kernel, and see how it went."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from . import ktap, proc
from .build import Kernel, kunit_py
from .errors import Exit, WbError
from .settings import Settings

TIMEOUT = 120  # seconds; a run takes a few


def _show(settings: Settings, text: str) -> None:
    if settings.verbose:
        print(text, file=sys.stderr)


def boot(settings: Settings, kernel: Kernel, name: str, parameters: Sequence[str] = (),
         timeout: float = TIMEOUT) -> ktap.Log:
    """Run the suites; returns a log that is free of crashes and complete to its end.

    Without kernel parameters through the tree's kunit.py, whose verdict must
    agree with what the log says; v5.10's kunit.py takes no parameters, so that
    with any the kernel is started directly.
    """
    text_file = kernel.build_dir / "test.log"
    text_file.unlink(missing_ok=True)
    command: list[str | Path]
    if parameters:
        command = [kernel.binary, "mem=1G", *parameters]
        log_file = text_file
    else:
        command = [*kunit_py(kernel.tree, "exec"), f"--timeout={int(timeout)}"]
        log_file = kernel.build_dir / "kunit.log"
    done = proc.run(command, cwd=kernel.tree, log=log_file, label=f"running {name}",
                    deadline=timeout + (10 if not parameters else 0))
    text = text_file.read_text(errors="replace") if text_file.is_file() else ""
    _show(settings, text)
    where = f"see {text_file}"
    timed_out = done.code is None or "TimeoutExpired" in done.output

    log = ktap.parse(text)
    if log.crash:
        raise WbError(Exit.CRASH, f"{name}: the kernel crashed: {log.crash[0].strip()}; {where}")
    if not log.started:
        raise WbError(
            Exit.BOOT,
            f"{name}: {'no test had begun after ' + format(timeout, '.0f') + ' s' if timed_out else 'did not boot'}; {where}",
        )
    if timed_out:
        raise WbError(Exit.BOOT, f"{name}: did not end within {timeout:.0f} s; {where}")
    if not log.ended:
        raise WbError(Exit.INCOMPLETE, f"{name}: the log breaks off; {where}")
    if not parameters:
        failed = any(not c.ok for s in log.suites.values() for c in s.cases.values())
        if failed != (done.code != 0):
            raise WbError(
                Exit.INCOMPLETE,
                f"{name}: kunit.py says {'pass' if done.code == 0 else 'fail'}, "
                f"the log says otherwise; see {log_file}",
            )
    return log

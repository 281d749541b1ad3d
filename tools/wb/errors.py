# SPDX-License-Identifier: GPL-2.0
"""Exit codes, each with one meaning, and the exception that carries them."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """What the exit code of wbcheck means."""

    OK = 0
    VIOLATION = 1
    USAGE = 2
    DEPENDENCY = 3
    SOURCE = 4
    PATCH = 5
    CONFIG = 6
    BUILD = 7
    BOOT = 8
    CRASH = 9
    INCOMPLETE = 10
    HOST = 11
    KILLED = 12
    STALE = 13
    UNSTABLE = 14
    DEFECT = 70
    INTERRUPTED = 130


MEANING = {
    Exit.OK: "all holds; for kunit: every variant is as expected",
    Exit.VIOLATION: "a rule is violated, a case fails, the kernel dies or hangs in a schedule; or a "
                    "variant is not as expected",
    Exit.USAGE: "bad usage, or a tree that is no supported kernel",
    Exit.DEPENDENCY: "a package is missing and may not be installed",
    Exit.SOURCE: "the kernel source can't be had, or has the wrong hash",
    Exit.PATCH: "a patch does not apply",
    Exit.CONFIG: "a config symbol that was asked for got lost",
    Exit.BUILD: "the kernel does not build",
    Exit.BOOT: "the kernel does not start the tests, or does not end in time",
    Exit.CRASH: "panic, BUG, WARNING or the like, without a violation and in no schedule that "
                "leads there again",
    Exit.INCOMPLETE: "a suite, case or scenario is absent, cut off or vacuous, and nothing is broken",
    Exit.HOST: "this machine: no space, no permission, no cache folder",
    Exit.KILLED: "the kernel, or the QEMU it ran in, was ended from outside",
    Exit.STALE: "another kernel than the one that was built has booted",
    Exit.UNSTABLE: "a violation was seen that does not come again: unstable",
    Exit.DEFECT: "a defect of wbcheck itself",
    Exit.INTERRUPTED: "interrupted",
}

# What a script does with it: a verdict is on the kernel, and comes again; an input is to be
# changed; where the infrastructure failed, the same command may do better next time.
VERDICT, INPUT, AGAIN = "verdict", "input", "infrastructure, try again"
KIND = {
    Exit.OK: VERDICT,
    Exit.VIOLATION: VERDICT,
    Exit.USAGE: INPUT,
    Exit.DEPENDENCY: AGAIN,
    Exit.SOURCE: AGAIN,
    Exit.PATCH: INPUT,
    Exit.CONFIG: INPUT,
    Exit.BUILD: INPUT,
    Exit.BOOT: VERDICT,
    Exit.CRASH: VERDICT,
    Exit.INCOMPLETE: VERDICT,
    Exit.HOST: AGAIN,
    Exit.KILLED: AGAIN,
    Exit.STALE: AGAIN,
    Exit.UNSTABLE: VERDICT,
    Exit.DEFECT: "a defect, report it",
    Exit.INTERRUPTED: AGAIN,
}


class WbError(Exception):
    """An error with an exit code; its text is one line for the user."""

    def __init__(self, code: Exit, text: str) -> None:
        super().__init__(text)
        self.code = code

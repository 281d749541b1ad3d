# SPDX-License-Identifier: GPL-2.0
"""Debian packages that a job needs, and their installation."""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
import time

from . import proc
from .errors import Exit, WbError

# A package, and a file or command that shows it is there on other systems.
BUILD = {
    "bc": "bc",
    "bison": "bison",
    "ccache": "",
    "flex": "flex",
    "gcc": "gcc",
    "git": "git",
    "libc6-dev": "/usr/include/stdio.h",
    "make": "make",
    "perl": "perl",
    "xz-utils": "xz",
}
CHECK = {
    "mypy": "mypy",
    "pyflakes3": "pyflakes3",
    "shellcheck": "shellcheck",
}


# What apt says if another one is running, in the C locale: of dpkg's locks, of the lists', of the archives'.
LOCKED = r"(Could not get lock .*|Unable to acquire the dpkg frontend lock.*|Unable to lock .*)"
PATIENCE = 300  # seconds for another one to end
SAID_EVERY = 10
PAUSE = 1


def _missing(packages: dict[str, str]) -> list[str]:
    if shutil.which("dpkg-query"):
        status = proc.capture(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n"]) or ""
        installed = {f[0] for f in map(str.split, status.splitlines()) if f[1:] == ["installed"]}
        return [p for p, probe in packages.items()
                if p not in installed and not (probe and shutil.which(probe))]
    return [p for p, probe in packages.items()
            if probe and not shutil.which(probe) and not os.path.exists(probe)]


def _alone(command: list[str], label: str) -> proc.Done:
    """Run an apt command when no other is running.

    apt itself can wait for dpkg's lock alone, and only recent versions can.
    """
    start = time.monotonic()
    last = -math.inf
    while True:
        done = proc.run(command, label=label)
        held = re.search(LOCKED, done.output) if done.code else None
        now = time.monotonic()
        if held is None or now - start > PATIENCE:
            return done
        if now - last > SAID_EVERY:
            print(f"{label}: waiting, {now - start:.0f} of {PATIENCE} s: {held[0].strip()}",
                  file=sys.stderr, flush=True)
            last = now
        time.sleep(PAUSE)


def require(packages: dict[str, str]) -> None:
    """Install what is missing of `packages`, or say how to."""
    missing = _missing(packages)
    if not missing:
        return
    line = f"apt-get install --no-install-recommends {' '.join(missing)}"
    apt = shutil.which("apt-get")
    if not apt:
        raise WbError(
            Exit.DEPENDENCY,
            f"please install what Debian has as {', '.join(missing)}: "
            "this machine has no apt-get to do it with",
        )
    if os.geteuid() == 0:
        prefix = []
    elif shutil.which("sudo") and proc.capture(["sudo", "-n", "true"]) is not None:
        prefix = ["sudo", "-n"]
    else:
        raise WbError(Exit.DEPENDENCY, f"packages are missing; please run: sudo {line}")

    how = "through sudo" if prefix else "as root"
    print(f"installing {how}: {' '.join(missing)}", file=sys.stderr, flush=True)
    install = [*prefix, "env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", apt, "install", "-y", "-qq",
               "--no-install-recommends", *missing]
    done = _alone(install, "installing")
    if done.code and not re.search(LOCKED, done.output):
        # The lists may be old, or never have been fetched.
        _alone([*prefix, "env", "LC_ALL=C", apt, "update", "-qq"], "updating the package lists")
        done = _alone(install, "installing")
    if done.code:
        raise WbError(Exit.DEPENDENCY, f"'{line}' failed: {done.reason}")

# SPDX-License-Identifier: GPL-2.0
"""Where things are, and what the environment asks for."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .errors import Exit, WbError

ROOT = Path(__file__).resolve().parents[2]


MAX_JOBS = 4096
MAX_CPUS = 8  # NR_CPUS of kconfig/


def _number(name: str, default: int, most: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise WbError(Exit.USAGE, f"{name}={text}: not a number from 1 to {most}")
    return int(text)


def expanded(text: str) -> Path:
    """A folder or file of the user's."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise WbError(Exit.USAGE, f"{text}: there is no such user's home") from error


@dataclass(frozen=True)
class Settings:
    """Folders and switches of one invocation."""

    root: Path
    build: Path
    cache: Path
    jobs: int
    cpus: int  # of a machine under QEMU
    verbose: bool

    @staticmethod
    def from_environment() -> Settings:
        env = os.environ
        try:
            base = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        except RuntimeError as error:
            raise WbError(Exit.HOST, "there is no home folder for this user: set XDG_CACHE_HOME"
                          ) from error
        build = Path(env.get("WB_BUILD") or ROOT / "build").absolute()
        if re.search(r"[\s:]", str(build)):
            raise WbError(Exit.USAGE, f"'{build}': kernels can't be built in a folder with spaces or "
                          "colons in its name: choose another with WB_BUILD")
        return Settings(
            root=ROOT,
            build=build,
            cache=base.absolute() / "page-writeback",
            jobs=_number("JOBS", os.cpu_count() or 1, MAX_JOBS),
            cpus=_number("SMP", 2, MAX_CPUS),
            verbose=env.get("V", "") not in ("", "0"),
        )


def make_folder(path: Path) -> Path:
    """Create a folder that must be writable."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise WbError(
            Exit.HOST,
            f"can't write to {path}: {error.strerror}; "
            "choose others with XDG_CACHE_HOME and WB_BUILD",
        ) from error
    return path


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Let one run at a time use a folder; a second one waits.

    Also for what a run that was killed has left running: the lock is its, too.
    """
    make_folder(folder)
    with open(folder / ".lock", "w", encoding="ascii") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting: another run is using {folder}", file=sys.stderr, flush=True)
            fcntl.flock(f, fcntl.LOCK_EX)
        proc.passed_on.add(f.fileno())
        try:
            yield
        finally:
            proc.passed_on.discard(f.fileno())

# SPDX-License-Identifier: GPL-2.0
"""Where things are, and what the environment asks for."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sys
import time
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
    """A folder or file of the user's, by the one name that does not depend on the way to it."""
    path = Path(text)
    try:
        path = path.expanduser()
    except RuntimeError as error:
        raise WbError(Exit.USAGE, f"{text}: there is no such user's home") from error
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise WbError(Exit.USAGE, f"{text}: {getattr(error, 'strerror', None) or error}") from error


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
        probe.unlink(missing_ok=True)  # wbcheck clean may have come across it
    except OSError as error:
        raise WbError(
            Exit.HOST,
            f"can't write to {path}: {error.strerror}; "
            "choose others with XDG_CACHE_HOME and WB_BUILD",
        ) from error
    return path


LOCK = ".lock"


def _holder(fd: int) -> str:
    """The process that wrote its number into a lock, as a part of a sentence."""
    number = os.pread(fd, 20, 0).decode(errors="replace").strip()
    if not number.isdecimal():
        return "another run"
    try:
        command = Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return f"what process {number} has left running"
    return f"process {number} ({' '.join(command.split(chr(0))[:4]).strip()})"


def _is_file(fd: int, path: Path) -> bool:
    """Whether an open file still has this name."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(fd), there)


def _try(path: Path) -> tuple[int, bool]:
    """Open a lock; returns whether it was free, too, and is ours now.

    One that somebody removes while others wait for it is no lock any more: those
    that come later make another.
    """
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return fd, False
        except BaseException:
            os.close(fd)
            raise
        if _is_file(fd, path):
            return fd, True
        os.close(fd)


def _take(path: Path) -> int:
    """Wait for a lock, and say for whom."""
    fd, ours = _try(path)
    if ours:
        return fd
    print(f"waiting: {_holder(fd)} is using {path.parent}", file=sys.stderr, flush=True)
    with proc.progress(f"waiting for {path.parent}") as p:
        while not ours:
            p.tick(lambda: _holder(fd))
            os.close(fd)
            proc.go_on("waiting for another run")
            time.sleep(0.2)
            fd, ours = _try(path)
    return fd


@contextlib.contextmanager
def _held(fd: int) -> Iterator[None]:
    """Keep a lock that was taken.

    Also for what a run that was killed has left running: the lock is its, too.
    """
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        proc.passed_on.add(fd)
        yield
    finally:
        proc.passed_on.discard(fd)
        os.close(fd)


@contextlib.contextmanager
def lock(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Let one run at a time use a folder, or a part of it; a second one waits."""
    make_folder(folder)
    with _held(_take(folder / name)):
        yield


@contextlib.contextmanager
def lock_if_free(folder: Path, name: str) -> Iterator[bool]:
    """The same for what can be left undone: nobody waits. Yields whether the lock was free."""
    fd, ours = _try(folder / name)
    if ours:
        with _held(fd):
            yield True
    else:
        os.close(fd)
        yield False


@contextlib.contextmanager
def build_lock(build: Path) -> Iterator[None]:
    """Let one run at a time use the build folder, without the leftovers of interrupted ones."""
    with lock(build):
        proc.remove([*build.glob("*.new"), *build.glob("*.new.names"), *build.glob("*/.kunit*.new")])
        yield


def clean(build: Path) -> None:
    """Remove all that is in the build folder but its lock, for which others may be waiting."""
    if build.is_dir():
        with lock(build):
            proc.remove([p for p in build.iterdir() if p.name != LOCK])

# SPDX-License-Identifier: GPL-2.0
"""What results are of: the tree, the suite, the tools, and how they were asked for."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import build, cells, proc, stage
from .arches import Arch
from .fetch import Source
from .lines import Line
from .settings import Settings

ASKED = ("KSRC", "ACCEL")  # of the environment
SUITE = ("kunit", "kconfig")  # what the suite is made of


def hash_of(root: Path, folders: Iterable[str]) -> str:
    """Names the content of all files of some folders, wherever these are."""
    digest = hashlib.sha256()
    for path in sorted(p for f in folders for p in (root / f).rglob("*")):
        if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts:
            name = os.fsencode(path.relative_to(root))
            content = hashlib.sha256(path.read_bytes()).digest()
            digest.update(name + b"\0" + content)
    return digest.hexdigest()


def _git(tree: Path, *args: str) -> str | None:
    out = proc.capture(["git", "-c", "safe.directory=*", "--no-optional-locks", "-C", tree, *args])
    return None if out is None else out.strip()


def commit_of(tree: Path) -> str | None:
    """The commit of a git work tree, with "-dirty" if files that git tracks differ from it.

    None for a tree that has no history of its own, also if a folder above it has one.
    """
    if not (tree / ".git").exists():
        return None
    commit = _git(tree, "rev-parse", "HEAD")
    if not commit:
        return None
    return commit + ("-dirty" if _git(tree, "status", "--porcelain", "-uno") else "")


def _first_row(command: Sequence[str | Path]) -> str | None:
    rows = (proc.capture(command) or "").splitlines()
    return rows[0] if rows else None


def _arch(settings: Settings, line: Line, arch: Arch) -> dict[str, Any]:
    """With which tools and configuration kernels of an architecture are made and run."""
    config = cells.kunitconfig(settings, line, arch)
    fragments = (*arch.fragments, *build.line_fragments(settings.root, line.name, arch.fragments))
    return {
        "compiler": _first_row([arch.compiler, "--version"]),
        "qemu": _first_row([arch.qemu[0], "--version"]) if arch.qemu else None,
        "configuration": {"fragments": fragments, "base": arch.base,
                          "sha256": hashlib.sha256(config.encode()).hexdigest()},
        "parameters": arch.parameters,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class Run:
    """What is known about a run; called, all of it so far."""

    def __init__(self, settings: Settings, line: Line, archs: Sequence[Arch],
                 bound: int | None) -> None:
        self.start = time.monotonic()
        self.settings, self.line, self.archs = settings, line, archs
        self.fixed: dict[str, Any] = {
            "command": shlex.join(["tools/wbcheck", *sys.argv[1:]]),
            "environment": {n: os.environ[n] for n in ASKED if os.environ.get(n)}
            | {"SMP": str(settings.cpus), "JOBS": str(settings.jobs)},
            "bound": "default" if bound is None else bound,
            "tool": {"commit": commit_of(settings.root), "sha256": hash_of(settings.root, ["tools/wb"])},
            "suite": {"sha256": hash_of(settings.root, SUITE)},
            "patches": {"sha256": hash_of(settings.root, ["patches"])},
            "started": _now(),
        }
        self.known: dict[str, Any] = {}

    def of(self, source: Source) -> None:
        """The source is there, and so are the packages."""
        self.known = {
            "source": {"path": str(source.path), "version": source.version,
                       "commit": commit_of(source.path)},
            "architectures": {a.label: _arch(self.settings, self.line, a) for a in self.archs},
        }

    def __call__(self) -> dict[str, Any]:
        trees = {path.name: digest for path, digest in sorted(stage.digests.items())}
        return {**self.fixed, **self.known, "staged": trees, "ended": _now(),
                "seconds": round(time.monotonic() - self.start, 1)}

# SPDX-License-Identifier: GPL-2.0
"""A build folder that begins as a copy of another tree's, where most objects are the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import build, proc, stage
from .errors import Exit, WbError

TRACKED = (".c", ".h", ".S")  # what make's notes on an object tell of
MOST = 100  # differences, of which more leave too little


def differences(built_from: dict[str, tuple[str, str]], now: dict[str, tuple[str, str]]) -> set[str]:
    """The files that are not the same."""
    return {n for n in built_from.keys() | now.keys()
            if built_from.get(n, ("",))[0] != now.get(n, ("",))[0]}


def _without(build_dir: Path, names: set[str]) -> None:
    """Remove the objects that were made from these files."""
    words = [f"/{n}".encode(errors="surrogateescape") for n in names]
    for folder, _, files in os.walk(build_dir):
        proc.go_on(f"copying {build_dir.name}")
        for file in files:
            if file.startswith(".") and file.endswith(".cmd"):
                note = Path(folder, file)
                text = note.read_bytes()
                if any(w in text for w in words):
                    (note.parent / file[1:-len(".cmd")]).unlink(missing_ok=True)
                    note.unlink()


def _built_by_hand(build_dir: Path) -> bool:
    """Was something compiled or linked there since our own build?"""
    stamp = (build_dir / build.STAMP).stat().st_mtime_ns
    return any(
        Path(folder, f).stat().st_mtime_ns > stamp
        for folder, _, files in os.walk(build_dir) for f in files
        if f.endswith(".o") or f == "vmlinux"
    )


def adopt(tree: Path, twin: Path, name: str) -> bool:
    """Let the build folder `name` of a staged tree begin as a copy of the twin's.

    The twin is staged from the same source. What was made from files that differ
    is left out; those that are alike get the twin's times, so that make takes
    what was made from them as up to date. Nothing is done, and False returned,
    where there is such a folder already, the twin's is of no known state (somebody has
    built in it by hand, say), or the trees differ in what objects are not known to depend on.
    """
    target, origin = tree / name, twin / name
    if target.exists() or not (origin / build.STAMP).is_file() or _built_by_hand(origin):
        return False
    built_from, now = stage.read_manifest(origin / build.MANIFEST), stage.read_manifest(tree / stage.STAMP)
    differ = differences(built_from, now)
    if not built_from or len(differ) > MOST or not all(n.endswith(TRACKED) for n in differ):
        return False
    new = tree / f"{name}.new"
    try:
        shutil.rmtree(new, ignore_errors=True)
        done = proc.run(["cp", "-a", origin, new], label=f"copying {name} of {twin.name}")
        if done.code:
            raise WbError(Exit.HOST, f"can't copy {origin}: {done.reason}")
        (new / build.STAMP).unlink(missing_ok=True)
        _without(new, differ)
        of_twin = stage.read_manifest(twin / stage.STAMP)
        for file, (identity, _) in now.items():
            proc.go_on(f"copying {name} of {twin.name}")
            if stage.is_own(identity) and of_twin.get(file, ("",))[0] == identity:
                st = (twin / file).stat()
                os.utime(tree / file, ns=(st.st_atime_ns, st.st_mtime_ns))
        os.replace(new, target)
    except OSError as error:
        raise WbError(
            Exit.HOST, f"can't copy {origin} to {target}: {error.strerror}: {error.filename}"
        ) from error
    return True

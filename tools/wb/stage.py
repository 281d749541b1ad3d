# SPDX-License-Identifier: GPL-2.0
"""Staged trees: a copy of a source, with a variant's patches and the suite.

The source is only read. A staged tree is brought up to date by what changed:
files that stay the same keep their time stamps, so that make rebuilds no more
than it has to.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .errors import Exit, WbError
from .fetch import Source
from .settings import make_folder

# Where staged trees share files with a pristine source instead of copying
# them: large, and nothing that somebody who studies the page cache edits.
SHARED = ("Documentation", "arch", "drivers", "net", "samples", "sound")

SUITE = "mm/tests"
BUILD_DIR = ".kunit"
HOOKS = {
    "mm/Makefile": "include $(srctree)/mm/tests/instrument.mk\n",
    "mm/Kconfig": 'source "mm/tests/Kconfig"\n',
}
STAMP = ".wb-staged"


@dataclass(frozen=True)
class Staged:
    """A staged tree; `digest` names its content."""

    path: Path
    digest: str


def _ignored(name: str) -> bool:
    """What a plain folder may hold of an earlier build, and no source does."""
    base = name.rpartition("/")[2]
    return (
        name.startswith(("include/generated/", "include/config/", ".git/", BUILD_DIR + "/"))
        or "/include/generated/" in name
        or base.endswith((".o", ".a", ".ko", ".cmd", ".order", ".mod", ".mod.c", ".d"))
        or base in (".config", ".config.old", "vmlinux", "linux", "System.map", "Module.symvers")
        or base.startswith((".tmp_", ".vmlinux"))
    )


def source_names(tree: Path) -> list[str]:
    """The source files of a tree, by path relative to it.

    In a git work tree those that git tracks, as they are now, and untracked
    ones that it does not ignore; elsewhere all but the products of a build.
    """
    if (tree / ".git").exists():
        out = proc.capture(
            ["git", "-c", "safe.directory=*", "-C", tree, "ls-files", "-z", "-c", "-o",
             "--exclude-standard"]
        )
        if out is None:
            raise WbError(Exit.USAGE, f"git can't list the files of {tree}")
        names = {n for n in out.split("\0") if n}
        return sorted(n for n in names if os.path.lexists(tree / n))
    names_list = []
    prefix = len(os.fspath(tree)) + 1
    for folder, dirs, files in os.walk(tree):
        dirs.sort()
        names_list += [os.path.join(folder, f)[prefix:] for f in files]
        names_list += [
            os.path.join(folder, d)[prefix:] for d in dirs if os.path.islink(os.path.join(folder, d))
        ]
    return sorted(n for n in names_list if not _ignored(n))


def apply_patches(source: Path, patches: Iterable[Path]) -> dict[str, bytes | None]:
    """What a stack of patches makes of the files that it touches.

    Returns the content by path; None for a file that is removed. Nothing is
    written to the source.
    """
    changed: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="wb-patch.") as tmp:
        work = Path(tmp) / "tree"
        work.mkdir()
        env = {"GIT_CEILING_DIRECTORIES": tmp, "GIT_CONFIG_GLOBAL": "/dev/null"}
        for patch in patches:
            out = proc.run(["git", "apply", "--numstat", "-z", patch], cwd=work, env=env)
            if out.code:
                raise WbError(Exit.PATCH, f"{patch}: {out.output.strip().splitlines()[0]}")
            for name in (row.split("\t")[2] for row in out.output.split("\0") if row):
                if name not in changed and (source / name).is_file():
                    (work / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source / name, work / name)
                changed.add(name)
            out = proc.run(["git", "apply", "--whitespace=nowarn", patch], cwd=work, env=env)
            if out.code:
                raise WbError(
                    Exit.PATCH,
                    f"{patch.name} does not apply to {source}: "
                    f"{out.output.strip().splitlines()[0]}",
                )
        return {n: (work / n).read_bytes() if (work / n).exists() else None for n in changed}


def suite_files(root: Path, kunitconfig: str) -> dict[str, bytes]:
    """The suite, as staged."""
    suite = root / "kunit"
    files = {
        f"{SUITE}/{p.relative_to(suite)}": p.read_bytes()
        for p in sorted(suite.rglob("*"))
        if p.is_file() and not p.name.startswith(".")
    }
    files[f"{SUITE}/.kunitconfig"] = kunitconfig.encode()
    return files


def overlay(
    source: Source, root: Path, patches: Iterable[Path], kunitconfig: str
) -> dict[str, bytes | None]:
    """All that makes a staged tree differ from its source."""
    files: dict[str, bytes | None] = dict(apply_patches(source.path, patches))
    for name, content in suite_files(root, kunitconfig).items():
        if (source.path / name).exists():
            raise WbError(
                Exit.USAGE, f"{source.path} has a file {name} of its own: the suite needs the name"
            )
        files[name] = content
    for name, line in HOOKS.items():
        before = files.get(name)
        if before is None:
            before = (source.path / name).read_bytes()
        files[name] = before.rstrip(b"\n") + b"\n" + line.encode()
    return files


def _identity(st: os.stat_result) -> str:
    return f"{st.st_size}:{st.st_mtime_ns}:{st.st_mode:o}"


def _copy(source: Path, target: Path, share: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    tmp = target.with_name(target.name + ".wb-new")
    if source.is_symlink():
        os.symlink(os.readlink(source), tmp)
    elif share:
        try:
            os.link(source, tmp)
        except OSError:
            shutil.copy2(source, tmp)
    else:
        shutil.copy2(source, tmp)
        os.chmod(tmp, stat.S_IMODE(os.stat(tmp).st_mode) | stat.S_IWUSR)
    os.replace(tmp, target)


def _write(target: Path, content: bytes) -> bool:
    """Replace a file unless it has this content already."""
    if target.is_file() and not target.is_symlink() and target.read_bytes() == content:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    tmp = target.with_name(target.name + ".wb-new")
    tmp.write_bytes(content)
    os.replace(tmp, target)
    return True


def _read_manifest(path: Path) -> dict[str, str]:
    try:
        rows = path.read_text(errors="surrogateescape").split("\0")
    except OSError:
        return {}
    return dict(row.rsplit("\t", 1) for row in rows if row)  # type: ignore[misc]


def sync(source: Source, files: dict[str, bytes | None], stage: Path) -> Staged:
    """Make `stage` the source plus `files`, touching only what differs."""
    manifest_path = stage / STAMP
    before = _read_manifest(manifest_path)
    now: dict[str, str] = {}
    restored: list[str] = []
    label = f"staging {stage.name}"
    try:
        make_folder(stage)
        with proc.progress(label) as p:
            for i, name in enumerate(source_names(source.path)):
                src = source.path / name
                identity = _identity(os.lstat(src))
                now[name] = identity
                if name in files:
                    continue
                target = stage / name
                try:
                    st = os.lstat(target)
                    same = stat.S_ISLNK(st.st_mode) or (
                        st.st_size == int(identity.split(":")[0])
                        and st.st_mtime_ns == int(identity.split(":")[1])
                    )
                except FileNotFoundError:
                    same = False
                if before.get(name) == identity and same:
                    continue
                if before.get(name) == identity:
                    restored.append(name)
                _copy(src, target, source.pristine and name.startswith(SHARED))
                if i % 200 == 0:
                    p.tick(f"{i} files")
            for name, content in files.items():
                if content is None:
                    (stage / name).unlink(missing_ok=True)
                else:
                    _write(stage / name, content)
            _remove_stale(stage, set(now) | set(files), set(before))
        everything = now | {
            n: hashlib.sha256(c or b"").hexdigest() for n, c in files.items()
        }
        text = "\0".join(f"{n}\t{i}" for n, i in sorted(everything.items()))
        tmp = manifest_path.with_name(STAMP + ".new")
        tmp.write_text(text, errors="surrogateescape")
        os.replace(tmp, manifest_path)
    except OSError as error:
        raise WbError(
            Exit.HOST, f"can't stage {source.path} in {stage}: {error.strerror}: {error.filename}"
        ) from error
    if restored:
        names = ", ".join(restored[:3]) + (" ..." if len(restored) > 3 else "")
        print(
            f"note: edited in the staged tree, and now as in the source again: {names}",
            file=sys.stderr,
        )
    return Staged(stage, hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest())


def _remove_stale(stage: Path, wanted: set[str], before: set[str]) -> None:
    """Remove what an earlier staging put there and is not wanted any more."""
    for name in before - wanted:
        (stage / name).unlink(missing_ok=True)
    suite = stage / SUITE
    for path in suite.rglob("*"):
        if path.is_file() and str(path.relative_to(stage)) not in wanted:
            path.unlink()

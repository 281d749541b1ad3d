# SPDX-License-Identifier: GPL-2.0
"""Staged trees: a copy of a source, with a variant's patches and the suite.

The source is only read. A staged tree is brought up to date by what changed:
files that stay the same keep their time stamps, so that make rebuilds no more
than it has to.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import fetch, proc
from .errors import Exit, WbError
from .fetch import COPIED, Source
from .lines import Form
from .settings import make_folder

SUITE = "mm/tests"
KUNITCONFIG = f"{SUITE}/page_writeback/.kunitconfig"
BUILD_DIR = ".kunit"  # of User-Mode Linux; the others' names begin with it
HOOKS = {
    "fs/Makefile": "include $(srctree)/mm/tests/locks.mk\n",
    "kernel/sched/Makefile": "include $(srctree)/mm/tests/locks.mk\n",
    "lib/Makefile": "include $(srctree)/mm/tests/locks.mk\n",
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
        name.startswith(("include/generated/", "include/config/", ".git/", BUILD_DIR))
        or "/include/generated/" in name
        or base.endswith((".o", ".a", ".ko", ".so", ".s", ".cmd", ".order", ".mod", ".mod.c", ".d",
                          ".lex.c", ".tab.c", ".tab.h", ".asn1.c", ".asn1.h"))
        or base in (".git", ".config", ".config.old", "vmlinux", "linux", "System.map",
                    "Module.symvers")
        or base.startswith((".tmp_", ".vmlinux"))
    )


def _is_there(path: Path) -> bool:
    """Neither removed, nor the folder of another repository."""
    try:
        return not stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _is_output(folder: Path) -> bool:
    """Is it what somebody builds in, with make O=?"""
    return (folder / "source").is_symlink() and (folder / ".config").exists()


def _outside_output(tree: Path, names: Iterable[str]) -> list[str]:
    """The names that are not in such a folder."""
    inside: dict[str, bool] = {"": False}

    def in_output(folder: str) -> bool:
        if folder not in inside:
            inside[folder] = in_output(os.path.dirname(folder)) or _is_output(tree / folder)
        return inside[folder]

    return [n for n in names if not in_output(os.path.dirname(n))]


def source_names(tree: Path) -> list[str]:
    """The source files of a tree, by path relative to it.

    In a git work tree of the kernel those that git tracks, as they are now, and
    untracked ones that it does not ignore; elsewhere all but the products of a
    build. In neither what is in a folder of make O=.
    """
    if (tree / ".git").exists():
        out = proc.capture(
            ["git", "-c", "safe.directory=*", "-C", tree, "ls-files", "-z", "-c", "-o",
             "--exclude-standard"]
        )
        if out is None:
            raise WbError(Exit.USAGE, f"git can't list the files of {tree}")
        names = {n for n in out.split("\0") if n}
        # Debian's sources say that git is to ignore all of them.
        if "mm/Makefile" in names:
            return _outside_output(tree, sorted(n for n in names if _is_there(tree / n)))
    names_list = []
    prefix = len(os.fspath(tree)) + 1
    for folder, dirs, files in os.walk(tree):
        proc.go_on(f"reading {tree}")
        dirs[:] = sorted(d for d in dirs if not _is_output(Path(folder, d)))
        names_list += [os.path.join(folder, f)[prefix:] for f in files]
        names_list += [
            os.path.join(folder, d)[prefix:] for d in dirs if os.path.islink(os.path.join(folder, d))
        ]
    return sorted(n for n in names_list if not _ignored(n))


def apply_patches(source: Path, patches: Iterable[Path | Form]) -> dict[str, bytes | None]:
    """What a stack of patches makes of the files that it touches.

    Returns the content by path; None for a file that is removed. Nothing is
    written to the source.
    """
    changed: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="wb-patch.") as tmp:
        work = Path(tmp) / "tree"
        work.mkdir()
        env = {"GIT_CEILING_DIRECTORIES": tmp, "GIT_CONFIG_GLOBAL": "/dev/null"}
        for form in (p if isinstance(p, Form) else Form(p) for p in patches):
            patch = form.path
            out = proc.run(["git", "apply", "--numstat", "-z", *form.options], cwd=work, env=env)
            if out.code:
                raise WbError(Exit.PATCH, f"{patch}: {out.output.strip().splitlines()[0]}")
            for name in (row.split("\t")[2] for row in out.output.split("\0") if row):
                if name not in changed and (source / name).is_file():
                    (work / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source / name, work / name)
                changed.add(name)
            out = proc.run(["git", "apply", "--whitespace=nowarn", *form.options], cwd=work,
                           env=env)
            if out.code:
                raise WbError(
                    Exit.PATCH,
                    f"{patch.name} does not apply to {source}: "
                    f"{out.output.strip().splitlines()[0]}",
                )
        return {n: (work / n).read_bytes() if (work / n).exists() else None for n in changed}


def native_config(tree: Path, kunitconfig: str) -> str:
    """A kunitconfig as the tree's own kunit.py is to be given it.

    For User-Mode Linux it adds what arch_uml.config has, unless it is told not to, and
    that would be another kernel than ours.
    """
    path = tree / "tools/testing/kunit/configs/arch_uml.config"
    added = re.findall(r"^(CONFIG_\w+)=", path.read_text(), re.M) if path.is_file() else []
    return kunitconfig + "".join(
        f"# {symbol} is not set\n" for symbol in added if f"{symbol}=" not in kunitconfig
    )


def suite_files(root: Path, kunitconfig: str) -> dict[str, bytes]:
    """The suite, as staged; with a kunitconfig where kunit.py looks for it."""
    suite = root / "kunit"
    files = {
        f"{SUITE}/{p.relative_to(suite)}": p.read_bytes()
        for p in sorted(suite.rglob("*"))
        if p.is_file() and not p.name.startswith(".")
    }
    files[KUNITCONFIG] = kunitconfig.encode()
    return files


def overlay(
    source: Source, root: Path, patches: Iterable[Path | Form], kunitconfig: str
) -> dict[str, bytes | None]:
    """All that makes a staged tree differ from its source."""
    files: dict[str, bytes | None] = dict(apply_patches(source.path, patches))
    native = native_config(source.path, kunitconfig)
    if (source.path / SUITE / "page_writeback").is_dir():
        raise WbError(Exit.USAGE, f"{source.path} has the suite already: give the tree that "
                      "it was staged from")
    for name, content in suite_files(root, native).items():
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


def _copy(source: Path, target: Path) -> None:
    """Copy a file. The copy has a new time, whatever the file's own is: make
    compares it with what was built from an older copy.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    tmp = target.with_name(target.name + ".wb-new")
    if source.is_symlink():
        os.symlink(os.readlink(source), tmp)
    else:
        shutil.copy(source, tmp)
        os.chmod(tmp, stat.S_IMODE(os.stat(tmp).st_mode) | stat.S_IWUSR)
    os.replace(tmp, target)


def _has(path: Path, content: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content


def _write(target: Path, content: bytes) -> None:
    """Replace a file unless it has this content already."""
    if _has(target, content):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    tmp = target.with_name(target.name + ".wb-new")
    tmp.write_bytes(content)
    os.replace(tmp, target)


def _clone(source: Source, stage: Path) -> None:
    """A first staged tree, by the fastest way there is."""
    new = stage.with_name(stage.name + ".new")
    if new.exists():
        proc.remove([new])
    new.mkdir(parents=True)
    label = f"staging {stage.name}"
    if source.pristine:
        top = os.listdir(source.path)
        share: list[str | Path] = [source.path / n for n in top if n not in COPIED]
        copy: list[str | Path] = [source.path / n for n in top if n in COPIED]
        with ThreadPoolExecutor() as pool:
            copied = pool.submit(proc.run, ["cp", "-a", *copy, new], label=label)
            try:
                # Sharing takes one file system for both.
                done = proc.run(["cp", "-al", *share, new], label=label)
                if done.code:
                    done = proc.run(["cp", "-af", *share, new], label=label)
                if not done.code:
                    done = proc.result(copied)
            except BaseException:
                proc.cancelled.set()  # or the pool would wait for the copy
                raise
    else:
        names_file = new.with_name(new.name + ".names")
        names_file.write_text("\0".join(identities(source.path)), errors="surrogateescape")
        script = (
            'tar -C "$1" --null --no-recursion -T "$2" -cf - | tar -C "$3" -xf - && '
            'chmod -R u+w "$3"'
        )
        done = proc.run(["sh", "-c", script, "sh", source.path, names_file, new], label=label)
        names_file.unlink()
    if done.code:
        code = Exit.HOST if "No space" in done.output else Exit.USAGE
        raise WbError(code, f"can't stage {source.path} in {stage}: {done.reason}")
    os.replace(new, stage)


def is_own(identity: str) -> bool:
    """Is a file of the manifest not the source's?"""
    return ":" not in identity and identity != "-"


def read_manifest(path: Path) -> dict[str, tuple[str, str]]:
    """What was staged: by name the identity in the source, and when staged."""
    try:
        rows = path.read_text(errors="surrogateescape").split("\0")
    except OSError:
        return {}
    fields = [row.rsplit("\t", 2) for row in rows if row.count("\t") >= 2]
    return {name: (identity, staged) for name, identity, staged in fields}


def _identity_or_none(path: Path) -> str | None:
    try:
        return _identity(os.lstat(path))
    except OSError:
        return None


def _staged_identity(path: Path) -> str:
    try:
        st = os.lstat(path)
    except FileNotFoundError:
        return "absent"
    return "link" if stat.S_ISLNK(st.st_mode) else f"{st.st_size}:{st.st_mtime_ns}"


@functools.cache
def _read_identities(tree: Path) -> dict[str, str]:
    found = {}
    for name in source_names(tree):
        proc.go_on(f"reading {tree}")
        st = os.lstat(tree / name)
        if stat.S_ISLNK(st.st_mode):
            _require_inside(tree, name)
        found[name] = _identity(st)
    return found


def _require_inside(tree: Path, name: str) -> None:
    """Raise for a symbolic link out of the tree: what it leads to is not ours to look after."""
    link = os.readlink(tree / name)
    real = os.path.realpath(tree)
    leads_to = os.path.realpath(tree / name)
    if os.path.isabs(link) or not leads_to.startswith(f"{real}/"):
        raise WbError(Exit.USAGE, f"{tree / name} is a symbolic link to {link}, out of the tree; "
                      "please give a copy without such links, made with cp -rL, say")


_identifying = threading.Lock()


def identities(tree: Path) -> dict[str, str]:
    """Size, time and mode of each source file of a tree, read once."""
    with _identifying:
        return _read_identities(tree)


def _as_text(manifest: dict[str, str]) -> str:
    return "\0".join(f"{n}\t{i}" for n, i in sorted(manifest.items()))


def _write_whole(path: Path, text: str) -> None:
    """Write a manifest whole or not at all, whoever else does."""
    tmp = path.with_name(f"{path.name}.{os.getpid()}")
    tmp.write_text(text, errors="surrogateescape")
    os.replace(tmp, path)


def _require_pristine(tree: Path) -> None:
    """Raise if a source of ours is not as it was when it was first used.

    A staged tree shares files with it: an editor that does not make a new file changes both.
    """
    now = identities(tree)
    noted = fetch.noted_files(tree)
    try:
        text = noted.read_text(errors="surrogateescape")
    except FileNotFoundError:
        _write_whole(noted, _as_text(now))
        return
    if text == _as_text(now):
        return
    before = dict(row.rsplit("\t", 1) for row in text.split("\0"))
    name = min(n for n in now.keys() | before.keys() if now.get(n) != before.get(n))
    raise WbError(Exit.SOURCE, f"{tree}/{name} was edited, perhaps in a staged tree, which "
                  f"shares it, and is to stay as it came; please remove {tree}: it is got anew")


def _shared(source: Source, name: str) -> bool:
    return source.pristine and name.partition("/")[0] not in COPIED


_prepared: set[Path] = set()
_preparing: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


def prepare(source: Source, stage: Path) -> bool:
    """Copy a source that is not staged yet; returns whether it was not.

    sync() does this itself; in another thread it can be done beforehand.
    """
    with _preparing[stage]:
        if (stage / STAMP).is_file():
            return False
        if stage not in _prepared or not stage.is_dir():
            make_folder(stage.parent)
            # What an interrupted run has left is of no known state.
            if stage.exists():
                proc.remove([stage])
            _clone(source, stage)
            _prepared.add(stage)
    return True


# Of the trees that were staged by this run, as they were staged last.
digests: dict[Path, str] = {}


def sync(source: Source, files: dict[str, bytes | None], stage: Path) -> Staged:
    """Make `stage` the source plus `files`, touching only what differs."""
    manifest_path = stage / STAMP
    restored: list[str] = []
    label = f"staging {stage.name}"
    try:
        now = identities(source.path)
        if source.pristine:
            _require_pristine(source.path)
        fresh = prepare(source, stage)
        before = read_manifest(manifest_path)
        with proc.progress(label) as p:
            staged: dict[str, str] = {}
            for i, (name, identity) in enumerate(now.items()):
                proc.go_on(label)
                if name in files:
                    continue
                had, as_staged = before.get(name, ("", ""))
                same = had == identity or fresh
                target = stage / name
                if (same and not as_staged and _shared(source, name)
                        and _identity_or_none(target) == identity):
                    continue
                staged[name] = _staged_identity(target)
                if same and (fresh or staged[name] == as_staged):
                    continue
                if had == identity:
                    restored.append(name)
                _copy(source.path / name, target)
                staged[name] = _staged_identity(target)
                if i % 200 == 0:
                    p.tick(lambda n=i: f"{n} files")  # type: ignore[misc]
            for name, content in files.items():
                if content is None:
                    (stage / name).unlink(missing_ok=True)
                else:
                    _write(stage / name, content)
            _remove_stale(stage, set(now) | set(files), set(before))
        everything = now | {
            n: "-" if c is None else hashlib.sha256(c).hexdigest() for n, c in files.items()
        }
        text = "\0".join(
            f"{n}\t{i}\t{staged.get(n, '')}" for n, i in sorted(everything.items())
        )
        _write_whole(manifest_path, text)
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
    named = _as_text(everything).encode(errors="surrogateescape")
    digests[stage] = hashlib.sha256(named).hexdigest()
    return Staged(stage, digests[stage])


def _remove_stale(stage: Path, wanted: set[str], before: set[str]) -> None:
    """Remove what an earlier staging put there and is not wanted any more."""
    for name in before - wanted:
        (stage / name).unlink(missing_ok=True)
    suite = stage / SUITE
    for path in suite.rglob("*"):
        if path.is_file() and str(path.relative_to(stage)) not in wanted:
            path.unlink()

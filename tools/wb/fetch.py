# SPDX-License-Identifier: GPL-2.0
"""Kernel sources: one pristine copy a line, in the user's cache folder.

A source is complete or not there: it is made under another name, and renamed
when all of it has been checked and extracted.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .errors import Exit, WbError
from .lines import Line
from .settings import Settings, lock, make_folder


KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Source:
    """A kernel source tree that is only read.

    `pristine` sources are ours: nobody edits them, so that staged trees may
    share files with them.
    """

    path: Path
    version: str
    pristine: bool


def makefile_version(tree: Path) -> dict[str, str]:
    """VERSION, PATCHLEVEL and SUBLEVEL of a kernel tree."""
    try:
        text = (tree / "Makefile").read_text(errors="replace")
    except OSError as error:
        raise WbError(
            Exit.USAGE, f"{tree} is no kernel tree: it has no readable Makefile"
        ) from error
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL)\s*=\s*(\d+)\s*$", text, re.M))
    for need in ("mm/filemap.c", "mm/page-writeback.c", "tools/testing/kunit/kunit.py", "Kconfig"):
        if not (tree / need).is_file():
            raise WbError(Exit.USAGE, f"{tree} is no kernel tree with KUnit: it has no {need}")
    if len(found) < 3:
        raise WbError(Exit.USAGE, f"{tree} is no kernel tree: its Makefile states no version")
    return found


def check_line(tree: Path, line: Line) -> str:
    """The version of a tree, which must be of the given line."""
    v = makefile_version(tree)
    if any(v[k] != want for k, want in line.makefile.items()):
        raise WbError(
            Exit.USAGE,
            f"{tree} is a v{v['VERSION']}.{v['PATCHLEVEL']} tree, not {line.name}",
        )
    return f"{v['VERSION']}.{v['PATCHLEVEL']}.{v['SUBLEVEL']}"


def sha256(path: Path) -> str:
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _check_hash(path: Path, want: str) -> None:
    got = sha256(path)
    if got != want:
        path.unlink()
        raise WbError(
            Exit.SOURCE,
            f"{path.name} has SHA-256 {got}, expected {want}; it was removed, try again",
        )


def _size(folder: Path) -> str:
    total = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return f"{total / 1e6:.0f} MB"


def _debian_mirror() -> str | None:
    """Address of the Debian archive that this machine uses."""
    targets = proc.capture(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Label: Debian"]
    )
    return next(iter((targets or "").split()), None)


def _fetch_debian(line: Line, folder: Path) -> Path | None:
    """Download the line's source package with apt; None where that can't be."""
    d = line.debian
    mirror = _debian_mirror()
    if not d or not mirror:
        return None
    if not os.path.exists(KEYRING):
        raise WbError(
            Exit.DEPENDENCY, "please run: sudo apt-get install debian-archive-keyring"
        )
    state = folder / "apt"
    for sub in ("lists/partial", "archives/partial"):
        (state / sub).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {d['suite']} main\n")
    apt = [
        "apt-get", "-q",
        "-o", f"Dir::State={state}", "-o", f"Dir::State::lists={state}/lists",
        "-o", f"Dir::State::status={state}/status", "-o", f"Dir::Cache={state}",
        "-o", f"Dir::Etc::sourcelist={state}/sources.list", "-o", "Dir::Etc::sourceparts=-",
        "-o", "APT::Sandbox::User=root",
    ]
    wanted = f"{d['package']}={d['package_version']}"
    done = proc.run([*apt, "update"], label=f"reading the index of {d['suite']}")
    if done.code == 0:
        done = proc.run(
            [*apt, "download", wanted], cwd=folder,
            label=f"downloading {wanted}", detail=lambda: _size(folder),
        )
    debs = list(folder.glob("*.deb"))
    if done.code or len(debs) != 1:
        errors = [x for x in done.output.splitlines() if x.startswith(("E:", "Err:"))]
        reason = errors[0] if errors else "apt-get failed"
        raise WbError(Exit.SOURCE, f"can't download {wanted}: {reason}; or give KSRC=<tree>")
    _check_hash(debs[0], d["sha256"])

    tarball = folder / Path(d["tarball"]).name
    script = f'dpkg-deb --fsys-tarfile "$1" | tar -xO "./{d["tarball"]}" > "$2"'
    done = proc.run(["sh", "-c", script, "sh", debs[0], tarball], label="unpacking the package")
    if done.code or not tarball.stat().st_size:
        raise WbError(Exit.HOST, f"can't unpack {debs[0].name}: {done.reason}")
    debs[0].unlink()
    return tarball


def _fetch_kernel_org(line: Line, folder: Path) -> Path:
    k = line.kernel_org
    tarball = folder / Path(k["url"]).name
    try:
        with urllib.request.urlopen(k["sums"], timeout=60) as f:
            sums = f.read().decode()
        found = re.search(rf"^([0-9a-f]{{64}})\s+{re.escape(tarball.name)}$", sums, re.M)
        if not found:
            raise WbError(Exit.SOURCE, f"{k['sums']} does not list {tarball.name}")
        with (
            urllib.request.urlopen(k["url"], timeout=60) as f,
            open(tarball, "wb") as out,
            proc.progress(f"downloading {tarball.name}") as p,
        ):
            while block := f.read(1 << 20):
                out.write(block)
                p.tick(lambda: _size(folder))
    except (urllib.error.URLError, TimeoutError) as error:
        raise WbError(
            Exit.SOURCE, f"can't download {k['url']}: {error}; or give KSRC=<tree or tarball>"
        ) from error
    _check_hash(tarball, found[1])
    return tarball


def _extract(tarball: Path, folder: Path) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    done = proc.run(
        ["tar", "--strip-components=1", "-C", tree, "-xf", tarball],
        label=f"extracting {tarball.name}",
    )
    if done.code:
        code = Exit.HOST if "No space" in done.output else Exit.SOURCE
        raise WbError(code, f"can't extract {tarball}: {done.reason}")
    return tree


def _into_cache(line: Line, tarball: Path | None, target: Path) -> None:
    """Make `target` from a tarball, or from a download."""
    make_folder(target.parent)
    for stale in target.parent.glob(".new.*"):
        shutil.rmtree(stale, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=".new.", dir=target.parent))
    try:
        packed = tarball or _fetch_debian(line, folder) or _fetch_kernel_org(line, folder)
        tree = _extract(packed, folder)
        check_line(tree, line)
        tree.rename(target)
    except OSError as error:
        raise WbError(
            Exit.HOST, f"can't write the source to {target.parent}: {error.strerror or error}"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def get(settings: Settings, line: Line, given: str | None = None) -> Source:
    """The source of a line: the pinned one, or a folder or tarball of the user's."""
    sources = settings.cache / "sources"
    tarball = None
    target = sources / f"{line.name}-{line.version}"
    if given:
        path = Path(given).expanduser().absolute()
        if path.is_dir():
            return Source(path, check_line(path, line), pristine=False)
        if not path.is_file():
            raise WbError(Exit.USAGE, f"KSRC={given}: no such folder or tarball")
        tarball = path
        target = sources / f"{line.name}-{sha256(path)[:16]}"
    with lock(sources):
        if not target.is_dir():
            print(f"getting the source of {line.name} into {target}", file=sys.stderr, flush=True)
            _into_cache(line, tarball, target)
    return Source(target, check_line(target, line), pristine=True)

# SPDX-License-Identifier: GPL-2.0
"""Kernel sources: one pristine copy a line, in the user's cache folder.

A source is complete or not there: it is made under another name, and renamed
when all of it has been checked and extracted.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from . import proc
from .errors import Exit, WbError
from .lines import Line, Package
from .settings import LOCK, Settings, expanded, lock, lock_if_free, make_folder


# What staged trees have a copy of their own of. The rest of a pristine source
# is large, and nothing that somebody who studies the page cache edits: there
# they share the files with it.
COPIED = ("fs", "include", "init", "kernel", "lib", "mm")

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Source:
    """A kernel source tree that is only read.

    `pristine` sources are ours: nobody edits them, so that staged trees may
    share files with them. `instead_of` is the version that was to be had, and
    has left the archive.
    """

    path: Path
    version: str
    pristine: bool
    instead_of: str = ""

    @property
    def title(self) -> str:
        """The version, and that it is another one than was to be had."""
        return self.version + (f", instead of {self.instead_of}" if self.instead_of else "")


@dataclass(frozen=True)
class Offer:
    """A version of a package in the archive, with the hash of the signed index."""

    version: str
    sha256: str
    suite: str


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


def version_text(v: Mapping[str, str]) -> str:
    return f"{v['VERSION']}.{v['PATCHLEVEL']}.{v['SUBLEVEL']}"


def check_line(tree: Path, line: Line) -> str:
    """The version of a tree, which must be of the given line."""
    v = makefile_version(tree)
    if any(v[k] != want for k, want in line.makefile.items()):
        raise WbError(
            Exit.USAGE,
            f"{tree} is a v{v['VERSION']}.{v['PATCHLEVEL']} tree, not {line.name}",
        )
    return version_text(v)


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


def _version_parts(text: str) -> list[tuple[tuple[int, ...], int]]:
    """Text and numbers in turn. "~" sorts before the end, letters before the rest."""
    def order(c: str) -> int:
        return -1 if c == "~" else ord(c) if c.isalpha() else ord(c) + 256

    return [(tuple(map(order, word)) + (0,), int(number or 0))
            for word, number in re.findall(r"(\D*)(\d*)", text)]


def version_key(version: str) -> tuple[object, ...]:
    """Sorts versions as Debian does: see deb-version(7)."""
    epoch, _, rest = version.rpartition(":")
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return int(epoch or 0), _version_parts(upstream), _version_parts(revision)


def read_offers(index: str, package: str, suite: str) -> list[Offer]:
    """The versions of a package in what apt-cache show prints."""
    offers = []
    for stanza in index.split("\n\n"):
        row = dict(re.findall(r"(?m)^(Package|Version|SHA256): (\S+)$", stanza))
        if row.get("Package") == package and "Version" in row and "SHA256" in row:
            offers.append(Offer(row["Version"], row["SHA256"], suite))
    return offers


def choose(package: Package, series: str, offers: Sequence[Offer]) -> Offer:
    """The pinned version with its hash, or else the newest of the series."""
    for offer in offers:
        if offer.version == package.version:
            if offer.sha256 != package.sha256:
                raise WbError(
                    Exit.SOURCE, f"{package.name} {offer.version} has SHA-256 {offer.sha256} in the "
                    f"index of {offer.suite}, expected {package.sha256}",
                )
            return offer
    same = [o for o in offers if o.version.rpartition(":")[2].startswith(f"{series}.")]
    if not same:
        raise WbError(
            Exit.SOURCE, f"{package.name} {package.version} is not in {', '.join(package.suites)}, "
            f"nor any other of {series}; or give KSRC=<tree>",
        )
    return max(same, key=lambda o: version_key(o.version))


def _apt(state: Path, tool: str) -> list[str]:
    """An apt command that knows nothing but the folder `state`."""
    return [
        tool, "-q",
        "-o", f"Dir::State={state}", "-o", f"Dir::State::lists={state}/lists",
        "-o", f"Dir::State::status={state}/status", "-o", f"Dir::Cache={state}",
        "-o", f"Dir::Etc::sourcelist={state}/sources.list", "-o", "Dir::Etc::sourceparts=-",
        "-o", "APT::Sandbox::User=root", "-o", "APT::Get::List-Cleanup=0",
    ]


def _apt_error(done: proc.Done) -> str:
    errors = [x for x in done.output.splitlines() if x.startswith(("E:", "Err:"))]
    return errors[0] if errors else "apt-get failed"


def _find_offer(state: Path, mirror: str, package: Package, series: str) -> Offer:
    """Look through the suites, until one has the pinned version."""
    offers: list[Offer] = []
    problem = ""
    for suite in package.suites:
        (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")
        done = proc.run([*_apt(state, "apt-get"), "update"], label=f"reading the index of {suite}")
        if done.code:
            problem = problem or _apt_error(done)
            continue
        shown = proc.capture([*_apt(state, "apt-cache"), "show", package.name])
        offers += read_offers(shown or "", package.name, suite)
        if any(o.version == package.version for o in offers):
            break
    if not offers and problem:
        raise WbError(Exit.SOURCE, f"can't download {package.name}: {problem}; or give KSRC=<tree>")
    return choose(package, series, offers)


def _fetch_debian(line: Line, folder: Path) -> tuple[Path, Offer] | None:
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
    offer = _find_offer(state, mirror, d, line.series)
    wanted = f"{d.name}={offer.version}"
    # What was read last may be another suite than the one that has it.
    (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {offer.suite} main\n")
    done = proc.run(
        [*_apt(state, "apt-get"), "download", wanted], cwd=folder,
        label=f"downloading {wanted}", detail=lambda: _size(folder),
    )
    debs = list(folder.glob("*.deb"))
    if done.code or len(debs) != 1:
        raise WbError(
            Exit.SOURCE, f"can't download {wanted}: {_apt_error(done)}; or give KSRC=<tree>"
        )
    _check_hash(debs[0], offer.sha256)

    tarball = folder / Path(d.tarball).name
    script = f'dpkg-deb --fsys-tarfile "$1" | tar -xO "./{d.tarball}" > "$2"'
    done = proc.run(["sh", "-c", script, "sh", debs[0], tarball], label="unpacking the package")
    if done.code or not tarball.stat().st_size:
        raise WbError(Exit.HOST, f"can't unpack {debs[0].name}: {done.reason}")
    debs[0].unlink()
    return tarball, offer


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


def _record_path(sources: Path, line: Line) -> Path:
    return sources / f"{line.name}.json"


def _taken(sources: Path, line: Line) -> Offer | None:
    """What was taken instead of the version that is pinned now, if anything was."""
    try:
        data = json.loads(_record_path(sources, line).read_text())
        offer = Offer(**data["taken"])
        pinned = data["instead_of"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return offer if line.debian and pinned == line.debian.version else None


def _record(sources: Path, line: Line, offer: Offer) -> None:
    """Write down what was taken instead, with its hash."""
    assert line.debian
    path = _record_path(sources, line)
    tmp = path.with_name(path.name + ".new")
    tmp.write_text(json.dumps(
        {"package": line.debian.name, "instead_of": line.debian.version, "taken": asdict(offer)},
        indent=2) + "\n")
    os.replace(tmp, path)


def substitute_folder(line: Line, offer: Offer) -> str:
    """Where a version other than the pinned one is kept."""
    return f"{line.name}-{offer.version.replace(':', '_')}"


def noted_files(tree: Path) -> Path:
    """Where it is written down what the files of a source of ours were when it was first used."""
    return tree.with_name(tree.name + ".files")


NEW = ".new."  # begins the name of a folder that a source is made in


def _lock_name(name: str) -> str:
    """Of the lock for making a source of this name."""
    return f"{LOCK}.{name}" if name else LOCK


def _remove_leftovers(target: Path) -> None:
    """Remove what interrupted runs have left of this source, whose lock is held, and of others
    that nobody is making now.
    """
    for stale in target.parent.glob(f"{NEW}*"):
        name = stale.name.removeprefix(NEW).rpartition(".")[0]
        if name == target.name:
            proc.remove([stale])
            continue
        with lock_if_free(target.parent, _lock_name(name)) as free:
            if free:
                proc.remove([stale])


def _protect(tree: Path) -> None:
    """Take the right to write from files that staged trees share with a source: an editor
    would change the source, too.
    """
    for folder, dirs, files in os.walk(tree):
        proc.go_on(f"extracting {tree}")
        if Path(folder) == tree:
            dirs[:] = [d for d in dirs if d not in COPIED]
        for name in files:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            if stat.S_ISREG(st.st_mode):
                os.chmod(path, stat.S_IMODE(st.st_mode) & ~0o222)


def _into_cache(line: Line, tarball: Path | None, target: Path) -> Offer | None:
    """Make `target` from a tarball, or from a download.

    Returns the version that was taken instead of the pinned one, if that is
    gone, and makes its folder instead.
    """
    make_folder(target.parent)
    _remove_leftovers(target)
    folder = Path(tempfile.mkdtemp(prefix=f"{NEW}{target.name}.", dir=target.parent))
    other = None
    try:
        packed = tarball
        if not packed:
            found = _fetch_debian(line, folder)
            packed, offer = found or (_fetch_kernel_org(line, folder), None)
            if offer and line.debian and offer.version != line.debian.version:
                other = offer
                target = target.with_name(substitute_folder(line, offer))
        tree = _extract(packed, folder)
        check_line(tree, line)
        _protect(tree)
        if other:
            shutil.rmtree(target, ignore_errors=True)
        noted_files(target).unlink(missing_ok=True)
        tree.rename(target)
        if other:
            _record(target.parent, line, other)
    except OSError as error:
        raise WbError(
            Exit.HOST, f"can't write the source to {target.parent}: {error.strerror or error}"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return other


def check_given(line: Line, given: str) -> Path:
    """The folder of the line, or the tarball, that the user gives for its source."""
    path = expanded(given)
    if path.is_dir():
        check_line(path, line)
    elif not path.is_file():
        raise WbError(Exit.USAGE, f"KSRC={given}: no such folder or tarball")
    elif not tarfile.is_tarfile(path):
        raise WbError(Exit.USAGE, f"KSRC={given}: neither a folder nor a tarball")
    return path


def get(settings: Settings, line: Line, given: str | None = None) -> Source:
    """The source of a line: the pinned one, or a folder or tarball of the user's.

    Where the pinned version has left the archive, the newest of its series: each
    run says so.
    """
    sources = settings.cache / "sources"
    tarball = None
    target = sources / f"{line.name}-{line.version}"
    path = check_given(line, given) if given else None
    if path and path.is_dir():
        return Source(path, check_line(path, line), pristine=False)
    if path:
        tarball = path
        target = sources / f"{line.name}-{sha256(path)[:16]}"

    def whole() -> tuple[bool, Offer | None]:
        """Is the source there, or what was taken instead of it?"""
        if target.is_dir():
            return True, None
        taken = None if tarball else _taken(sources, line)
        there = taken and (sources / substitute_folder(line, taken)).is_dir()
        return bool(there), taken if there else None

    # It appears whole, and stays: only those that make it have to take turns.
    there, other = whole()
    if not there:
        with lock(sources, _lock_name(target.name)):
            there, other = whole()
            if not there:
                print(f"getting the source of {line.name} into {target}", file=sys.stderr, flush=True)
                other = _into_cache(line, tarball, target)
    if not other or not line.debian:
        return Source(target, check_line(target, line), pristine=True)
    print(
        f"note: {line.debian.name} {line.debian.version} is not in the archive any more: this is "
        f"{other.version}, the newest of {line.series}, SHA-256 {other.sha256}",
        file=sys.stderr, flush=True,
    )
    target = sources / substitute_folder(line, other)
    return Source(target, check_line(target, line), pristine=True, instead_of=line.debian.version)

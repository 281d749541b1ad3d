# SPDX-License-Identifier: GPL-2.0
"""Configure and build a staged tree."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import places, proc, stage
from .arches import Arch
from .errors import Exit, WbError
from .places import Place
from .settings import Settings
from .stage import Staged
from .trace import Trace

STAMP = "wb-built"
MANIFEST = "wb-manifest"  # what the tree was that a build folder was built from
KUNIT_BASE = "olddefconfig"  # what kunit.py puts a configuration on top of
USER = "wb"  # who builds the kernels, in their own words
CCACHE_LINKS = Path("/usr/lib/ccache")  # where Debian has ccache stand in for gcc


@dataclass(frozen=True)
class Kernel:
    """A kernel that was built from a staged tree, and is up to date."""

    tree: Path
    arch: Arch
    binary: Path
    build_dir: Path  # where logs go
    seconds: float
    mark: str  # what it says of itself at boot

    def places(self, traces: Iterable[Trace]) -> dict[int, Place]:
        """Where the code is that the traces are of."""
        offsets = {e.at for t in traces for e in t.events if e.coded}
        return places.find(self.build_dir / "vmlinux", self.arch.prefix, offsets)


def compose_config(root: Path, names: Sequence[str]) -> str:
    """The kunitconfig made of fragments of kconfig/; a later one wins."""
    symbols: dict[str, str] = {}
    for name in names:
        for row in (root / "kconfig" / f"{name}.config").read_text().splitlines():
            found = re.match(r"(?:# )?(CONFIG_\w+)(?:=| is not set)", row)
            if found:
                symbols[found[1]] = row
    return "".join(row + "\n" for row in symbols.values())


def line_fragments(root: Path, line: str, fragments: Sequence[str]) -> list[str]:
    """The fragments that a line adds: for all architectures, and with each of `fragments`."""
    names = (f"line-{line}", *(f"line-{line}-{f}" for f in fragments))
    return [n for n in names if (root / "kconfig" / f"{n}.config").is_file()]


def lost_symbols(wanted: str, config: str) -> list[str]:
    """What of a kunitconfig is not so in a .config."""
    have = set(config.splitlines())
    mentioned = {row.split("=")[0] for row in have if row.startswith("CONFIG_")}
    lost = []
    for row in wanted.splitlines():
        if row.startswith("CONFIG_"):
            if row not in have:
                lost.append(row)
        elif row.startswith("# CONFIG_") and row.split()[1] in mentioned:
            lost.append(row)
    return lost


def environment(root: Path, mark: str = "none") -> dict[str, str]:
    """For make; the kernel says `mark` of itself at boot."""
    env = {"LC_ALL": "C", "KBUILD_BUILD_TIMESTAMP": "2020-11-24", "KBUILD_BUILD_USER": USER,
           "KBUILD_BUILD_HOST": mark}
    if (CCACHE_LINKS / "gcc").exists():
        env["PATH"] = f"{root / 'tools/ccache'}:{os.environ['PATH']}"
        # The compiler's own list of headers saves a run of the preprocessor,
        # and most headers need be hashed only once.
        env["CCACHE_DEPEND"] = "1"
        env["CCACHE_INODECACHE"] = "1"
        env["CCACHE_NOHASHDIR"] = "1"
        env["CCACHE_NOCOMPRESS"] = "1"
    return env


def _count_objects(build_dir: Path) -> int:
    return sum(f.endswith(".o") for _, _, files in os.walk(build_dir) for f in files)


def _errors(text: str) -> list[str]:
    """The lines of a build log that say what is wrong."""
    rows = re.findall(
        r"^.*(?:\berror:|undefined reference|multiple definition|\*\*\* |No space left).*$",
        text, re.M,
    )
    return rows or text.strip().splitlines()[-1:] or ["no output"]


def mark_of(identity: str) -> str:
    """The name by which a kernel says what it was built from."""
    return identity[:16]


def configure(staged: Staged, arch: Arch, kunitconfig: str, name: str, env: dict[str, str],
              niceness: int = 0) -> float:
    """Configure a staged tree; returns the seconds it took."""
    build_dir = staged.path / arch.build_dir
    build_dir.mkdir(exist_ok=True)
    wanted = build_dir / ".kunitconfig"
    wanted.write_text(kunitconfig)
    config = build_dir / ".config"
    config.write_text(kunitconfig)
    log = build_dir / "wb-config.log"
    done = proc.run(
        ["make", *arch.make(), arch.base], cwd=staged.path, log=log,
        env={**env, "KCONFIG_ALLCONFIG": str(wanted)}, label=f"configuring {name}",
        niceness=niceness,
    )
    if done.code:
        raise WbError(Exit.BUILD, f"{name}: can't configure: {_errors(done.output)[0]}; see {log}")
    lost = lost_symbols(kunitconfig, config.read_text())
    if lost:
        raise WbError(Exit.CONFIG, f"{name}: lost in the configuration: {', '.join(lost)}")
    return done.seconds


def configure_by_hand(root: Path, staged: Staged, arch: Arch, name: str, kunitconfig: str) -> None:
    """Leave a .kunitconfig in the build folder, for the tree's own kunit.py.

    That adds the defaults of whatever is not mentioned. Where ours are built on
    top of something else, all is.
    """
    build_dir = staged.path / arch.build_dir
    build_dir.mkdir(exist_ok=True)
    if arch.base != KUNIT_BASE:
        configure(staged, arch, kunitconfig, name, environment(root))
        kunitconfig = (build_dir / ".config").read_text()
    (build_dir / ".kunitconfig").write_text(kunitconfig)


def build(
    settings: Settings, staged: Staged, arch: Arch, name: str, kunitconfig: str, niceness: int = 0
) -> Kernel:
    """Build the kernel of a staged tree, unless it is up to date.

    Of several that are built at a time, the one with the least `niceness` has the
    CPUs first.
    """
    tree, build_dir = staged.path, staged.path / arch.build_dir
    binary, stamp = build_dir / arch.image, build_dir / STAMP
    compiler = proc.capture([arch.compiler, "--version"]) or ""
    identity = hashlib.sha256(
        "\0".join((staged.digest, kunitconfig, compiler)).encode()
    ).hexdigest()
    if binary.is_file() and stamp.is_file() and stamp.read_text() == _seal(identity, binary):
        return Kernel(tree, arch, binary, build_dir, 0, mark_of(identity))

    stamp.unlink(missing_ok=True)
    binary.unlink(missing_ok=True)  # a failed build must not leave one to boot
    env = environment(settings.root, mark_of(identity))
    seconds = configure(staged, arch, kunitconfig, name, env, niceness)
    shutil.copyfile(tree / stage.STAMP, build_dir / MANIFEST)
    log = build_dir / "wb-build.log"
    total_file = settings.cache / f"objects-{arch.label}"
    try:
        total = int(total_file.read_text())
    except (OSError, ValueError):  # it only makes a percentage
        total = 0

    def detail() -> str:
        n = _count_objects(build_dir)
        return f"{n} objects" + (f", {min(99, 100 * n // total)} %" if total else "")

    done = proc.run(
        ["make", *arch.make(), f"-j{settings.jobs}", arch.target],
        cwd=tree, env=env, log=log, label=f"building {name}", detail=detail,
        niceness=niceness,
    )
    seconds += done.seconds
    if done.code or not binary.is_file():
        code = Exit.HOST if "No space left" in done.output else Exit.BUILD
        raise WbError(code, f"{name}: does not build: {_errors(done.output)[0].strip()}; see {log}")
    settings.cache.mkdir(parents=True, exist_ok=True)
    total_file.write_text(str(_count_objects(build_dir)))
    stamp.write_text(_seal(identity, binary))
    return Kernel(tree, arch, binary, build_dir, seconds, mark_of(identity))


def _seal(identity: str, binary: Path) -> str:
    """Ties what a kernel was built from to the file that came out."""
    st = binary.stat()
    return f"{identity} {st.st_size} {st.st_mtime_ns}\n"



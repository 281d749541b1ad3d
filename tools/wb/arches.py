# SPDX-License-Identifier: GPL-2.0
"""The architectures of kconfig/arches.toml."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import nearest, strict
from .errors import Exit, WbError

DEBUG_PREFIX = "debug-"  # of the fragments that any architecture can add


# What the comments of these fragments can say, as "# skips: ...".
DIRECTIVES = ("skips", "parameter", "without", "because", "announces", "known")


def directives(fragment: Path) -> dict[str, list[str]]:
    """What the comments of a fragment say, by directive.

    A comment that only looks like one is refused: it would have no effect, without a word.
    """
    found: dict[str, list[str]] = {}
    rows = fragment.read_text().splitlines()
    for i, row in enumerate(rows, 1):
        comment = re.match(r"#+\s*([\w-]+)\s*:(.*)", row)
        if not comment or comment[1] == "SPDX-License-Identifier":
            continue
        where, word = f"{fragment}:{i}", comment[1]
        if word not in DIRECTIVES:
            raise WbError(Exit.USAGE, f"{where}: {nearest.unknown('directive', word, DIRECTIVES)}")
        if not re.fullmatch(rf"# {word}: \S.*", row):
            raise WbError(Exit.USAGE, f"{where}: '{row}' is not of the form '# {word}: ...'")
        if not fragment.stem.startswith(DEBUG_PREFIX):
            raise WbError(Exit.USAGE, f"{where}: '# {word}:' has no effect: this is no debugging aid")
        found.setdefault(word, []).append(comment[2].strip())
    return found


@dataclass(frozen=True)
class Arch:
    """How kernels of an architecture are configured, built and run."""

    name: str
    family: str  # what the kernel's makefiles call it
    title: str
    fragments: tuple[str, ...]
    base: str
    build_dir: str
    target: str
    image: str
    native: tuple[str, ...]
    skips: tuple[str, ...]
    cross: str = ""
    cross_package: str = ""
    packages: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()  # that have it; all, if none is named
    qemu: tuple[str, ...] = ()
    console: str = ""
    debug: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()  # of the kernel
    without: tuple[str, ...] = ()  # suites that they exclude
    because: str = ""
    announces: tuple[str, ...] = ()  # what they say at boot, if they are on
    known: tuple[str, ...] = ()  # patterns of what they report for good reason

    @property
    def prefix(self) -> str:
        """The cross compiler's prefix, or "" where the host's own serves."""
        return "" if platform.machine() in self.native else self.cross

    @property
    def label(self) -> str:
        """The name, and what was added to it."""
        return "+".join((self.name, *self.debug))

    @property
    def compiler(self) -> str:
        return f"{self.prefix}gcc"

    def make(self) -> list[str]:
        """The arguments of every make for this architecture."""
        more = [f"CROSS_COMPILE={self.prefix}"] if self.prefix else []
        return [f"ARCH={self.family}", f"O={self.build_dir}", *more]

    def machine(self, accel: str, image: Path, memory: int, cpus: int,
                parameters: Sequence[str] = ()) -> list[str | Path]:
        """QEMU with a kernel; `memory` in MiB. Without a root the kernel ends by itself."""
        append = " ".join((f"console={self.console}", "panic=-1", "oops=panic", *parameters))
        return [
            *self.qemu, "-accel", accel, "-smp", str(cpus), "-m", str(memory), "-nodefaults",
            "-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", image,
            "-append", append,
        ]

    def is_on(self, line: str) -> bool:
        """Do kernels of a line have it?"""
        return not self.lines or line in self.lines

    def needs(self) -> dict[str, str]:
        """Packages beyond those that every build needs."""
        more = {self.cross_package: self.compiler} if self.prefix else {}
        return dict(self.packages) | more

    def with_debug(self, kconfig: Path, names: tuple[str, ...]) -> Arch:
        """The same with debugging aids, in a build folder of its own."""
        if not names:
            return self
        fragments = [DEBUG_PREFIX + n for n in names]
        notes = [directives(kconfig / f"{f}.config") for f in fragments]

        def noted(word: str) -> list[str]:
            return [text for found in notes for text in found.get(word, ())]

        return replace(
            self,
            fragments=(*self.fragments, *fragments),
            build_dir="-".join((".kunit", self.name, *names)),
            debug=names,
            skips=(*self.skips, *noted("skips")),
            parameters=(*self.parameters, *noted("parameter")),
            without=tuple(s for row in noted("without") for s in row.split()),
            because="; ".join(noted("because")),
            announces=tuple(noted("announces")),
            known=tuple(noted("known")),
        )


def load(kconfig: Path) -> dict[str, Arch]:
    """Read arches.toml; `kconfig` is the folder it is in."""
    path = kconfig / "arches.toml"
    data = strict.load(path, Exit.USAGE)
    for name, d in data.items():
        strict.Table(path, d, name, Exit.USAGE).has(
            ("title", "fragments", "base", "build_dir", "target", "image", "native", "skips"),
            ("family", "cross", "cross_package", "packages", "lines", "qemu", "console", "parameters"))
    for fragment in sorted(kconfig.glob("*.config")):
        directives(fragment)
    return {
        name: Arch(
            name=name, family=d.get("family", name), title=d["title"],
            fragments=tuple(d["fragments"]), base=d["base"],
            build_dir=d["build_dir"], target=d["target"], image=d["image"],
            native=tuple(d["native"]), skips=tuple(d["skips"]), cross=d.get("cross", ""),
            cross_package=d.get("cross_package", ""),
            packages=tuple(d.get("packages", {}).items()), lines=tuple(d.get("lines", ())),
            qemu=tuple(d.get("qemu", ())),
            console=d.get("console", ""), parameters=tuple(d.get("parameters", ())),
        )
        for name, d in data.items()
    }


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for n in re.split(r"[,\s]+", text) if n))


def select(kconfig: Path, names: str, debug: str = "") -> list[Arch]:
    """The architectures of a list like "um,arm64", with debugging aids like "kasan"."""
    known = load(kconfig)
    aids = sorted(p.stem.removeprefix(DEBUG_PREFIX) for p in kconfig.glob(f"{DEBUG_PREFIX}*.config"))
    for given, there, what in ((names, list(known), "architecture"), (debug, aids, "debugging aid")):
        for name in _split(given):
            if name not in there:
                raise WbError(Exit.USAGE, f"no {what} '{name}': there are {', '.join(there)}")
    if not _split(names):
        raise WbError(Exit.USAGE, f"no architecture given: there are {', '.join(known)}")
    return [known[n].with_debug(kconfig, _split(debug)) for n in _split(names)]

# SPDX-License-Identifier: GPL-2.0
"""The kernel lines and variants of patches/lines.toml."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import strict
from .errors import Exit, WbError

DEFAULT = "v5.10"


@dataclass(frozen=True)
class Variant:
    """A line's tree plus a stack of patches, and the verdict expected of it.

    `not_on` has the architectures that can't tell it from a right one, and why. `cures` are
    known defects that it is without, though it has another patch than theirs.
    """

    name: str
    about: str
    patches: tuple[Path, ...]
    breaks: dict[str, list[str]]
    not_on: dict[str, str] = field(default_factory=dict)
    cures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Package:
    """Debian's package of a line's source: the version seen, and where to look for it."""

    name: str
    version: str
    suites: tuple[str, ...]
    sha256: str
    tarball: str


@dataclass(frozen=True)
class Form:
    """A way to apply a patch: in reverse, or only to one of its files."""

    path: Path
    reverse: bool = False
    only: str = ""

    @property
    def options(self) -> list[str]:
        """What git apply is told."""
        return [*(["-R"] if self.reverse else []),
                *([f"--include={self.only}"] if self.only else []), str(self.path)]


@dataclass(frozen=True)
class Fix:
    """A part of a line's fix: the hazards it is against, and the patches that put it in,
    of which the first is taken that applies.
    """

    name: str
    about: str
    cures: tuple[str, ...]
    forms: tuple[Form, ...]


@dataclass(frozen=True)
class Defect:
    """A violation that a line's own kernels are known to have: the rule, by its short name, the
    scenarios that show it, the letter of the operation with which programs do, and its cure.
    """

    name: str
    about: str
    rule: str
    scenarios: tuple[str, ...]
    operation: str
    patch: Path

    @property
    def cure(self) -> Fix:
        return Fix(self.name, self.about, (self.rule,), (Form(self.patch),))


@dataclass(frozen=True)
class Contract:
    """A function that asks something of its callers, and the callers known to do so:
    how, by "file:function".
    """

    function: str
    asks: str
    callers: dict[str, str]


@dataclass(frozen=True)
class Line:
    """A supported kernel line; `judged` are the variants that kunit runs."""

    name: str
    version: str
    makefile: dict[str, str]
    debian: Package | None
    kernel_org: dict[str, str]
    variants: dict[str, Variant]
    judged: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    contracts: tuple[Contract, ...] = ()
    defects: tuple[Defect, ...] = ()
    lacks: tuple[str, ...] = ()  # scenarios that its kernels have no code for

    def defects_of(self, variant: Variant) -> tuple[Defect, ...]:
        """The known defects that a variant has."""
        return tuple(d for d in self.defects
                     if d.patch not in variant.patches and d.name not in variant.cures)

    @property
    def series(self) -> str:
        """What the versions of its kernels begin with, like "6.1"."""
        return f"{self.makefile['VERSION']}.{self.makefile['PATCHLEVEL']}"

    def results(self, command: str) -> str:
        """The name of the file that a command's results on it go to."""
        return f"{command}.json" if self.name == DEFAULT else f"{command}-{self.name}.json"

    def variant(self, name: str) -> Variant:
        if name not in self.variants:
            raise WbError(
                Exit.USAGE,
                f"no variant '{name}' of {self.name}: there are {', '.join(self.variants)}",
            )
        return self.variants[name]


def patch_files(folder: Path, entries: list[str]) -> tuple[Path, ...]:
    """The patches of a stack, in order; an entry is a file or a folder."""
    files: list[Path] = []
    for entry in entries:
        path = folder / entry
        if path.is_dir():
            files += sorted(path.glob("*.patch"))
        elif path.is_file():
            files.append(path)
        else:
            raise WbError(Exit.PATCH, f"there is no patch {path}, named in lines.toml")
    return tuple(files)


def _fix(folder: Path, d: dict[str, Any]) -> Fix:
    forms = (
        Form(patch_files(folder, [f["patch"]])[0], f.get("reverse", False), f.get("only", ""))
        for f in d["forms"]
    )
    return Fix(d["name"], d["about"], tuple(d["cures"]), tuple(forms))


def _defect(folder: Path, d: dict[str, Any]) -> Defect:
    return Defect(d["name"], d["about"], d["rule"], tuple(d["scenarios"]), d["operation"],
                  patch_files(folder, [d["patch"]])[0])


def _package(d: dict[str, Any]) -> Package:
    return Package(d["name"], d["version"], tuple(d["suites"]), d["sha256"], d["tarball"])


def _check(line: strict.Table) -> None:
    """Raise for a key of a line that nobody reads."""
    line.has(("version", "makefile", "variants"),
             ("debian", "kernel_org", "judged", "fixes", "contracts", "lacks", "defects"))
    line.table("makefile").has(("VERSION", "PATCHLEVEL"))
    for name, keys in (("debian", ("name", "version", "suites", "sha256", "tarball")),
                       ("kernel_org", ("url", "sums"))):
        if name in line.data:
            line.table(name).has(keys)
    variants = line.table("variants")
    for name in variants.data:
        variants.table(name).has(("about", "patches", "breaks"), ("not_on", "cures"))
    for fix in line.tables("fixes"):
        fix.has(("name", "about", "cures", "forms"))
        for form in fix.tables("forms"):
            form.has(("patch",), ("reverse", "only"))
    for defect in line.tables("defects"):
        defect.has(("name", "about", "rule", "scenarios", "operation", "patch"))
    for contract in line.tables("contracts"):
        contract.has(("function", "asks", "callers"))


def load(patches: Path) -> dict[str, Line]:
    """Read lines.toml; `patches` is the folder it is in."""
    path = patches / "lines.toml"
    data = strict.load(path)
    lines = {}
    for name, d in data.items():
        _check(strict.Table(path, d, name))
        variants = {
            v: Variant(v, e["about"], patch_files(patches / name, e["patches"]), e["breaks"],
                       e.get("not_on", {}), tuple(e.get("cures", ())))
            for v, e in d["variants"].items()
        }
        lines[name] = Line(
            name, d["version"], d["makefile"],
            _package(d["debian"]) if "debian" in d else None, d.get("kernel_org", {}), variants,
            tuple(d.get("judged", variants)),
            tuple(_fix(patches / name, f) for f in d.get("fixes", ())),
            tuple(Contract(**c) for c in d.get("contracts", ())),
            tuple(_defect(patches / name, c) for c in d.get("defects", ())), tuple(d.get("lacks", ())),
        )
    return lines


ALL = "all"


def select(patches: Path, names: str) -> list[Line]:
    """The lines of a list like "v6.1,v7.2", or of "all"."""
    return list(load(patches).values()) if names == ALL else [
        get(patches, n) for n in dict.fromkeys(names.split(","))]


def get(patches: Path, name: str) -> Line:
    """The line of a name; `patches` is the folder of lines.toml."""
    known = load(patches)
    if name not in known:
        raise WbError(Exit.USAGE, f"no line '{name}': there are {', '.join(known)}")
    return known[name]

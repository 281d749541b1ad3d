# SPDX-License-Identifier: GPL-2.0
"""Which line a tree of the user's is to be taken for: by its code, then by its version."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import fetch, strict
from .errors import Exit, WbError
from .lines import Line

FEATURES = "features.toml"


@dataclass(frozen=True)
class Feature:
    """What the code of some lines has, and that of others has not."""

    about: str
    why: str
    files: tuple[str, ...]
    pattern: str
    lines: tuple[str, ...]

    def shown_by(self, tree: Path) -> bool:
        return any(
            re.search(self.pattern, (tree / name).read_text(errors="replace"), re.M)
            for name in self.files if (tree / name).is_file()
        )


@dataclass(frozen=True)
class Likeness:
    """What a tree was taken for, and from what."""

    line: Line
    version: str  # as its Makefile says
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()  # of what the line has
    odd: tuple[str, ...] = ()  # what it has, and the line has not
    forced: bool = False
    note: str = ""

    def __str__(self) -> str:
        if self.forced:
            return f"taken for {self.line.name}, as --line says; its Makefile says {self.version}"
        code = [f"has {', '.join(self.has)}"]
        if self.lacks:
            code.append(f"lacks {', '.join(self.lacks)}")
        if self.odd:
            code.append(f"and has {', '.join(self.odd)}, which {self.line.name} has not")
        return f"taken for {self.line.name}: {'; '.join(code)}; its Makefile says {self.version}"

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line.name, "makefile": self.version, "has": self.has,
                "lacks": self.lacks, "has_beyond": self.odd, "forced": self.forced,
                "note": self.note}


def load(patches: Path, lines: Mapping[str, Line]) -> list[Feature]:
    """Read features.toml; raises if it names a line that is none."""
    path = patches / FEATURES
    data = strict.load(path)
    for name, d in data.items():
        strict.Table(path, d, name).has(("about", "why", "files", "pattern", "lines"))
    features = [Feature(d["about"], d["why"], tuple(d["files"]), d["pattern"], tuple(d["lines"]))
                for d in data.values()]
    unknown = sorted({name for x in features for name in x.lines} - lines.keys())
    if unknown:
        raise WbError(Exit.PATCH, f"{path} names {unknown[0]}, which is no line")
    return features


def _age(makefile: Mapping[str, str]) -> int:
    """Releases since v0.0: there are twenty of a VERSION, the last ones."""
    return 20 * int(makefile["VERSION"]) + int(makefile["PATCHLEVEL"])


def _note(tree: Path, version: Mapping[str, str], line: Line, lines: Mapping[str, Line]) -> str:
    """What is to be said where the version is not the line's."""
    series = f"{version['VERSION']}.{version['PATCHLEVEL']}"
    if series == line.series:
        return ""
    if f"v{series}" in lines:
        return (f"{tree} calls itself {series}, but its code is {line.name}'s by most: "
                "judged as such")
    return f"v{series} has no line of its own: {tree} is judged as the nearest, {line.name}"


def _nearest(tree: Path, version: Mapping[str, str], features: Sequence[Feature],
             lines: Mapping[str, Line]) -> Likeness:
    """The line whose features the tree shows best."""
    telling = [x for x in features if len(x.lines) < len(lines)]
    shown = {x: x.shown_by(tree) for x in telling}

    def distance(line: Line) -> tuple[int, int]:
        differs = sum(shown[x] != (line.name in x.lines) for x in telling)
        return differs, abs(_age(line.makefile) - _age(version))

    line = min(lines.values(), key=distance)
    own = [x for x in telling if line.name in x.lines]
    return Likeness(
        line, fetch.version_text(version), tuple(x.about for x in own if shown[x]),
        tuple(x.about for x in own if not shown[x]),
        tuple(x.about for x in telling if shown[x] and x not in own),
        note=_note(tree, version, line, lines),
    )


def find(tree: Path, patches: Path, lines: Mapping[str, Line], forced: str | None = None
         ) -> Likeness:
    """What a tree is taken for; raises if it is like no line."""
    version = fetch.makefile_version(tree)
    if forced:
        return Likeness(lines[forced], fetch.version_text(version), forced=True)
    features = load(patches, lines)
    oldest = min(lines.values(), key=lambda line: _age(line.makefile))
    if _age(version) < _age(oldest.makefile):
        raise WbError(
            Exit.USAGE, f"{tree} is {fetch.version_text(version)}, and older than {oldest.name}, "
            "the oldest line there is; --line forces one"
        )
    for x in features:
        if len(x.lines) == len(lines) and not x.shown_by(tree):
            raise WbError(
                Exit.USAGE, f"{tree} is like no line: {' or '.join(x.files)} lacks {x.about}, "
                f"and {x.why}; --line forces one"
            )
    return _nearest(tree, version, features, lines)

# SPDX-License-Identifier: GPL-2.0
"""TOML files without a key that nobody reads: a typing error would have no effect, without a word."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import nearest
from .errors import Exit, WbError


def load(path: Path, code: Exit = Exit.PATCH) -> dict[str, Any]:
    """Read a file; raises if it is not there, or no TOML."""
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WbError(code, f"{path}: {getattr(error, 'strerror', None) or error}") from error


@dataclass(frozen=True)
class Table:
    """A table of such a file, by its name there."""

    path: Path
    data: Any
    name: str = ""
    code: Exit = Exit.PATCH

    def _refused(self, why: str) -> WbError:
        return WbError(self.code, f"{self.path}: {f'[{self.name}]: ' if self.name else ''}{why}")

    def has(self, required: Sequence[str], optional: Sequence[str] = ()) -> None:
        """Raise unless the keys are all of the required ones, and else only optional ones."""
        if not isinstance(self.data, dict):
            raise self._refused("it is no table")
        for key in self.data:
            if key not in required and key not in optional:
                raise self._refused(nearest.unknown("key", key, [*required, *optional]))
        for key in required:
            if key not in self.data:
                raise self._refused(f"it lacks '{key}'")

    def table(self, key: str) -> Table:
        """One of its tables."""
        found = Table(self.path, self.data[key], f"{self.name}.{key}".lstrip("."), self.code)
        if not isinstance(found.data, dict):
            raise found._refused("it is no table")
        return found

    def tables(self, key: str) -> list[Table]:
        """The tables of an array, if it is there."""
        return [Table(self.path, d, f"{self.name}.{key}[{i}]".lstrip("."), self.code)
                for i, d in enumerate(self.data.get(key, ()), 1)]

# SPDX-License-Identifier: GPL-2.0
"""Files that results go to: an old one stays until a run begins, and no half of one is ever there."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from .errors import MEANING, Exit, WbError
from .provenance import Run


def _cannot(path: Path, error: OSError) -> WbError:
    return WbError(Exit.HOST, f"can't write {path}: {error.strerror}")


def _beside(path: Path) -> Path:
    """A name in the same folder, that no file of the user's has."""
    return path.with_name(f".{os.getpid()}.wb-new")


def probe(path: Path) -> None:
    """Raise if a file of the user's can't be written, before anything takes time."""
    if not path.parent.is_dir():
        raise WbError(Exit.USAGE, f"can't write {path}: there is no folder {path.parent}")
    try:
        new = _beside(path)
        new.touch()
        new.unlink()
    except OSError as error:
        raise _cannot(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    new = _beside(path)
    try:
        new.write_text(text)
        os.replace(new, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise _cannot(path, error) from error


class Results(os.PathLike[str]):
    """The results of a run, in a file.

    begin() replaces those of an earlier run, by a note that there are none yet: what
    fails or is interrupted later can't be taken for a run with results. Nothing but
    begin() does, so that whoever has made a typing error keeps the results he has.
    """

    def __init__(self, path: Path, about: Run) -> None:
        self.path = path
        self.about = about  # what is known about the run by now
        self.data: dict[str, Any] | None = None

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def begin(self) -> None:
        """From here on, the file is this run's."""
        self.write({"complete": False, "as_expected": False, "holds": False})

    def write(self, data: dict[str, Any]) -> None:
        """Keep the results so far; the run is not over."""
        self.data = {"complete": not data.get("errors"), **data}
        self._write({"exit": None}, {"ended": None})

    def end(self, code: Exit, why: str = "") -> None:
        """Keep how the run ended, if it had begun: no script is to take it for more than that."""
        if self.data is None:
            return
        if code != Exit.OK and "holds" in self.data:
            self.data["holds"] = False
        if code in (Exit.INTERRUPTED, Exit.DEFECT):
            self.data["complete"] = False
        self._write({"exit": int(code)}, {"meaning": MEANING[code], **({"error": why} if why else {})})

    def _write(self, end: dict[str, Any], more: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # of which write_text() tells
            self.path.parent.mkdir(exist_ok=True, parents=True)
        whole = {**(self.data or {}), **end, "run": {**self.about(), **more}}
        write_text(self.path, json.dumps(whole, indent=2) + "\n")

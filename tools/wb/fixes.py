# SPDX-License-Identifier: GPL-2.0
"""Which parts of its line's fix a broken tree lacks."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import stage
from .errors import Exit, WbError
from .lines import Fix, Form, Line


@dataclass(frozen=True)
class Missing:
    """A fix that a tree lacks, and what puts it in."""

    fix: Fix
    form: Form

    def command(self, tree: Path) -> str:
        """What puts it into a tree of one's own.

        In a plain folder git is not to take a repository around it for the tree's: it would
        leave out all files, and say nothing.
        """
        command = shlex.join(["git", "-C", str(tree), "apply", *self.form.options])
        if (tree / ".git").exists():
            return command
        return f"GIT_CEILING_DIRECTORIES={shlex.quote(str(tree.parent))} {command}"

    def as_json(self) -> dict[str, Any]:
        return {"name": self.fix.name, "about": self.fix.about, "cures": self.fix.cures,
                "patch": str(self.form.path), "reverse": self.form.reverse,
                "only": self.form.only}


def applies(tree: Path, forms: Sequence[Form]) -> bool:
    """Do patches apply to a tree, one on top of the other? It is only read."""
    try:
        stage.apply_patches(tree, forms)
    except WbError as error:
        if error.code != Exit.PATCH:
            raise
        return False
    return True


def against(line: Line, broken: Collection[str]) -> list[Fix]:
    """The parts of a line's fix, and the cures of its known defects, that are against what is broken."""
    return [f for f in (*line.fixes, *(d.cure for d in line.defects)) if set(f.cures) & set(broken)]


def missing(tree: Path, line: Line, broken: Collection[str]) -> list[Missing]:
    """The fixes against what is broken that apply, one on top of the other."""
    found: list[Missing] = []
    for fix in against(line, broken):
        before = [m.form for m in found]
        form = next((f for f in fix.forms if applies(tree, [*before, f])), None)
        if form:
            found.append(Missing(fix, form))
    return found


def names(found: Sequence[Missing]) -> str:
    return " and ".join(m.fix.name for m in found)


def described(tree: Path, line: Line, broken: Collection[str], found: Sequence[Missing]) -> str:
    """For people: what is missing, and how to put it in; and what does not apply."""
    wanted = against(line, broken)
    if not wanted:
        return f"none of the known fixes of {line.name} is against this"
    rows = [f"known fixes of {line.name} against this:"]
    for fix in wanted:
        rows.append(f"  {fix.name}, against {', '.join(fix.cures)}: {fix.about}")
        command = next((m.command(tree) for m in found if m.fix == fix), None)
        rows.append(f"    missing: {command}" if command else
                    "    no patch of it applies: it is in, or the code around it is another")
    return "\n".join(rows)

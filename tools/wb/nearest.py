# SPDX-License-Identifier: GPL-2.0
"""Words that nobody knows, and the known ones that may be meant. The Makefile runs it, too."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


def meant(word: str, known: Iterable[str]) -> str:
    """The known word that is most like another one, or ""."""
    by_case = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(word.casefold(), by_case, 1, 0.6)
    return by_case[found[0]] if found else ""


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """A sentence on a word that nobody knows."""
    names = sorted(known)
    near = meant(word, names)
    return f"unknown {what} '{word}'" + (
        f": do you mean '{near}'?" if near else f": there are {', '.join(names)}")


if __name__ == "__main__":
    print(unknown("variable", sys.argv[1].rstrip("="), sys.argv[2:]))

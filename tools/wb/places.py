# SPDX-License-Identifier: GPL-2.0
"""Where in the source the code of a kernel is, from its line numbers (-g1)."""

from __future__ import annotations

import bisect
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from . import proc


WRAPPER = "ilv_"  # the explorer's own names, in place of the kernel's: see instrument.h


@dataclass(frozen=True)
class Frame:
    """A function, and the line that it is at."""

    function: str
    file: str
    line: int

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Place:
    """The functions inlined into each other there, innermost first.

    `frame_size` is what their part of the stack takes, or 0 if unknown.
    """

    frames: tuple[Frame, ...] = ()
    frame_size: int = 0


def _file(path: str) -> str:
    """A source file by its name in the tree. Kernels are built in a folder of
    the tree, though perhaps, thanks to ccache, of another one.
    """
    return path.rpartition("/../")[2]


def parse_lines(text: str) -> dict[int, tuple[Frame, ...]]:
    """Read what `addr2line -a -i -f` says: frames by address."""
    found: dict[int, tuple[Frame, ...]] = {}
    rows = iter(text.splitlines())
    address = -1
    for row in rows:
        if re.fullmatch(r"0x[0-9a-f]+", row):
            address = int(row, 16)
            continue
        where = re.match(r"(.*):(\d+)", next(rows, ""))
        if where and row != "??" and not row.startswith(WRAPPER):
            frame = Frame(row, _file(where[1]), int(where[2]))
            found[address] = (*found.get(address, ()), frame)
    return found


def parse_frame_sizes(text: str, addresses: Collection[int]) -> dict[int, int]:
    """Read what `readelf --debug-dump=frames-interp` says: sizes by address."""
    rows = [(int(a, 16), int(n)) for a, n in
            re.findall(r"^([0-9a-f]{16}) (?:rsp|sp|x29)\+(\d+)\b", text, re.M)]
    ends = [int(e, 16) for e in re.findall(r"\bFDE .*pc=[0-9a-f]+\.\.([0-9a-f]+)", text)]
    rows.sort()
    ends.sort()
    found = {}
    for address in addresses:
        i = bisect.bisect_right(rows, (address, 1 << 62)) - 1
        j = bisect.bisect_right(ends, address) - 1
        if i >= 0 and (j < 0 or ends[j] <= rows[i][0]):
            found[address] = rows[i][1]
    return found


def find(image: Path, prefix: str, offsets: Collection[int]) -> dict[int, Place]:
    """The places of return addresses, given from _stext on.

    Without binutils or line numbers there are none: functions have names in
    the trace, too.
    """
    symbols = proc.capture([f"{prefix}nm", image]) or ""
    start = re.search(r"^([0-9a-f]+) \w _stext$", symbols, re.M)
    if not start or not offsets:
        return {}
    # The call is before the address that it returns to.
    addresses = {o: int(start[1], 16) + o - 1 for o in offsets}
    lines = parse_lines(proc.capture(
        [f"{prefix}addr2line", "-a", "-i", "-f", "-e", image,
         *(f"{a:x}" for a in sorted(addresses.values()))]) or "")
    sizes = parse_frame_sizes(
        proc.capture([f"{prefix}readelf", "--debug-dump=frames-interp", image]) or "",
        addresses.values())
    return {o: Place(lines.get(a, ()), sizes.get(a, 0)) for o, a in addresses.items()}


def source_line(tree: Path, frame: Frame) -> str:
    """The text of a line of the source, or "" if it can't be had."""
    try:
        rows = (tree / frame.file).read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return rows[frame.line - 1].strip() if 0 < frame.line <= len(rows) else ""


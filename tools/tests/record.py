# SPDX-License-Identifier: GPL-2.0
"""Record the logs that the tests of the tools read, from real runs: data/*.log."""

import bisect
import os
import re
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from wb import arches, boot, cells, cli, fetch, judge, ktap, lines, proc, trace
from wb.build import Kernel
from wb.settings import Settings, lock

DATA = Path(__file__).parent / "data"
COVERED = ("page_writeback.cover=3", "page_writeback.compare=1")
# By name of the log: the variant, and the kernel's parameters.
LOGS = {
    "pass": ("seed+recheck+cured", COVERED),
    "skip": ("seed+recheck+cured", ("page_writeback.scenario=reuse",)),
    "fail": ("unfixed", ("page_writeback.bound=2",)),
    "crash": ("unfixed", ("page_writeback.scenario=reuse_sync",)),
}
TRACED = "fail"  # with the places of its traces in the kernel
# What a terminal or a machine adds to a log.
_NOISE = re.compile(r"channel type|setup_one_line|^\s*$")


def frames_of(text: str, addresses: list[int]) -> str:
    """Of what readelf says the functions that the addresses are in."""
    keep = []
    for block in re.split(r"\n\n+", text):
        found = re.search(r"pc=([0-9a-f]+)\.\.([0-9a-f]+)", block)
        if found:
            at = bisect.bisect_left(addresses, int(found[1], 16))
            if at < len(addresses) and addresses[at] < int(found[2], 16):
                keep.append(block.strip("\n"))
    return "\n".join(keep) + "\n"


def record_places(settings: Settings, kernel: Kernel, text: str) -> None:
    """What binutils say when they are asked for the places in the traces of a log."""
    expected = judge.expected_cases(settings.root / "kunit")
    verdict = judge.judge(ktap.parse(text), expected, TRACED, kernel.arch)
    said: dict[str, str] = {}
    capture = proc.capture

    def listen(command: Sequence[str | Path]) -> str | None:
        said[str(command[0])] = capture(command) or ""
        return said[str(command[0])]

    with mock.patch("wb.proc.capture", listen):
        kernel.places([trace.parse(b.trace) for s in verdict.scenarios.values() for b in s.breaks])
    symbols = re.findall(r"^.* (?:_text|_stext)$", said["nm"], re.M)
    addresses = sorted(int(a, 16) for a in re.findall(r"^0x[0-9a-f]+$", said["addr2line"], re.M))
    (DATA / "nm.log").write_text("\n".join(symbols) + "\n")
    (DATA / "addr2line.log").write_text(
        re.sub(r"^/.*/(?=[^/]+/\.kunit/)", "/build/", said["addr2line"], flags=re.M))
    (DATA / "readelf.log").write_text(frames_of(said["readelf"], addresses))


def main() -> None:
    settings = Settings.from_environment()
    line = lines.load(settings.root / "patches")["v5.10"]
    um = arches.load(settings.root / "kconfig")["um"]
    source = fetch.get(settings, line, os.environ.get("KSRC"))
    for name, (variant, parameters) in LOGS.items():
        cell = cli.variant_cell(line, line.variant(variant), um, source)
        with lock(settings.build):
            kernel = cells.built(settings, cell)
            ran = boot.run(settings, kernel, cell.name, parameters)
        rows = [r.rstrip("\r") for r in ran.text.splitlines() if not _NOISE.search(r)]
        text = "\n".join(rows) + "\n"
        (DATA / f"{name}.log").write_text(text)
        if name == TRACED:
            record_places(settings, kernel, text)

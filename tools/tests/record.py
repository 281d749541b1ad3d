# SPDX-License-Identifier: GPL-2.0
"""Record the logs that the tests of the tools read, from real runs: data/*.log."""

import bisect
import os
import re
from pathlib import Path

from wb import arches, boot, cells, cli, fetch, judge, ktap, lines, proc, trace
from wb.settings import Settings, lock

DATA = Path(__file__).parent / "data"
COVERED = ("page_writeback.cover=3", "page_writeback.compare=1")
# By name of the log: the variant, and the kernel's parameters.
LOGS = {
    "pass": ("seed+recheck", COVERED),
    "skip": ("seed+recheck", ("page_writeback.scenario=reuse",)),
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


def record_places(image: Path, text: str, arch: arches.Arch) -> None:
    """What binutils say of the places in the traces of a log."""
    expected = judge.expected_cases(Path(cli.__file__).parents[2] / "kunit")
    verdict = judge.judge(ktap.parse(text), expected, TRACED, arch)
    offsets = {e.at for s in verdict.scenarios.values() for b in s.breaks
               for e in trace.parse(b.trace).events if e.coded}
    symbols = "\n".join(re.findall(r"^.* (?:_text|_stext)$", proc.capture(["nm", image]) or "", re.M))
    start = re.search(r"^([0-9a-f]+) \w _stext$", symbols, re.M)
    assert start
    addresses = sorted(int(start[1], 16) + o - 1 for o in offsets)
    places = proc.capture(["addr2line", "-a", "-i", "-f", "-e", image, *map(hex, addresses)]) or ""
    frames = proc.capture(["readelf", "--debug-dump=frames-interp", image]) or ""
    (DATA / "nm.log").write_text(symbols + "\n")
    (DATA / "addr2line.log").write_text(
        re.sub(r"^/.*/(?=[^/]+/\.kunit/)", "/build/", places, flags=re.M))
    (DATA / "readelf.log").write_text(frames_of(frames, addresses))


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
            record_places(kernel.binary.with_name("vmlinux"), text, um)

# SPDX-License-Identifier: GPL-2.0
"""Cells of the matrix: each a variant or a tree, on an architecture."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import boot, build, deps, diagram, judge, proc, stage, trace
from .arches import Arch
from .arches import load as load_arches
from .errors import Exit, WbError
from .fetch import Source
from .lines import Form, Line
from .settings import Settings, lock


BUILDERS = 2
_staging = threading.Lock()


@dataclass(frozen=True)
class Cell:
    """What to stage, and what to build and run it for."""

    line: Line
    variant: str
    arch: Arch
    source: Source
    patches: tuple[Path | Form, ...]
    folder: str

    @property
    def name(self) -> str:
        return f"{self.variant} on {self.arch.label}"


@dataclass(frozen=True)
class Run:
    """How the kernels are to be run."""

    parameters: tuple[str, ...] = ()
    timeout: float | None = None


def require(arches: Sequence[Arch]) -> None:
    """Install what it takes to build and run kernels for these."""
    packages = dict(deps.BUILD)
    for arch in arches:
        packages |= arch.needs()
    deps.require(packages)


def kunitconfig(settings: Settings, line: Line, arch: Arch) -> str:
    """The configuration of a line's kernels for an architecture."""
    more = build.line_fragments(settings.root, line.name, arch.name)
    return build.compose_config(settings.root, (*arch.fragments, *more))


def expected(settings: Settings, line: Line, arch: Arch) -> dict[str, list[str]]:
    """The suites and cases that there must be results of."""
    return judge.expected_cases(settings.root / "kunit", kunitconfig(settings, line, arch))


def require_suites(settings: Settings, line: Line, arches: Sequence[Arch]) -> None:
    """Raise where there are no page writeback suites to run."""
    if any(judge.RACES not in expected(settings, line, arch) for arch in arches):
        raise WbError(Exit.INCOMPLETE, f"{line.name}: {judge.UNAVAILABLE}")


def overlay(settings: Settings, cell: Cell) -> dict[str, bytes | None]:
    """What the staged tree of a cell has beyond its source."""
    config = kunitconfig(settings, cell.line, load_arches(settings.root / "kconfig")["um"])
    return stage.overlay(cell.source, settings.root, cell.patches, config)


def staged(settings: Settings, cell: Cell, twin: Cell | None = None) -> stage.Staged:
    """The staged tree of a cell, up to date."""
    with _staging:  # a tree may be for several architectures
        return stage.sync(cell.source, overlay(settings, cell), settings.build / cell.folder,
                          settings.build / twin.folder if twin else None)


def built(settings: Settings, cell: Cell, twin: Cell | None = None) -> build.Kernel:
    """The kernel of a cell, up to date."""
    return build.build(settings, staged(settings, cell, twin), cell.arch, cell.name,
                       kunitconfig(settings, cell.line, cell.arch))


def judged(settings: Settings, cell: Cell, kernel: build.Kernel, run: Run) -> judge.Verdict:
    """Boot the kernel of a cell, and judge it."""
    start = time.monotonic()
    log = boot.boot(settings, kernel, cell.name, run.parameters, run.timeout)
    print(f"  {cell.name}: built in {kernel.seconds:.0f} s, "
          f"ran in {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    suites = expected(settings, cell.line, cell.arch)
    verdict = judge.judge(log, suites, cell.variant, cell.arch)
    draw(kernel, [b for s in verdict.scenarios.values() for b in s.breaks])
    return verdict


def draw(kernel: build.Kernel, breaks: Sequence[judge.Breakage]) -> None:
    """Add the diagrams of the witnesses."""
    traces = [trace.parse(b.trace) for b in breaks]
    found = kernel.places(traces)
    for b, parsed in zip(breaks, traces, strict=True):
        b.diagram = diagram.draw(parsed, found, b.rule)


def twins(settings: Settings, cells: Sequence[Cell]) -> list[int | None]:
    """For each cell an earlier one whose objects are mostly its own, if there is one.

    A header that differs leaves next to none of them.
    """
    headers = []
    for cell in cells:
        files = overlay(settings, cell)
        headers.append((cell.arch, cell.source, {n: files[n] for n in files if n.endswith(".h")}))
    return [
        next((j for j in reversed(range(i)) if headers[j] == headers[i]), None)
        for i in range(len(cells))
    ]


def run_cells(settings: Settings, cells: Sequence[Cell], run: Run) -> list[judge.Verdict | WbError]:
    """The verdict on each cell, or why there is none.

    Two kernels are built at a time, for configuring and linking keep only one
    CPU busy; a third tree is staged meanwhile; and those that are built run.
    """
    kernels: list[Future[build.Kernel]] = []
    results: list[Future[judge.Verdict] | WbError] = []

    def after(cell: Cell, twin: int | None) -> build.Kernel:
        if twin is None or kernels[twin].exception():
            return built(settings, cell)
        return built(settings, cell, cells[twin])

    with (
        lock(settings.build),
        ThreadPoolExecutor(max_workers=os.cpu_count()) as runners,
        ThreadPoolExecutor(max_workers=BUILDERS) as builders,
        ThreadPoolExecutor(max_workers=1) as stager,
    ):
        try:
            for cell, twin in zip(cells, twins(settings, cells), strict=True):
                kernels.append(builders.submit(after, cell, twin))
            for cell in cells[BUILDERS:]:
                stager.submit(stage.prepare, cell.source, settings.build / cell.folder)
            for cell, kernel in zip(cells, kernels, strict=True):
                try:
                    results.append(runners.submit(judged, settings, cell, kernel.result(), run))
                except WbError as error:
                    results.append(error)
            return [_outcome(r) for r in results]
        except BaseException:
            proc.cancelled.set()
            for pool in (builders, stager):
                pool.shutdown(wait=False, cancel_futures=True)
            raise


def _outcome(result: Future[judge.Verdict] | WbError) -> judge.Verdict | WbError:
    if isinstance(result, WbError):
        return result
    try:
        return result.result()
    except WbError as error:
        return error

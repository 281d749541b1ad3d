# SPDX-License-Identifier: GPL-2.0
"""Cells of the matrix: each a variant or a tree, on an architecture."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import boot, build, deps, judge, proc, stage
from .arches import Arch
from .errors import WbError
from .fetch import Source
from .settings import Settings, lock


@dataclass(frozen=True)
class Cell:
    """What to stage, and what to build and run it for."""

    variant: str
    arch: Arch
    source: Source
    patches: tuple[Path, ...]
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


def staged(settings: Settings, cell: Cell, twin: str | None = None) -> stage.Staged:
    """The staged tree of a cell, up to date."""
    config = build.compose_config(settings.root, ("common", "um"))
    files = stage.overlay(cell.source, settings.root, cell.patches, config)
    return stage.sync(cell.source, files, settings.build / cell.folder,
                      settings.build / twin if twin else None)


def built(settings: Settings, cell: Cell, twin: str | None = None) -> build.Kernel:
    """The kernel of a cell, up to date."""
    return build.build(settings, staged(settings, cell, twin), cell.arch, cell.name)


def judged(settings: Settings, cell: Cell, kernel: build.Kernel, run: Run) -> judge.Verdict:
    """Boot the kernel of a cell, and judge it."""
    start = time.monotonic()
    log = boot.boot(settings, kernel, cell.name, run.parameters, run.timeout)
    print(f"  {cell.name}: built in {kernel.seconds:.0f} s, "
          f"ran in {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    expected = judge.expected_cases(settings.root / "kunit")
    return judge.judge(log, expected, cell.variant, cell.arch)


def run_cells(settings: Settings, cells: Sequence[Cell], run: Run) -> list[judge.Verdict | WbError]:
    """The verdict on each cell, or why there is none.

    While a kernel is built the next tree is staged, and those that are built run.
    """
    results: list[Future[judge.Verdict] | WbError] = []
    with (
        lock(settings.build),
        ThreadPoolExecutor(max_workers=os.cpu_count()) as runners,
        ThreadPoolExecutor(max_workers=1) as stager,
    ):
        try:
            for cell in cells[1:]:
                stager.submit(stage.prepare, cell.source, settings.build / cell.folder)
            twin = None
            for cell in cells:
                try:
                    kernel = built(settings, cell, twin)
                except WbError as error:
                    results.append(error)
                    continue
                results.append(runners.submit(judged, settings, cell, kernel, run))
                twin = cell.folder
            return [_outcome(r) for r in results]
        except BaseException:
            proc.cancelled.set()
            stager.shutdown(wait=False, cancel_futures=True)
            raise


def _outcome(result: Future[judge.Verdict] | WbError) -> judge.Verdict | WbError:
    if isinstance(result, WbError):
        return result
    try:
        return result.result()
    except WbError as error:
        return error

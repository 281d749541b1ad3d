# SPDX-License-Identifier: GPL-2.0
"""Cells of the matrix: each a variant or a tree, on an architecture."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from . import boot, build, defects, deps, diagram, judge, ktap, proc, rounds, stage, trace, twin
from .arches import Arch
from .arches import load as load_arches
from .errors import Exit, WbError
from .fetch import Source
from .lines import Defect, Form, Line
from .settings import Settings, build_lock, make_folder


TREE = "tree"  # in place of a variant
BUILDERS = 2
NICE_STEP, NICE_MAX = 10, 19  # of a kernel that is wanted later
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
    strict: bool = False  # known defects are violations like any other


def require(arches: Sequence[Arch]) -> None:
    """Install what it takes to build and run kernels for these."""
    packages = dict(deps.BUILD)
    for arch in arches:
        packages |= arch.needs()
    deps.require(packages)


def kunitconfig(settings: Settings, line: Line, arch: Arch) -> str:
    """The configuration of a line's kernels for an architecture."""
    more = build.line_fragments(settings.root, line.name, arch.fragments)
    return build.compose_config(settings.root, (*arch.fragments, *more))


def expected(settings: Settings, line: Line, arch: Arch) -> dict[str, list[str]]:
    """The suites and cases that there must be results of."""
    return judge.expected_cases(settings.root / "kunit", kunitconfig(settings, line, arch))


def require_suites(settings: Settings, line: Line, arches: Sequence[Arch]) -> None:
    """Raise where there are no page writeback suites to run."""
    if any(judge.RACES not in expected(settings, line, arch) for arch in arches):
        raise WbError(Exit.INCOMPLETE, f"{line.name}: {judge.UNAVAILABLE}")


def require_explorer(settings: Settings, line: Line, arches: Sequence[Arch]) -> None:
    """Raise where there are no schedules to run, either."""
    require_suites(settings, line, arches)
    for arch in arches:
        if judge.RACES in arch.without:
            raise WbError(Exit.INCOMPLETE, f"{arch.label} has no schedules: {arch.because}")


def overlay(settings: Settings, cell: Cell) -> dict[str, bytes | None]:
    """What the staged tree of a cell has beyond its source."""
    config = kunitconfig(settings, cell.line, load_arches(settings.root / "kconfig")["um"])
    return stage.overlay(cell.source, settings.root, cell.patches, config)


def staged(settings: Settings, cell: Cell, like: Cell | None = None) -> stage.Staged:
    """The staged tree of a cell, up to date; what is built there begins as it is in another."""
    with _staging:  # a tree may be for several architectures
        tree = stage.sync(cell.source, overlay(settings, cell), settings.build / cell.folder)
        if like:
            twin.adopt(tree.path, settings.build / like.folder, cell.arch.build_dir)
        return tree


def built(settings: Settings, cell: Cell, like: Cell | None = None, niceness: int = 0
          ) -> build.Kernel:
    """The kernel of a cell, up to date."""
    return build.build(settings, staged(settings, cell, like), cell.arch, cell.name,
                       kunitconfig(settings, cell.line, cell.arch), niceness)


def boots(settings: Settings, kernel: build.Kernel, name: str, timeout: float | None = None
          ) -> rounds.Boot:
    """A kernel, to be run again and again; each time but the first with a log of its own."""
    def boot_it(log: str, parameters: Sequence[str]) -> ktap.Log:
        one, limit = kernel, timeout
        if log.startswith(rounds.REPLAY):
            most = boot.REPLAY_QEMU_TIMEOUT if kernel.arch.qemu else boot.REPLAY_TIMEOUT
            limit = min(most, timeout or most)
        if log:
            one = replace(kernel, build_dir=make_folder(kernel.build_dir / "more" / log))
            print(f"  {name}: {log}: {' '.join(parameters)}", file=sys.stderr, flush=True)
        return boot.attempt(settings, one, name, parameters, limit)

    return boot_it


def lacks(cell: Cell) -> tuple[str, ...] | None:
    """The scenarios that a kernel lacks; None for a tree whose version has no line of its own."""
    series = ".".join(cell.source.version.split(".")[:2])
    return cell.line.lacks if series == cell.line.series else None


def shorter(text: str, room: int = 200) -> str:
    return text if len(text) <= room else text[:room - 3] + "..."


def known_of(cell: Cell) -> tuple[Defect, ...]:
    """The known defects that the kernel of a cell may have."""
    if cell.variant in cell.line.variants:
        return cell.line.defects_of(cell.line.variants[cell.variant])
    cured = [p.path if isinstance(p, Form) else p for p in cell.patches]
    return tuple(d for d in defects.left_in(cell.source.path, cell.line) if d.patch not in cured)


def judged(settings: Settings, cell: Cell, kernel: build.Kernel, run: Run) -> judge.Verdict:
    """Boot the kernel of a cell, and judge it."""
    start = time.monotonic()
    suites = expected(settings, cell.line, cell.arch)
    verdict = rounds.judged(boots(settings, kernel, cell.name, run.timeout), suites, cell.variant,
                            cell.arch, run.parameters, lacks=lacks(cell))
    known = () if run.strict else known_of(cell)
    for s in verdict.scenarios.values():
        defects.mark(s.name, s.breaks, known)
    ran = time.monotonic() - start
    print(f"  {cell.name}: built in {kernel.seconds:.0f} s, ran in {ran:.1f} s, {shorter(verdict.summary)}",
          file=sys.stderr, flush=True)
    verdict.incomplete += draw(kernel, [b for s in verdict.scenarios.values() for b in s.breaks])
    return verdict


def draw(kernel: build.Kernel, breaks: Sequence[judge.Breakage]) -> list[str]:
    """Add the diagrams of the witnesses; returns what is wrong with their traces."""
    traces = {}
    problems = []
    for i, b in enumerate(breaks):
        try:
            traces[i] = trace.parse(b.trace)
        except WbError as error:  # a dying kernel may garble it
            problems.append(f"{b.witness}: {error}")
    found = kernel.places(list(traces.values()))
    for i, parsed in traces.items():
        breaks[i].diagram = diagram.draw(parsed, found, breaks[i].rule)
    return problems


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


def priorities(earlier: Sequence[int | None]) -> list[int]:
    """For each cell its place in the order in which kernels are wanted.

    First what most others continue from, and these right after it: they take few
    seconds, and run while the rest is built.
    """
    roots: list[int] = []
    for i, j in enumerate(earlier):
        roots.append(i if j is None else roots[j])
    order = sorted(range(len(roots)), key=lambda i: (-roots.count(roots[i]), roots[i], i))
    return [order.index(i) for i in range(len(roots))]


def run_cells(settings: Settings, cells: Sequence[Cell], run: Run,
              keep: Callable[[list[judge.Verdict]], None] = lambda _: None
              ) -> list[judge.Verdict | WbError]:
    """The verdict on each cell, or why there is none; `keep` gets those that there are
    whenever there is one more.

    Two kernels are built at a time, for configuring and linking keep only one
    CPU busy; a third tree is staged meanwhile; and those that are built run.
    """
    earlier = twins(settings, cells)
    priority = priorities(earlier)
    # Those that continue from another come when it may be there.
    order = sorted(range(len(cells)), key=lambda i: (earlier[i] is not None, priority[i]))
    begun: dict[int, Future[Future[judge.Verdict]]] = {}
    verdicts: dict[int, judge.Verdict] = {}
    keeping = threading.Lock()

    def end(i: int, kernel: build.Kernel) -> judge.Verdict:
        """Run a kernel that is built."""
        verdict = judged(settings, cells[i], kernel, run)
        with keeping:
            verdicts[i] = verdict
            keep([verdicts[j] for j in sorted(verdicts)])
        return verdict

    def begin(i: int) -> Future[judge.Verdict]:
        """Build a kernel, and let it run."""
        source = earlier[i]
        if source is not None and begun[source].exception():
            source = None
        kernel = built(settings, cells[i], None if source is None else cells[source],
                       min(NICE_MAX, NICE_STEP * priority[i]))
        return runners.submit(end, i, kernel)

    with (
        build_lock(settings.build),
        ThreadPoolExecutor(max_workers=os.cpu_count()) as runners,
        ThreadPoolExecutor(max_workers=BUILDERS) as builders,
        ThreadPoolExecutor(max_workers=1) as stager,
    ):
        try:
            for i in order:
                begun[i] = builders.submit(begin, i)
            for i in order:
                stager.submit(stage.prepare, cells[i].source, settings.build / cells[i].folder)
            return [_outcome(begun[i], settings.verbose) for i in range(len(cells))]
        except BaseException:
            proc.cancelled.set()
            for pool in (builders, stager):
                pool.shutdown(wait=False, cancel_futures=True)
            raise


def _outcome(begun: Future[Future[judge.Verdict]], verbose: bool) -> judge.Verdict | WbError:
    try:
        return proc.result(proc.result(begun))
    except WbError as error:
        return error
    except OSError as error:
        return WbError(Exit.HOST, f"{error.strerror or error}: {error.filename or 'this machine'}")
    except Exception as error:  # of one cell: the others have results
        if verbose:
            traceback.print_exception(error)
        return WbError(Exit.DEFECT, f"{type(error).__name__}: {error}: a defect of wbcheck; V=1 shows where")

# SPDX-License-Identifier: GPL-2.0
"""Does the suite catch what it is there to catch, and nothing else?

patches/<line>/mutants/ has one deliberate break a patch, refactorings/ changes
that break nothing. Each is applied to the fixed code, in one staged tree, and
run; mutants/expected.toml says what must come out.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import build, cells, fetch, judge, options, proc, report, rounds, stage, strict, twin
from .arches import load as load_arches
from .build import Kernel
from .errors import Exit, WbError
from .fetch import Source
from .ktap import without_lines
from .lines import Line, patch_files
from .lines import get as get_line
from .settings import Settings, build_lock, make_folder

FOLDER = "mutants"
REFACTORINGS = "refactorings"
ARCH = "um"  # where a build takes seconds
BOUNDS = (1, 2)  # from cheap to expensive
PATIENCE = 1  # seconds for a wakeup; the suite's own default is for busy machines

# What catches a mutant beside rules and cases says how and where, without line numbers:
# "dies: kernel BUG at fs/inode.c in truncate", "reports: Bad page state in reuse", "hangs in reuse",
# "vacuous: stale_waiters".
NAMED = ("dies: ", "reports: ", "hangs in ", "vacuous: ")


@dataclass(frozen=True)
class Expected:
    """What is known about one mutant: what catches it, why nothing does, or why nothing can."""

    killed_by: tuple[str, ...] = ()
    survives: str = ""
    equivalent: str = ""  # it changes nothing, and why


@dataclass(frozen=True)
class Expectations:
    """mutants/expected.toml"""

    stack: list[str]  # the fixed code, as the variant `twin`
    mutants: dict[str, Expected]
    alone: dict[str, str]  # rules that no mutant breaks alone, and why
    twin: str = ""


@dataclass(frozen=True)
class Job:
    """One patch to try."""

    name: str
    patch: Path
    expected: Expected  # of a refactoring: neither killed nor a survivor

    @property
    def refactoring(self) -> bool:
        return self.expected == Expected()


@dataclass
class Outcome:
    """What came of it."""

    name: str
    killed_by: list[str] = field(default_factory=list)
    bound: int = 0
    schedules: int = 0
    witness: str = ""
    problem: str = ""
    seconds: float = 0.0


def load_expectations(path: Path) -> Expectations:
    """Read expected.toml; raises if it does not say exactly one thing of a mutant."""
    try:
        data = strict.load(path)
        whole = strict.Table(path, data)
        whole.has(("stack", "twin", "mutant"), ("not_alone",))
        for name in data["mutant"]:
            whole.table("mutant").table(name).has((), ("killed_by", "survives", "equivalent"))
        mutants = {
            name: Expected(tuple(sorted(row.get("killed_by", ()))), row.get("survives", ""),
                           row.get("equivalent", ""))
            for name, row in data["mutant"].items()
        }
        bad = [n for n, e in mutants.items()
               if sum(map(bool, (e.killed_by, e.survives, e.equivalent))) != 1]
        if bad:
            raise ValueError(f"{bad[0]}: one of killed_by, survives and equivalent")
        for name, e in mutants.items():
            for killer in e.killed_by:
                if killer in ("crash", "hang", "vacuous"):
                    raise ValueError(f"{name}: '{killer}': what, and where? (dies: WHAT in PLACE, "
                                     "hangs in PLACE, vacuous: PLACE)")
                if killer.startswith(NAMED) and killer != without_lines(killer):
                    raise ValueError(f"{name}: '{killer}': a line number, which other changes move")
        return Expectations(data["stack"], mutants, data.get("not_alone", {}), data["twin"])
    except (OSError, KeyError, AttributeError, ValueError) as error:
        raise WbError(Exit.PATCH, f"{path}: {error}") from error


def find_jobs(folder: Path, expectations: Expectations) -> list[Job]:
    """The mutants and refactorings of a line; each mutant with what is expected."""
    patches = {p.stem: p for p in sorted((folder / FOLDER).glob("*.patch"))}
    odd = sorted(patches.keys() ^ expectations.mutants.keys())
    if odd:
        raise WbError(Exit.PATCH, f"a patch without an expectation, or the reverse: {odd[0]}")
    others = {p.stem: p for p in sorted((folder / REFACTORINGS).glob("*.patch"))}
    both = sorted(patches.keys() & others.keys())
    if both:
        raise WbError(Exit.PATCH, f"both a mutant and a refactoring: {both[0]}")
    return [Job(n, p, expectations.mutants[n]) for n, p in patches.items()] + [
        Job(n, p, Expected()) for n, p in others.items()
    ]


def choose(jobs: list[Job], only: Sequence[str] | None, shard: tuple[int, int]) -> list[Job]:
    """Those that were asked for."""
    unknown = sorted(set(only or ()) - {j.name for j in jobs})
    if unknown:
        raise WbError(Exit.USAGE, f"there is no mutant or refactoring '{unknown[0]}': "
                      f"there are {', '.join(j.name for j in jobs)}")
    return [j for j in jobs if not only or j.name in only][shard[0] - 1::shard[1]]


def one_each(jobs: list[Job], rules: Sequence[str]) -> list[Job]:
    """For each rule, one mutant that nothing else catches: a quick look at all rules."""
    alone = {j.expected.killed_by[0]: j for j in reversed(jobs) if len(j.expected.killed_by) == 1}
    return [alone[r] for r in rules if r in alone]


def rule_names(oracles: str) -> list[str]:
    """The rules that the suite's source declares, by their short names."""
    table = re.search(r"pwb_rules\[\] = \{(.*?)\};", oracles, re.S)
    return [judge.short_rule(r) for r in re.findall(r'"(.+?)"', table[1])] if table else []


def killers(verdict: judge.Verdict) -> list[str]:
    """The rules and cases that a verdict names, how the kernel died, and what it never reached."""
    kinds = (judge.DIES, judge.HANGS, judge.LATE, judge.REPORTS)
    deaths = dict.fromkeys(d.stable for d in verdict.deaths if d.kind in kinds)
    return [*verdict.rules, *verdict.failed, *deaths, *(f"vacuous: {n}" for n in verdict.vacuous)]


def problem_of(verdict: judge.Verdict) -> str:
    """Why a run tells nothing, if it does not: what nothing that is known here explains."""
    ends = [d.words for d in verdict.deaths if d.kind in (judge.ENDED, judge.CUT)]
    if not ends and not killers(verdict):
        ends = verdict.gaps
    return "; ".join(ends)


def until_killed(verdict: judge.Verdict) -> tuple[int, str]:
    """How many schedules it took, and the shortest of the scenario that broke; or the one that
    the kernel died in.
    """
    schedules = 0
    for s in verdict.scenarios.values():
        if s.shortest:
            return schedules + s.first, s.shortest.witness
        schedules += s.schedules
    return 0, next((d.schedule for d in verdict.deaths if d.schedule), "")


def surprise(job: Job, outcome: Outcome, full: bool) -> str:
    """How an outcome differs from what is expected, if it does."""
    got, want = set(outcome.killed_by), set(job.expected.killed_by)
    if outcome.problem:
        return outcome.problem
    if job.expected.equivalent:
        return f"changes nothing, but is killed by {', '.join(outcome.killed_by)}" if got else ""
    if job.refactoring or job.expected.survives:
        return f"flagged by {', '.join(outcome.killed_by)}" if got else ""
    if not got:
        return "survives"
    if got - want:
        return f"killed by {', '.join(sorted(got - want))}, which was not expected"
    if full and want - got:
        return f"not killed by {', '.join(sorted(want - got))}"
    return ""


def not_alone(rules: Sequence[str], expectations: Expectations) -> list[str]:
    """Rules that no mutant breaks alone, though nothing says why."""
    alone = {e.killed_by[0] for e in expectations.mutants.values() if len(e.killed_by) == 1}
    rows = [r for r in rules if r not in alone and r not in expectations.alone]
    return rows + [r for r in expectations.alone if r in alone or r not in rules]


def run_kernel(
    settings: Settings, kernel: Kernel, job: Job, full: bool, note: Callable[[str], None],
    lacks: Sequence[str] | None = None,
) -> Outcome:
    """Run one mutant, bound by bound, until it is killed."""
    outcome = Outcome(job.name)
    start = time.monotonic()
    expected = judge.expected_cases(settings.root / "kunit")
    for bound in BOUNDS[-1:] if full else BOUNDS:
        outcome.bound = bound
        parameters = [f"page_writeback.bound={bound}", f"page_writeback.patience={PATIENCE}"]
        try:
            verdict = rounds.judged(cells.boots(settings, kernel, job.name), expected, job.name,
                                    kernel.arch, parameters, rounds.ONCE, lacks)
            outcome.killed_by = killers(verdict)
            outcome.problem = problem_of(verdict)
            outcome.schedules, outcome.witness = until_killed(verdict)
        except WbError as error:
            outcome.problem = str(error)
        if outcome.killed_by or outcome.problem:
            break
    outcome.seconds = time.monotonic() - start
    what = outcome.problem or ", ".join(outcome.killed_by) or "nothing"
    note(f"    {job.name}: {what}, bound {outcome.bound}")
    return outcome


class Bench:
    """One staged tree, which each mutant in turn is built in."""

    def __init__(self, settings: Settings, line: Line, source: Source,
                 expectations: Expectations) -> None:
        self.settings = settings
        self.source = source
        self.lacks = line.lacks
        self.stack = patch_files(settings.root / "patches" / line.name, expectations.stack)
        self.arch = load_arches(settings.root / "kconfig")[ARCH]
        self.config = cells.kunitconfig(settings, line, self.arch)
        self.tree = settings.build / f"{line.name}-{FOLDER}"
        self.twin = settings.build / f"{line.name}-{expectations.twin}"
        self.out = make_folder(settings.build / FOLDER)
        self.ready = False

    def _stage(self, patches: Sequence[Path]) -> stage.Staged:
        files = stage.overlay(self.source, self.settings.root, patches, self.config)
        return stage.sync(self.source, files, self.tree)

    def _make(self, name: str, mark: str) -> None:
        """Rebuild; patches leave the configuration alone, so it need not be made anew."""
        build_dir = self.tree / stage.BUILD_DIR
        (build_dir / build.STAMP).unlink(missing_ok=True)
        (build_dir / "linux").unlink(missing_ok=True)
        done = proc.run(
            ["make", *self.arch.make(), f"-j{self.settings.jobs}"],
            cwd=self.tree, env=build.environment(self.settings.root, mark),
            log=build_dir / "wb-build.log", label=f"building {name}",
        )
        if done.code or not (build_dir / "linux").is_file():
            raise WbError(Exit.BUILD, f"{name}: does not build: {done.reason}")

    def kernel(self, job: Job) -> Kernel:
        """Build one; the kernel is a copy, so that the next can be built."""
        if not self.ready:
            fixed = self._stage(self.stack)
            twin.adopt(self.tree, self.twin, self.arch.build_dir)
            build.build(self.settings, fixed, self.arch, "the fixed code", self.config)
            self.ready = True
        mark = build.mark_of(self._stage([*self.stack, job.patch]).digest)
        self._make(job.name, mark)
        folder = make_folder(self.out / job.name)
        shutil.copy2(self.tree / stage.BUILD_DIR / "linux", folder / "linux")
        return Kernel(self.tree, self.arch, folder / "linux", folder, 0, mark)


def shortened(names: Sequence[str], room: int = 3) -> str:
    """The first few of a list."""
    more = f" and {len(names) - room} more" if len(names) > room else ""
    return ", ".join(names[:room]) + more


def result_row(job: Job, outcome: Outcome, odd: str) -> list[str]:
    """A line of the table."""
    if outcome.problem:
        what = "problem"
    elif outcome.killed_by:
        what = "flagged" if job.refactoring else "killed"
    else:
        what = ("passes" if job.refactoring else
                "equivalent" if job.expected.equivalent else "survives")
    detail = outcome.witness or job.expected.survives or job.expected.equivalent
    return [
        job.name, what, shortened(outcome.killed_by) or "-", str(outcome.bound),
        str(outcome.schedules or "-"), odd and f"UNEXPECTED: {odd}" or detail,
    ]


def alone_table(rules: Sequence[str], jobs: list[Job], outcomes: list[Outcome]) -> str:
    """By rule, the mutants that nothing else would have caught."""
    rows = []
    for rule in rules:
        names = [
            j.name for j, o in zip(jobs, outcomes, strict=True)
            if list(j.expected.killed_by) == [rule] == o.killed_by
        ]
        rows.append([rule, shortened(names)])
    return report.table(["rule", "mutants that only it catches"], rows)


def _build_and_run(
    bench: Bench, jobs: list[Job], full: bool, note: Callable[[str], None]
) -> list[Outcome]:
    """All of them; one is run while the next is built."""
    running: list[Future[Outcome]] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            for i, job in enumerate(jobs, 1):
                note(f"  {i} of {len(jobs)}: {job.name}")
                try:
                    kernel = bench.kernel(job)
                except WbError as error:
                    if error.code not in (Exit.BUILD, Exit.PATCH):
                        raise
                    running.append(pool.submit(Outcome, job.name, problem=str(error)))
                    continue
                running.append(pool.submit(run_kernel, bench.settings, kernel, job, full, note,
                                           bench.lacks))
            return [proc.result(r) for r in running]
        except BaseException:
            proc.cancelled.set()
            raise


def command(settings: Settings, args: argparse.Namespace) -> Exit:
    """wbcheck mutants"""
    start = time.monotonic()
    line = get_line(settings.root / "patches", args.line)
    folder = settings.root / "patches" / line.name
    if not (folder / FOLDER).is_dir():
        have = ", ".join(sorted(p.parent.name for p in folder.parent.glob(f"*/{FOLDER}")))
        raise WbError(Exit.USAGE, f"--line {line.name}: it has no mutants; {have} have")
    expectations = load_expectations(folder / FOLDER / "expected.toml")
    rules = rule_names((settings.root / "kunit/page_writeback/oracles.c").read_text())
    known = find_jobs(folder, expectations)
    jobs = choose(one_each(known, rules) if args.rules else known, args.only, args.shard)
    if not jobs:
        raise WbError(Exit.USAGE, f"--shard {'/'.join(map(str, args.shard))}: there is none in "
                      "this part")
    if os.environ.get("KSRC"):
        fetch.check_given(line, os.environ["KSRC"])
    arch = load_arches(settings.root / "kconfig")[ARCH]
    path = options.begun(settings, args, line.results("mutants"), line, [arch])
    cells.require([arch])
    source = fetch.get(settings, line, os.environ.get("KSRC"))
    path.about.of(source)

    def note(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    with build_lock(settings.build):
        bench = Bench(settings, line, source, expectations)
        outcomes = _build_and_run(bench, jobs, args.full, note)
    odd = [surprise(j, o, args.full) for j, o in zip(jobs, outcomes, strict=True)]
    print(report.table(
        ["mutant", "result", "by", "bound", "schedules", "witness, or why there is none"],
        [result_row(j, o, s) for j, o, s in zip(jobs, outcomes, odd, strict=True)], (3, 4),
    ))
    print("\n" + alone_table(rules, jobs, outcomes) + "\n")
    uncaught = not_alone(rules, expectations)
    for rule in uncaught:
        print(f"unexpected: {rule}: no mutant that only it catches, or none with a reason")
    seconds = time.monotonic() - start
    report.write_json(path, {
        "line": line.name, "version": source.version, "full": args.full, "seconds": seconds,
        "only": args.only or [], "rules": args.rules, "shard": "/".join(map(str, args.shard)),
        "as_expected": not any(odd) and not uncaught,
        "outcomes": [{**asdict(o), "refactoring": j.refactoring,
                      "equivalent": bool(j.expected.equivalent), "unexpected": s}
                     for j, o, s in zip(jobs, outcomes, odd, strict=True)],
    })
    bad = sum(map(bool, odd)) + len(uncaught)
    mutants = [(j, o) for j, o in zip(jobs, outcomes, strict=True) if not j.refactoring]
    equivalent = sum(bool(j.expected.equivalent) for j, _ in mutants)
    print(
        f"verdict: {sum(bool(o.killed_by) for _, o in mutants)} of {len(mutants)} mutants killed, "
        f"{equivalent} equivalent, {len(jobs) - len(mutants)} refactorings, {bad} unexpected; {seconds:.0f} s; "
        f"results in {path}"
    )
    return Exit.VIOLATION if bad else Exit.OK


def shard(text: str) -> tuple[int, int]:
    """i/n"""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"'{text}' is no part like 1/2")
    return int(found[1]), int(found[2])


def add_command(add: Callable[[str, object, str], argparse.ArgumentParser]) -> None:
    """Put the command into the parser of wbcheck."""
    c = add("mutants", command, "breaks of the fixed code that the suite must catch, and "
            "changes that it must not")
    options.add_line(c)
    which = c.add_mutually_exclusive_group()
    which.add_argument("--only", type=options.given, action="append", metavar="NAME",
                       help="can be repeated")
    which.add_argument("--rules", action="store_true", help="only one for each rule")
    c.add_argument("--shard", type=shard, default=(1, 1), metavar="I/N", help="only this part")
    c.add_argument("--full", action="store_true",
                   help="to the full bound each, and all that is expected to catch it must")
    options.add_json(c)

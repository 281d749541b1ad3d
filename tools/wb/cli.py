# SPDX-License-Identifier: GPL-2.0
"""The commands of wbcheck."""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import boot, build, deps, fetch, judge, proc, report, stage
from .errors import MEANING, Exit, WbError
from .fetch import Source
from .lines import Line, Variant, load
from .settings import Settings, lock

ARCHES = ("um",)
KUNIT_VARIANTS = ("unfixed", "seed", "seed+recheck")
# What an outer make passes on, and the kernel's must not see.
OUTER_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "V", "ARCH", "O", "TREE",
              "KBUILD_OUTPUT", "KSRC", "VARIANT", "SCHEDULE", "CC")


def say(text: str) -> None:
    print(text, flush=True)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def kunitconfig(settings: Settings, arch: str) -> str:
    return build.compose_config(settings.root, ["common", arch])


def built(
    settings: Settings, source: Source, patches: Sequence[Path], name: str, folder: str,
    twin: str | None = None,
) -> build.Kernel:
    """Stage and build one tree."""
    config = kunitconfig(settings, "um")
    files = stage.overlay(source, settings.root, patches, config)
    staged = stage.sync(source, files, settings.build / folder,
                        settings.build / twin if twin else None)
    return build.build(settings, staged, config, name)


def judged(
    settings: Settings, args: argparse.Namespace, kernel: build.Kernel, name: str
) -> judge.Verdict:
    """Boot one kernel, and judge it."""
    start = time.monotonic()
    log = boot.boot(settings, kernel, name, run_parameters(settings, args), args.timeout)
    note(f"  {name}: built in {kernel.seconds:.0f} s, ran in {time.monotonic() - start:.1f} s")
    expected = judge.expected_cases(settings.root / "kunit")
    return judge.judge(log, expected, name)


def path_key(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def stage_folder(line: Line, variant: Variant, source: Source) -> str:
    """Where a variant is staged; apart for each source that is not the pinned one."""
    pinned = source.pristine and source.path.name == f"{line.name}-{line.version}"
    return f"{line.name}-{variant.name}" + ("" if pinned else f"-{path_key(source.path)}")


def only_line(settings: Settings) -> Line:
    return load(settings.root / "patches")["v5.10"]


def cmd_kunit(settings: Settings, args: argparse.Namespace) -> Exit:
    line = only_line(settings)
    names = args.variant or list(KUNIT_VARIANTS)
    variants = [line.variant(n) for n in names]
    run_parameters(settings, args)
    deps.require(deps.BUILD_UM)
    source = fetch.get(settings, line, os.environ.get("KSRC"))
    # A kernel uses one CPU: run each while the next one is built.
    with lock(settings.build), ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            twin = None
            running = []
            for v in variants:
                folder = stage_folder(line, v, source)
                kernel = built(settings, source, v.patches, v.name, folder, twin)
                running.append(pool.submit(judged, settings, args, kernel, v.name))
                twin = folder
            verdicts = [r.result() for r in running]
        except BaseException:
            proc.cancelled.set()
            raise
    surprises = []
    for v, verdict in zip(variants, verdicts, strict=True):
        wanted = {n: r for n, r in v.breaks.items() if args.scenario in (None, n)}
        surprises += judge.unexpected(verdict, wanted)
    say(f"{line.name} ({source.version}), User-Mode Linux, preemption bound {bound_of(verdicts)}\n")
    say(report.verdict_table(verdicts))
    say("")
    path = args.json or settings.build / "results" / "kunit.json"
    report.write_json(path, {
        "line": line.name, "version": source.version, "arch": "um",
        "as_expected": not surprises, "unexpected": surprises,
        "variants": [v.as_json() for v in verdicts],
    })
    for row in surprises:
        say(f"unexpected: {row}")
    if surprises:
        for verdict in verdicts:
            if any(r.startswith(f"{verdict.name}: ") for r in surprises):
                say(report.witnesses(verdict))
        say(f"verdict: {len(surprises)} unexpected; results in {path}")
        return Exit.VIOLATION
    broken = [v.name for v in verdicts if not v.holds]
    held = [v.name for v in verdicts if v.holds]
    say(
        f"verdict: as expected: {', '.join(broken) or 'none'} broken, "
        f"{', '.join(held) or 'none'} without a violation; results in {path}"
    )
    return Exit.OK


def bound_of(verdicts: Sequence[judge.Verdict]) -> str:
    bounds = sorted({s.bound for v in verdicts for s in v.scenarios.values() if s.skipped is None})
    return " to ".join(map(str, bounds)) or "none"


def run_parameters(settings: Settings, args: argparse.Namespace) -> list[str]:
    """Kernel parameters for what differs from the suite's defaults."""
    parameters = []
    if args.scenario:
        names = judge.expected_cases(settings.root / "kunit")[judge.RACES]
        if args.scenario not in names:
            raise WbError(
                Exit.USAGE, f"no scenario '{args.scenario}': there are {', '.join(names)}"
            )
        parameters.append(f"page_writeback.scenario={args.scenario}")
    if args.bound is not None:
        parameters.append(f"page_writeback.bound={args.bound}")
    if args.cover is not None:
        parameters.append(f"page_writeback.cover={args.cover}")
    if args.compare is not None:
        parameters.append(f"page_writeback.compare={args.compare}")
    return parameters


def user_tree(line: Line, given: str) -> tuple[Source, str]:
    """A tree of the user's, and the folder that it is staged in."""
    path = Path(given).expanduser().absolute()
    if not path.is_dir():
        raise WbError(Exit.USAGE, f"{given}: no such folder")
    source = Source(path, fetch.check_line(path, line), pristine=False)
    return source, f"verify-{path_key(path)}-{re.sub(r'[^A-Za-z0-9._-]', '_', path.name)}"


def cmd_verify(settings: Settings, args: argparse.Namespace) -> Exit:
    line = only_line(settings)
    source, folder = user_tree(line, args.tree)
    run_parameters(settings, args)
    deps.require(deps.BUILD_UM)
    with lock(settings.build):
        verdict = judged(settings, args, built(settings, source, (), "tree", folder), "tree")
    say(f"{source.path} ({source.version}, taken for {line.name}), User-Mode Linux, "
        f"preemption bound {bound_of([verdict])}\n")
    say(report.verdict_table([verdict]))
    say("")
    if not verdict.holds:
        say(report.witnesses(verdict))
    for case in verdict.failed:
        say(f"fails: {case}")
    path = args.json or settings.build / "results" / "verify.json"
    report.write_json(path, {
        "tree": str(source.path), "line": line.name, "version": source.version, "arch": "um",
        **verdict.as_json(),
    })
    ran = sum(s.skipped is None for s in verdict.scenarios.values())
    skipped = len(verdict.scenarios) - ran
    tail = f"{ran} scenarios, {skipped} skipped; results in {path}"
    if verdict.holds:
        say(f"verdict: holds: {tail}")
        return Exit.OK
    rules = sorted({r for s in verdict.scenarios.values() for r in s.rules})
    say(f"verdict: broken: {', '.join(rules + verdict.failed)}: {tail}")
    return Exit.VIOLATION


def cmd_replay(settings: Settings, args: argparse.Namespace) -> Exit:
    line = only_line(settings)
    scenario = args.schedule.split(":")[1:2]
    names = judge.expected_cases(settings.root / "kunit")[judge.RACES]
    if not re.fullmatch(r"v1:\w+:[A-Z]\d*(,[A-Z]\d*)*", args.schedule) or scenario[0] not in names:
        raise WbError(Exit.USAGE, f"'{args.schedule}' is no schedule, like v1:reuse:E5,T,R,E,R; "
                      f"the scenarios are {', '.join(names)}")
    if args.tree:
        source, folder = user_tree(line, args.tree)
        patches: Sequence[Path] = ()
        name = "tree"
        deps.require(deps.BUILD_UM)
    else:
        variant = line.variant(args.variant)
        deps.require(deps.BUILD_UM)
        source = fetch.get(settings, line, os.environ.get("KSRC"))
        folder, patches, name = stage_folder(line, variant, source), variant.patches, variant.name
    with lock(settings.build):
        kernel = built(settings, source, patches, name, folder)
        log = boot.boot(settings, kernel, name, [f"page_writeback.replay={args.schedule}"])
    suite = log.suites.get(judge.RACES)
    case = suite.cases.get(scenario[0]) if suite else None
    if case is None:
        raise WbError(Exit.INCOMPLETE, f"{name}: {scenario[0]} did not run")
    replayed = None
    for row in case.lines:
        if row.startswith("| "):
            say(row[2:])
        elif row.startswith(f"error {case.name}: "):
            raise WbError(Exit.USAGE, row.partition(": ")[2])
        elif row.startswith(f"replayed {case.name}: "):
            replayed = row.partition(": ")[2]
    if replayed is None:
        raise WbError(Exit.INCOMPLETE, f"{name}: the replay left no result")
    say(f"\nverdict: {args.schedule} on {name}: breaks {replayed}")
    return Exit.OK if replayed == "none" else Exit.VIOLATION


def cmd_stage(settings: Settings, args: argparse.Namespace) -> Exit:
    line = only_line(settings)
    variant = line.variant(args.variant)
    deps.require(deps.BUILD_UM)
    source = fetch.get(settings, line, os.environ.get("KSRC"))
    config = kunitconfig(settings, "um")
    with lock(settings.build):
        files = stage.overlay(source, settings.root, variant.patches, config)
        staged = stage.sync(source, files, settings.build / stage_folder(line, variant, source))
        build_dir = staged.path / stage.BUILD_DIR
        build_dir.mkdir(exist_ok=True)
        (build_dir / ".kunitconfig").write_text(config)
    say(str(staged.path))
    return Exit.OK


def cmd_deps(settings: Settings, args: argparse.Namespace) -> Exit:
    deps.require({**deps.BUILD_UM, **(deps.CHECK if args.check else {})})
    return Exit.OK


def cmd_fetch(settings: Settings, args: argparse.Namespace) -> Exit:
    deps.require(deps.BUILD_UM)
    say(str(fetch.get(settings, only_line(settings), os.environ.get("KSRC")).path))
    return Exit.OK


def positive(text: str) -> int:
    if not text.isdigit() or int(text) > 15:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 0 to 15")
    return int(text)


def seconds(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds")
    return int(text)


def parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code.value:3}  {MEANING[code]}" for code in Exit)
    p = argparse.ArgumentParser(
        prog="wbcheck",
        description="Drive the end of page writeback through every interleaving, on a real kernel.",
        epilog=f"exit codes:\n{codes}\n\nenvironment: KSRC=<v5.10.y tree or tarball> instead of "
        "the download,\n  WB_BUILD and XDG_CACHE_HOME for other folders, JOBS=n, V=1 for the "
        "kernel's log",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = p.add_subparsers(dest="command", required=True, metavar="command")

    def add(name: str, function: object, text: str) -> argparse.ArgumentParser:
        c = commands.add_parser(name, help=text, description=text)
        c.set_defaults(function=function)
        return c

    def add_run_options(c: argparse.ArgumentParser) -> None:
        c.add_argument("--scenario", help="only this one")
        c.add_argument("--bound", type=positive, help="preemptions in a schedule, at most")
        c.add_argument("--cover", type=positive, metavar="ACTORS",
                       help="explore scenarios of so many actors without a bound, too "
                       "(default: 3)")
        c.add_argument("--compare", type=positive, metavar="BOUND",
                       help="check the reduction against all schedules within this bound "
                       "(default: 1)")
        c.add_argument("--json", type=Path, metavar="FILE", help="where to put the results")
        c.add_argument("--arch", choices=ARCHES, default="um")
        c.add_argument("--timeout", type=seconds, default=boot.TIMEOUT, metavar="SECONDS",
                       help="for each kernel's run (default: %(default)s)")

    c = add("kunit", cmd_kunit, "the line's variants, each against what is expected of it")
    c.add_argument("--variant", action="append", help="only this one; can be repeated")
    add_run_options(c)
    c = add("verify", cmd_verify, "the verdict on a kernel tree of your own; it is only read")
    c.add_argument("tree")
    add_run_options(c)
    c = add("replay", cmd_replay, "one schedule, step by step")
    c.add_argument("schedule")
    c.add_argument("--variant", default="unfixed")
    c.add_argument("--tree", help="replay on a tree of your own instead")
    c = add("stage", cmd_stage, "only stage a variant; prints where, for use by hand")
    c.add_argument("--variant", default="stock")
    add("fetch", cmd_fetch, "only get the kernel source; prints where it is")
    c = add("deps", cmd_deps, "only install the packages that are needed")
    c.add_argument("--check", action="store_true", help="those of the project's own tests too")
    return p


def main(argv: Sequence[str]) -> int:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, interrupt)
    args = parser().parse_args(argv)
    try:
        proc.adopt_orphans()
        settings = Settings.from_environment()
        ksrc = os.environ.get("KSRC")
        for name in OUTER_MAKE:
            os.environ.pop(name, None)
        if ksrc:
            os.environ["KSRC"] = ksrc
        return int(args.function(settings, args))
    except WbError as error:
        note(f"wbcheck: {error}")
        return int(error.code)
    except KeyboardInterrupt:
        note("wbcheck: interrupted; what is complete is kept, run it again to go on")
        return int(Exit.INTERRUPTED)
    except OSError as error:
        if error.errno == errno.EPIPE:
            return int(Exit.INTERRUPTED)
        note(f"wbcheck: {error.strerror or error}: {error.filename or 'this machine'}")
        return int(Exit.HOST)

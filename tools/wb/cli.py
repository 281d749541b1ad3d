# SPDX-License-Identifier: GPL-2.0
"""The commands of wbcheck."""

from __future__ import annotations

import argparse
import errno
import functools
import hashlib
import os
import re
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import (
    accel, arches, boot, build, cells, contracts, cost, defects, deps, diagram, fetch, fixes, judge,
    ktap, listing, mutants, options, proc, programs, report, resemble, results, rounds, stage, stress, svg, trace,
    witness,
)
from .arches import Arch
from .cells import Cell
from .errors import KIND, MEANING, Exit, WbError
from .fetch import Source
from .lines import DEFAULT, Line, Variant, load
from .lines import get as get_line
from .lines import select as select_lines
from .resemble import Likeness
from .settings import Settings, build_lock, clean, expanded

# What commands that are run get of the environment. All else (KCFLAGS, KCONFIG_CONFIG, LLVM,
# MAKEFLAGS, GIT_DIR, CPATH, ...) could make another kernel than the one that is asked for.
PASSED_ON = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|LANG|LANGUAGE|LC_.*|TMPDIR|LD_LIBRARY_PATH|XDG_.*|CCACHE_.*"
    "|(?i:.*_proxy)|APT_CONFIG|DEBIAN_FRONTEND|PYENV_.*|NIX_.*|KSRC|ACCEL|WB_RUN"
)


def say(text: str) -> None:
    print(text, flush=True)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def path_key(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def tree_folder(path: Path) -> str:
    """Where a tree of the user's is staged; its results are named so, too."""
    return f"verify-{path_key(path)}-{re.sub(r'[^A-Za-z0-9._-]', '_', path.name)}"


def stage_folder(line: Line, variant: Variant, source: Source) -> str:
    """Where a variant is staged; apart for each source that is not the pinned one."""
    pinned = source.pristine and source.path.name == f"{line.name}-{line.version}"
    return f"{line.name}-{variant.name}" + ("" if pinned else f"-{path_key(source.path)}")


def line_of(settings: Settings, args: argparse.Namespace) -> Line:
    """The line asked for."""
    return get_line(settings.root / "patches", args.line or DEFAULT)


def named(settings: Settings, args: argparse.Namespace, line: Line) -> list[Arch]:
    """The architectures asked for, or all that a line has."""
    kconfig = settings.root / "kconfig"
    names = args.arch or ",".join(n for n, a in arches.load(kconfig).items() if a.is_on(line.name))
    found = arches.select(kconfig, names, args.debug)
    for arch in found:
        if not arch.is_on(line.name):
            raise WbError(Exit.USAGE, f"{arch.name}: {no_such_kernels(arch, line)}")
    return found


def selected(settings: Settings, args: argparse.Namespace, line: Line) -> list[Arch]:
    """The same, with their packages installed."""
    found = named(settings, args, line)
    cells.require(found)
    return found


def variant_cell(line: Line, variant: Variant, arch: Arch, source: Source) -> Cell:
    return Cell(line, variant.name, arch, source, variant.patches,
                stage_folder(line, variant, source))


def variant_places(settings: Settings, args: argparse.Namespace, line: Line, names: Sequence[str]
                   ) -> list[tuple[Arch, Variant]]:
    """Variants of a line on the architectures asked for; raises if they can't be had."""
    variants = [line.variant(n) for n in dict.fromkeys(names)]
    found = named(settings, args, line)
    places = [(arch, v) for arch in found for v in variants if arch.name not in v.not_on]
    if not places:
        raise WbError(Exit.USAGE, "; ".join(f"{v.name} on {arch.name}: {v.not_on[arch.name]}"
                                            for arch in found for v in variants))
    if os.environ.get("KSRC"):
        fetch.check_given(line, os.environ["KSRC"])
    return places


def begun(settings: Settings, args: argparse.Namespace, command: str, line: Line,
          names: Sequence[str]) -> results.Results:
    """The file for the results of variants, which are checked first."""
    places = variant_places(settings, args, line, names)
    return options.begun(settings, args, line.results(command), line,
                         list(dict.fromkeys(arch for arch, _ in places)))


def variant_cells(settings: Settings, args: argparse.Namespace, line: Line, names: Sequence[str]
                  ) -> tuple[Source, list[Cell]]:
    """Variants of a line on the architectures asked for, and their source."""
    places = variant_places(settings, args, line, names)
    cells.require([arch for arch, _ in places])
    source = fetch.get(settings, line, os.environ.get("KSRC"))
    args.results.about.of(source)
    return source, [variant_cell(line, v, arch, source) for arch, v in places]


def recorded(args: argparse.Namespace, run: Callable[[], Exit]) -> Exit:
    """Run a command, and keep with its results how it ended."""
    code, why = Exit.DEFECT, "a defect of wbcheck"
    try:
        code, why = run(), ""
        return code
    except WbError as error:
        code, why = error.code, str(error)
        raise
    except KeyboardInterrupt:
        code, why = Exit.INTERRUPTED, "interrupted"
        raise
    except OSError as error:
        code, why = (Exit.INTERRUPTED, "interrupted") if error.errno == errno.EPIPE \
            else (Exit.HOST, str(error))
        raise
    finally:
        if getattr(args, "results", None):
            args.results.end(code, why)


def cmd_kunit(settings: Settings, args: argparse.Namespace) -> Exit:
    line = line_of(settings, args)
    return judge_variants(settings, args, line, "kunit", args.variant or line.judged)


def cmd_matrix(settings: Settings, args: argparse.Namespace) -> Exit:
    lines = select_lines(settings.root / "patches", args.line)
    if len(lines) == 1:
        return judge_variants(settings, args, lines[0], "matrix",
                              args.variant or list(lines[0].variants))
    return matrix_of_lines(settings, args, lines)


def matrix_of_lines(settings: Settings, args: argparse.Namespace, lines: Sequence[Line]) -> Exit:
    """One line after the other: what stops one keeps none of the others.

    Variants and architectures are those of the given ones that a line has.
    """
    if args.json:
        raise WbError(Exit.USAGE, "--json: one file is for one line; without it each has its own")
    for name in args.variant or ():
        if not any(name in line.variants for line in lines):
            raise WbError(Exit.USAGE, f"no variant '{name}' of {', '.join(n.name for n in lines)}")
    archs = arches.select(settings.root / "kconfig", args.arch, args.debug) if args.arch else []
    ends = {}
    codes = []
    for line in lines:
        names = [n for n in args.variant or line.variants if n in line.variants]
        there = [a.name for a in archs if a.is_on(line.name)]
        if not names or archs and not there:
            ends[line.name] = "has none of these kernels"
            continue
        own = argparse.Namespace(**{**vars(args), "arch": ",".join(there) or None})
        try:
            code = recorded(own, functools.partial(judge_variants, settings, own, line, "matrix",
                                                   names))
        except WbError as error:
            note(f"wbcheck: {line.name}: {error}")
            code = error.code
        ends[line.name] = "as expected" if code == Exit.OK else MEANING[code]
        codes.append(code)
        say("")
    whole = "; ".join(f"{name}: {end}" for name, end in ends.items())
    if not codes:
        raise WbError(Exit.USAGE, whole)
    say(whole)
    return report.first_of(codes)


def say_not_there(settings: Settings, args: argparse.Namespace, line: Line,
                  variants: Sequence[Variant]) -> None:
    """What the matrix has no rows for, and why."""
    if args.arch:
        return
    for arch in arches.load(settings.root / "kconfig").values():
        if not arch.is_on(line.name):
            say(f"no row for {arch.name}: {no_such_kernels(arch, line)}")
            continue
        for v in variants:
            if arch.name in v.not_on:
                say(f"no row for {v.name} on {arch.name}: {v.not_on[arch.name]}")


def no_such_kernels(arch: Arch, line: Line) -> str:
    return f"{line.name} has no such kernels: {', '.join(arch.lines)} has"


def say_uncovered(args: argparse.Namespace, wanted: Sequence[Cell]) -> None:
    """Where --cover has no effect: before anything takes time."""
    smp = dict.fromkeys(c.arch.name for c in wanted if "several CPUs" in c.arch.skips)
    if args.cover and smp:
        note(f"note: --cover: not on {', '.join(smp)}, which has several CPUs")


def parted(outcomes: Sequence[judge.Verdict | WbError]
           ) -> tuple[list[judge.Verdict], list[WbError]]:
    return ([o for o in outcomes if isinstance(o, judge.Verdict)],
            [o for o in outcomes if isinstance(o, WbError)])


def say_claim(settings: Settings, args: argparse.Namespace, line: Line, command: str,
              verdicts: Sequence[judge.Verdict]) -> None:
    """What "holds" is about, what was not looked at, and what matters beside."""
    archs = arches.load(settings.root / "kconfig")
    more = shlex.join(["--line", line.name] if args.line else [])
    again = " ".join(filter(None, ("tools/wbcheck", command, more)))
    rows = [report.claimed(verdicts), report.not_looked_at(verdicts, archs, line.name, again),
            report.not_run(verdicts), report.retries(verdicts), report.relied_on(verdicts)]
    if any(rows):
        say("\n".join(filter(None, rows)) + "\n")


def judge_variants(settings: Settings, args: argparse.Namespace, line: Line, command: str,
                   names: Sequence[str]) -> Exit:
    """Variants against what is expected of them: the table, and the verdict."""
    run = run_of(settings, args)
    path = begun(settings, args, command, line, names)
    source, wanted = variant_cells(settings, args, line, names)
    say_uncovered(args, wanted)
    start = time.monotonic()

    def expected(verdict: judge.Verdict) -> dict[str, list[str]]:
        breaks = line.variant(verdict.name).breaks
        return {n: r for n, r in breaks.items() if args.scenario in (None, n)}

    def missed(verdict: judge.Verdict) -> list[str]:
        """The known defects that a variant no longer shows."""
        return [f"{verdict.name} on {verdict.arch}: {d.name} does not show, a known defect"
                for d in defects.missed(verdict, line.defects_of(line.variant(verdict.name)))]

    def unexpected(verdicts: Sequence[judge.Verdict]) -> list[str]:
        return [r for v in verdicts for r in (*judge.unexpected(v, expected(v)), *missed(v))]

    def concluded(verdicts: Sequence[judge.Verdict], errors: Sequence[WbError]) -> tuple[str, Exit]:
        """The verdict, and the exit code."""
        surprises = unexpected(verdicts)
        if any(judge.differs(v, expected(v)) or missed(v) for v in verdicts):
            return f"{len(surprises)} unexpected", Exit.VIOLATION
        if surprises:
            code = report.first_of(v.open for v in verdicts)
            return f"{len(surprises)} unexpected: {surprises[0]}", code
        if errors:
            return f"none: {errors[0]}", errors[0].code
        if len(verdicts) < len(wanted):
            return "none yet", Exit.INTERRUPTED
        if any(not v.available for v in verdicts):
            return f"none: {line.name}: {judge.UNAVAILABLE}", Exit.INCOMPLETE
        if nowhere := explored_nowhere(args, verdicts):
            return f"none: {nowhere}", Exit.INCOMPLETE
        return f"as expected: {conclusion(verdicts)}", Exit.OK

    def keep(verdicts: Sequence[judge.Verdict], errors: Sequence[WbError] = ()) -> None:
        """Write the results that there are."""
        surprises = unexpected(verdicts)
        complete = len(verdicts) == len(wanted)
        report.write_json(path, {
            **report.summed_up(verdicts, *concluded(verdicts, errors), whole=complete),
            "line": line.name, "version": source.version, "instead_of": source.instead_of,
            "complete": complete, "seconds": round(time.monotonic() - start),
            "as_expected": complete and not surprises and all(v.available for v in verdicts),
            "unexpected": surprises, "errors": [str(e) for e in errors],
            "variants": [v.as_json() for v in verdicts],
        })

    outcomes = cells.run_cells(settings, wanted, run, keep)
    verdicts, errors = parted(outcomes)
    if errors:
        keep(verdicts, errors)
    surprises = unexpected(verdicts)
    without = [v for v in verdicts if not v.available]
    say(f"{line.name} ({source.title}), {', '.join(dict.fromkeys(c.arch.title for c in wanted))}"
        f"{bound_of(verdicts)}\n")
    if command == "matrix":
        say(report.matrix(wanted, outcomes))
        say_not_there(settings, args, line, [line.variant(n) for n in names])
    elif len(verdicts) > len(without):
        say(report.verdict_table(verdicts))
    say("")
    say_claim(settings, args, line, command, verdicts)
    say_unavailable(without)
    for row in surprises:
        say(f"unexpected: {row}")
    for verdict in verdicts:
        if any(r.startswith(f"{verdict.name} on {verdict.arch}: ") for r in surprises):
            say(report.witnesses(verdict))
    for error in errors:
        note(f"wbcheck: {error}")
    words, code = concluded(verdicts, errors)
    took = f"; {len(verdicts)} kernels in {time.monotonic() - start:.0f} s" if command == "matrix" else ""
    say(f"verdict: {words}{took}; results in {path}")
    return code


def explored_nowhere(args: argparse.Namespace, verdicts: Sequence[judge.Verdict]) -> str:
    """Why the one scenario that was asked for was skipped everywhere; "" if it was not."""
    def why(v: judge.Verdict) -> str | None:
        s = v.scenarios.get(args.scenario)
        return s.skipped if s else next(iter(v.skipped), "no schedules there")

    skipped = {v.arch: reason for v in verdicts if (reason := why(v)) is not None}
    if args.scenario and skipped and all(why(v) is not None for v in verdicts):
        reasons = "; ".join(f"{arch}: {reason}" for arch, reason in skipped.items())
        return f"{args.scenario} was explored nowhere: {reasons}"
    return ""


def conclusion(verdicts: Sequence[judge.Verdict]) -> str:
    """Who broke, who held and how far, and who was not explored."""
    held: dict[tuple[str, ...], list[judge.Verdict]] = {}
    for v in verdicts:
        if v.holds and v.ran:
            held.setdefault(tuple(v.known), []).append(v)
    groups = (
        ("broken", [v for v in verdicts if not v.holds]),
        *((held_in_words(group, known), group) for known, group in held.items()),
        ("passed the suites that need no schedules, and was not explored",
         [v for v in verdicts if v.holds and not v.ran]),
    )
    return "; ".join(f"{', '.join(dict.fromkeys(v.name for v in group))} {what}"
                     for what, group in groups if group)


def held_in_words(verdicts: Sequence[judge.Verdict], known: Sequence[str]) -> str:
    ran = [s for v in verdicts for s in v.scenarios.values() if s.skipped is None]
    return f"holds {judge.extent(ran)}{judge.but_for(known)}, in {report.in_short(verdicts)}"


def say_unavailable(verdicts: Sequence[judge.Verdict]) -> None:
    """What is known of kernels without the page writeback suites."""
    for v in verdicts:
        say(f"{v.name} on {v.arch}: {judge.UNAVAILABLE}; of the other cases, "
            f"{v.passed} pass and {len(v.failed)} fail\n")


def bound_of(verdicts: Sequence[judge.Verdict]) -> str:
    bounds = sorted({s.bound for v in verdicts for s in v.scenarios.values() if s.schedules})
    return f", preemption bound {' to '.join(map(str, dict.fromkeys((bounds[0], bounds[-1]))))}" if bounds \
        else ""


def run_of(settings: Settings, args: argparse.Namespace) -> cells.Run:
    return cells.Run(tuple(run_parameters(settings, args)), args.timeout, getattr(args, "strict", False))


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


def user_tree(settings: Settings, args: argparse.Namespace) -> tuple[Likeness, Source, str]:
    """A tree of the user's, what it is taken for, and the folder that it is staged in."""
    path = expanded(args.tree)
    if not path.is_dir():
        raise WbError(Exit.USAGE, f"{args.tree}: {'not a' if path.exists() else 'no such'} folder")
    patches = settings.root / "patches"
    forced = get_line(patches, args.line).name if args.line else None
    like = resemble.find(path, patches, load(patches), forced)
    source = Source(path, like.version, pristine=False)
    return like, source, tree_folder(path)


def say_likeness(like: Likeness, source: Source) -> None:
    """What a tree is judged as, before anything takes time."""
    note(f"{source.path} is {like}")
    if like.note:
        note(f"note: {like.note}")


def say_verdicts(settings: Settings, args: argparse.Namespace, line: Line,
                 verdicts: Sequence[judge.Verdict]) -> None:
    """The table, a diagram for what is broken, and what "holds" is about."""
    without = [v for v in verdicts if not v.available]
    if len(verdicts) > len(without):
        say(report.verdict_table(verdicts))
    say("")
    for verdict in verdicts:
        if not verdict.holds or verdict.known:
            say(report.witnesses(verdict))
        for case in verdict.failed:
            say(f"fails on {verdict.arch}: {case}")
        for row in (*verdict.ends, *verdict.gaps):
            say(f"on {verdict.arch}: {row}")
        for log in dict.fromkeys(d.log for d in verdict.deaths if d.log):
            say(f"the kernel's last words: {log}")
    say_claim(settings, args, line, f"verify {shlex.quote(args.tree)}", verdicts)
    say_unavailable(without)


def known_in(verdicts: Sequence[judge.Verdict]) -> list[str]:
    """The known defects that show in any of them."""
    return list(dict.fromkeys(n for v in verdicts for n in v.known))


def confirm(settings: Settings, args: argparse.Namespace, wanted: Sequence[Cell], run: cells.Run,
            verdicts: Sequence[judge.Verdict]) -> list[str]:
    """See that the cures of known defects help, on the tree's staged copy, in the scenarios that
    show them: what is left is new. Returns what is to be said of that.
    """
    rows = []
    for verdict in (v for v in verdicts if v.known):
        cell = next(c for c in wanted if c.arch.label == verdict.arch)
        forms = defects.cures(cell.source.path, cell.line, verdict.known)
        rows += [f"the cure of {n} does not apply: that it is this defect is known by rule and scenario alone"
                 for n in verdict.known if n not in forms]
        if not forms:
            continue
        others = ",".join(n for n, s in verdict.scenarios.items() if not s.known)
        only = (f"page_writeback.skip={others}",) if others and not args.scenario else ()
        name = "+".join([cells.TREE, *forms])
        outcome, = cells.run_cells(
            settings, [replace(cell, variant=name, patches=tuple(forms.values()))],
            replace(run, parameters=(*run.parameters, *only), strict=True))
        if isinstance(outcome, WbError):
            rows.append(f"on {verdict.arch}, with {' and '.join(forms)} cured: no verdict: {outcome}")
        else:
            rows += defects.compare(verdict, outcome, list(forms))
    return list(dict.fromkeys(rows))


def broken_rules(verdicts: Sequence[judge.Verdict]) -> list[str]:
    """The rules and cases that verdicts name."""
    rules = dict.fromkeys(r for v in verdicts for s in v.scenarios.values() for r in s.rules)
    return [*sorted(rules), *dict.fromkeys(c for v in verdicts for c in v.failed)]


def try_fixes(settings: Settings, args: argparse.Namespace, wanted: Sequence[Cell], run: cells.Run,
              found: Sequence[fixes.Missing]) -> tuple[str, dict[str, Any]]:
    """Whether a tree holds with the fixes that it lacks, on its staged copy."""
    forms = tuple(m.form for m in found)
    name = "+".join([cells.TREE, *(m.fix.name for m in found)])
    outcomes = cells.run_cells(
        settings, [replace(c, variant=name, patches=forms) for c in wanted], run)
    verdicts, errors = parted(outcomes)
    say_verdicts(settings, args, wanted[0].line, verdicts)
    came = f"no verdict: {errors[0]}" if errors else report.in_words(verdicts)
    came = came.replace("broken: ", "still broken: ", 1)
    code = report.first_of([v.exit for v in verdicts] + [e.code for e in errors])
    return f"with {fixes.names(found)} applied: {came}", {
        "applied": [m.fix.name for m in found],
        **report.summed_up(verdicts, came, code, whole=not errors),
        "errors": [str(e) for e in errors], "variants": [v.as_json() for v in verdicts],
    }


def tree_verdict(args: argparse.Namespace, line: Line, verdicts: Sequence[judge.Verdict],
                 errors: Sequence[WbError], caller: str) -> tuple[str, Exit]:
    """What came out of a tree, in words, and the exit code."""
    nowhere = "" if errors else explored_nowhere(args, verdicts)
    code = report.first_of(v.exit for v in verdicts)
    words = [report.in_words(verdicts)] if verdicts else []
    if known := defects.in_words(known_in(verdicts), line):
        words = [f"{words[0]}, but for {known}" if code == Exit.OK else f"{words[0]}; {known}"]
    if caller:
        words = [caller, *words]
        code = Exit.VIOLATION
    elif errors:
        code = code if code != Exit.OK else errors[0].code
    elif nowhere and code == Exit.OK:
        return f"none: {nowhere}", Exit.INCOMPLETE
    return "; ".join([*words, *(f"no verdict: {e}" for e in errors)]), code


def cmd_verify(settings: Settings, args: argparse.Namespace) -> Exit:
    like, source, folder = user_tree(settings, args)
    line = like.line
    say_likeness(like, source)
    run = run_of(settings, args)
    archs = named(settings, args, line)
    calls = contracts.allowed(contracts.find(source.path, line), args.allow_caller or ())
    path = options.begun(settings, args, f"{folder}.json", line, archs)
    wanted = [Cell(line, cells.TREE, arch, source, (), folder) for arch in selected(settings, args, line)]
    path.about.of(source)
    say_uncovered(args, wanted)
    outcomes = cells.run_cells(settings, wanted, run)
    verdicts, errors = parted(outcomes)
    doubts = confirm(settings, args, wanted, run, verdicts)
    say(f"{source.path}: {like}")
    if like.note:
        say(f"note: {like.note}")
    say(f"{', '.join(c.arch.title for c in wanted)}{bound_of(verdicts)}\n")
    say_verdicts(settings, args, line, verdicts)
    for doubt in doubts:
        say(f"note: {doubt}")
    if calls:
        say(contracts.described(calls) + "\n")
    caller = contracts.finding(calls)
    words, code = tree_verdict(args, line, verdicts, errors, caller)
    data = {
        **report.summed_up(verdicts, words, code, whole=not errors),
        "tree": str(source.path), "line": line.name, "version": source.version,
        "taken_for": like.as_json(),
        "known_defects": defects.as_json(known_in(verdicts), line), "doubts": doubts,
        "callers": [c.as_json() for c in calls],
        "unknown_callers": [str(c) for c in contracts.unknown(calls)],
        "errors": [str(e) for e in errors], "variants": [v.as_json() for v in verdicts],
    }
    report.write_json(path, data)
    if rules := broken_rules(verdicts):
        found = fixes.missing(source.path, line, rules)
        data["missing_fixes"] = [m.as_json() for m in found]
        say(fixes.described(source.path, line, rules, found))
        if found and args.fix:
            say("")
            came, data["fixed"] = try_fixes(settings, args, wanted, run, found)
            data["verdict"] = words = f"{words}; {came}"
        elif found:
            say(f"to see whether that is all: {shlex.join(['tools/wbcheck', *sys.argv[1:], '--fix'])}")
        report.write_json(path, data)
    for error in errors:
        note(f"wbcheck: {error}")
    about = f": {report.in_short(verdicts)}" if bound_of(verdicts) else ""
    say(f"verdict: {words}{about}; results in {path}")
    return code


def one_cell(settings: Settings, args: argparse.Namespace) -> Cell:
    """The variant or the tree that a command is for, on one architecture."""
    user = user_tree(settings, args) if getattr(args, "tree", None) else None
    if user:
        say_likeness(user[0], user[1])
    line = user[0].line if user else line_of(settings, args)
    variant = line.variant(args.variant or line.judged[0])
    found = selected(settings, args, line)
    if len(found) != 1:
        raise WbError(Exit.USAGE, f"--arch {args.arch}: one architecture at a time, please")
    if user:
        return Cell(line, cells.TREE, found[0], user[1], (), user[2])
    source = fetch.get(settings, line, os.environ.get("KSRC"))
    return variant_cell(line, variant, found[0], source)


def replay_case(name: str, scenarios: Sequence[str]) -> tuple[str, str] | None:
    """The suite and the case that replay schedules of this scenario or program."""
    if name in scenarios:
        return judge.RACES, name
    actors = len(name.removeprefix("p_"))
    if name.startswith("p_E") and actors in programs.CASES:
        return programs.SUITE, programs.CASES[actors]
    return None


def cmd_programs(settings: Settings, args: argparse.Namespace) -> Exit:
    line = line_of(settings, args)
    found = arches.select(settings.root / "kconfig", args.arch, args.debug)
    cells.require_explorer(settings, line, found)
    path = begun(settings, args, "programs", line, args.variant or line.judged)
    source, wanted = variant_cells(settings, args, line, args.variant or line.judged)
    broken = {v.name for v in line.variants.values() if v.breaks}
    parameters = []
    if args.bound is not None:
        parameters.append(f"page_writeback.bound={args.bound}")
    with build_lock(settings.build):
        outcomes = programs.run(settings, wanted, broken, args.actors, args.shard, parameters, note)
    whole = args.shard == (1, 1)
    surprises = programs.surprises(outcomes, whole)
    words, code = programs.concluded(outcomes, whole)
    report.write_json(path, {
        "verdict": words, "exit": int(code), "holds": all(o.holds for o in outcomes),
        "line": line.name, "version": source.version, "shard": "/".join(map(str, args.shard)),
        "as_expected": not surprises, "unexpected": surprises,
        "variants": programs.as_json(outcomes),
    })
    say(programs.table(outcomes) + "\n")
    for row in surprises:
        say(f"unexpected: {row}")
    for log in dict.fromkeys(d.log for o in outcomes for d in o.verdict.deaths if d.log):
        say(f"the kernel's last words: {log}")
    say(f"verdict: {words}; results in {path}")
    return code


def cmd_replay(settings: Settings, args: argparse.Namespace) -> Exit:
    found = re.fullmatch(r"v1:(\w+):[A-Za-z]\d*(,[A-Za-z]\d*)*", args.schedule)
    cases = judge.expected_cases(settings.root / "kunit")
    names = cases[judge.RACES]
    place = replay_case(found[1], names) if found else None
    if found and found[1] in cases[judge.CONTRACT]:
        place = judge.CONTRACT, found[1]
    if not found or not place:
        raise WbError(Exit.USAGE, f"'{args.schedule}' is no schedule, like v1:reuse:E5,T,R,E,R; "
                      f"the scenarios are {', '.join(names)}, and programs have names like p_ETR")
    cell = one_cell(settings, args)
    cells.require_explorer(settings, cell.line, [cell.arch])
    with build_lock(settings.build):
        kernel = cells.built(settings, cell)
        log = boot.attempt(settings, kernel, cell.name,
                           rounds.replay_parameters(args.schedule))
    suite = log.suites.get(place[0])
    case = suite.cases.get(place[1]) if suite else None
    if case is None and not log.ended and log.suite in ("", place[0]):
        return deadly_replay(args, cell, kernel, log)
    if case is None:
        death = judge.death_of(log) if not log.ended else None
        died = f": {death.what}, in {log.suite}; see {log.path}" if death else ""
        raise WbError(death.code if death else Exit.INCOMPLETE,
                      f"{cell.name}: {found[1]} did not run{died}")
    if case.skipped == judge.NOT_ASKED_FOR:
        raise WbError(Exit.USAGE, f"{cell.name}: there is no program {found[1]}")
    replayed = None
    rows = []
    for row in case.lines:
        if row.startswith("| "):
            rows.append(row[2:])
        elif row.startswith(f"error {found[1]}: "):
            raise WbError(Exit.USAGE, row.partition(": ")[2])
        elif row.startswith(f"replayed {found[1]}: "):
            replayed = row.partition(": ")[2]
    if replayed is None:
        raise WbError(Exit.INCOMPLETE, f"{cell.name}: the replay left no result")
    show_what_there_is(args, cell, kernel, rows)
    for r in log.reports:
        say(f"\nthe kernel reported, in {r.case or r.suite or 'no case'}: {r.what}")
    failed = [f"{s.name}.{c.name}" for s in log.suites.values() for c in s.cases.values() if not c.ok]
    broke = [judge.short_rule(rule) for rule, told in log.broke if told == args.schedule]
    if replayed == "none":
        replayed = ", ".join(broke) or "none"
    fails = f"; {'; '.join(judge.failures(failed))}" if failed and replayed == "none" else ""
    say(f"\nverdict: {args.schedule} on {cell.name}: breaks {replayed}{fails}")
    if not log.ended:
        say(f"and then: {judge.death_of(log).words}; see {log.path}")
    if replayed != "none" or failed:
        return Exit.VIOLATION
    if log.ended and log.doubts:
        raise WbError(Exit.INCOMPLETE, f"{cell.name}: {log.doubts[0]}; see {log.path}")
    return Exit.CRASH if log.crash else Exit.OK if log.ended else judge.death_of(log).code


def show_steps(args: argparse.Namespace, cell: Cell, kernel: build.Kernel, rows: Sequence[str]) -> None:
    """The listing and the diagram of a schedule."""
    steps = trace.parse(rows)
    places = kernel.places([steps])
    if args.svg:
        results.write_text(args.svg, svg.draw(steps, places, f"{args.schedule} on {cell.name}"))
    for row in [*listing.steps(steps, places, kernel.tree), "", *diagram.draw(steps, places)]:
        say(row)


def show_what_there_is(args: argparse.Namespace, cell: Cell, kernel: build.Kernel,
                       rows: Sequence[str]) -> None:
    """The same, where a row may be garbled: the verdict does not depend on the trace."""
    try:
        show_steps(args, cell, kernel, rows)
    except WbError as error:
        note(f"wbcheck: the trace is garbled: {error}")


def deadly_replay(args: argparse.Namespace, cell: Cell, kernel: build.Kernel, log: ktap.Log) -> Exit:
    """Show the part of a schedule that ran before the kernel ended, and tell whether it is to blame."""
    name = judge.scenario_of(args.schedule)
    death = judge.death_of(log)
    deadly = judge.dies_again(log, args.schedule)
    rows = judge.replayed(log, name)
    show_what_there_is(args, cell, kernel, judge.ending(rows, death.rule) if deadly else rows)
    broke = [f"seen {name}: {rule}, {told}" for rule, told in log.broke if told == args.schedule]
    case = ktap.Case(name, False, None, [*log.unfinished, *broke])
    rules = ", ".join(dict.fromkeys(judge.scenario(case, death.what).rules))
    if not deadly:
        if not rules:
            raise WbError(death.code, f"{cell.name}: {death.words}; see {log.path}")
        say(f"\nverdict: {args.schedule} on {cell.name}: breaks {rules}")
        say(f"and then: {death.words}; see {log.path}")
        return Exit.VIOLATION
    if rules:
        say(f"\nbefore it died, it broke {rules}")
    verb = death.rule if death.kind == judge.DIES else f"hangs: {death.why}"
    say(f"\nverdict: {args.schedule} on {cell.name}: {verb}; see {log.path}")
    return Exit.VIOLATION


def cmd_witness(settings: Settings, args: argparse.Namespace) -> Exit:
    line = line_of(settings, args)
    if witness.BROKEN not in line.variants:
        raise WbError(Exit.USAGE, f"--line {line.name}: the crashes that were reported are "
                      f"{DEFAULT}'s")
    broken, fixed = line.variant(witness.BROKEN), line.variant(witness.FIXED)
    args.debug = ",".join(filter(None, (args.debug, witness.DEBUG)))
    cells.require_suites(settings, line, named(settings, args, line))
    path = begun(settings, args, "witness", line, (witness.BROKEN, witness.FIXED))
    found = selected(settings, args, line)
    source = fetch.get(settings, line, os.environ.get("KSRC"))
    path.about.of(source)
    pairs = [
        (variant_cell(line, broken, arch, source), variant_cell(line, fixed, arch, source))
        for arch in found
    ]
    with build_lock(settings.build):
        data = witness.run(settings, pairs, say)
    report.write_json(path, {"line": line.name, "version": source.version, **data})
    say(f"verdict: {len(data['witnesses'])} crashes on {broken.name}, none on {fixed.name}; "
        f"results in {path}")
    return Exit.OK


def cmd_stress(settings: Settings, args: argparse.Namespace) -> Exit:
    line = line_of(settings, args)
    found = arches.select(settings.root / "kconfig", args.arch, args.debug)
    cells.require_suites(settings, line, found)
    path = begun(settings, args, "stress", line, args.variant or line.judged)
    source, wanted = variant_cells(settings, args, line, args.variant or line.judged)
    with build_lock(settings.build):
        data, broke = stress.run(settings, wanted, args.case or list(stress.CASES), args.seconds,
                                 args.runs, say)
    report.write_json(path, {"line": line.name, "version": source.version, **data})
    if broke:
        say(f"\nverdict: broken: {', '.join(broke)}; results in {path}")
        return Exit.VIOLATION
    say(f"\nverdict: {stress.in_words(data, line)}; results in {path}")
    return Exit.OK


def cmd_cost(settings: Settings, args: argparse.Namespace) -> Exit:
    line = line_of(settings, args)
    args.debug = ",".join(filter(None, (args.debug, cost.DEBUG)))
    found = arches.select(settings.root / "kconfig", args.arch, args.debug)
    if not all(a.qemu for a in found):
        raise WbError(Exit.USAGE, f"--arch {args.arch}: instructions are counted by QEMU: "
                      "x86_64, arm64")
    path = begun(settings, args, "cost", line, args.variant)
    source, wanted = variant_cells(settings, args, line, args.variant)
    with build_lock(settings.build):
        data = cost.run(settings, wanted, say)
    report.write_json(path, {"line": line.name, "version": source.version, **data})
    say(f"\ninstructions for each end of writeback; results in {path}")
    return Exit.OK


def cmd_stage(settings: Settings, args: argparse.Namespace) -> Exit:
    cell = one_cell(settings, args)
    with build_lock(settings.build):
        staged = cells.staged(settings, cell)
        build.configure_by_hand(settings.root, staged, cell.arch, cell.name, stage.native_config(
            cell.source.path, cells.kunitconfig(settings, cell.line, cell.arch)
        ))
    say(str(staged.path))
    return Exit.OK


def cmd_deps(settings: Settings, args: argparse.Namespace) -> Exit:
    cells.require(arches.select(settings.root / "kconfig", args.arch, args.debug))
    if args.check:
        deps.require(deps.CHECK)
    return Exit.OK


def cmd_fetch(settings: Settings, args: argparse.Namespace) -> Exit:
    deps.require(deps.BUILD)
    say(str(fetch.get(settings, line_of(settings, args), os.environ.get("KSRC")).path))
    return Exit.OK


def cmd_clean(settings: Settings, _: argparse.Namespace) -> Exit:
    clean(settings.build)
    return Exit.OK


TABLE = """\
In the table, a scenario that breaks several rules has a row for each under its own: the schedules
that break it, the rule, and its shortest witness, which shows this rule; "replay" runs it again.
"dies: ..." and "hangs" are the kernel's end in a schedule, seen again in a fresh machine. "holds ≤2"
is: in all schedules with up to two preemptions; "holds (all)": in every one."""


def parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code.value:3}  {MEANING[code]} [{KIND[code]}]" for code in Exit)
    p = argparse.ArgumentParser(
        prog="wbcheck",
        description="Drive the end of page writeback through every interleaving within a bound, on a real "
        "kernel.",
        epilog=f"exit codes:\n{codes}\n\nenvironment: KSRC=<tree or tarball of the line> "
        "instead of the download,\n  WB_BUILD and XDG_CACHE_HOME for other folders, JOBS=n for the build, "
        "SMP=n CPUs and\n  ACCEL=kvm|tcg for QEMU, V=1 for the kernel's log",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = p.add_subparsers(dest="command", required=True, metavar="command")

    def add(name: str, function: object, text: str, more: str = "") -> argparse.ArgumentParser:
        c = commands.add_parser(name, help=text, description=text, epilog=more)
        c.set_defaults(function=function)
        return c

    c = add("kunit", cmd_kunit, "the line's variants, each against what is expected of it", TABLE)
    options.add_line(c)
    options.add_variants(c)
    options.add_run_options(c)
    c = add("matrix", cmd_matrix, "all variants of a line, or of several, on all architectures: "
            "a table for each line")
    options.add_line(c, several=True)
    options.add_variants(c)
    options.add_run_options(c, None)
    c = add("verify", cmd_verify, "the verdict on a kernel tree of your own; it is only read", TABLE)
    c.add_argument("tree", type=options.given)
    c.add_argument("--fix", action="store_true", help="if it is broken, judge it again with the "
                   "known fixes that it lacks, on the staged copy")
    c.add_argument("--strict", action="store_true", help="exit 1 for a known defect of the line, too")
    c.add_argument("--allow-caller", type=options.given, action="append", metavar="NAME",
                   help="a caller of a function that asks something of its callers was looked at, and "
                   "does it: NAME or FILE:NAME; can be repeated")
    options.add_line(c, None)
    options.add_run_options(c)
    c = add("replay", cmd_replay, "one schedule, step by step")
    c.add_argument("schedule")
    options.add_line(c, None, otherwise=f"{DEFAULT}, or what the tree is")
    where = c.add_mutually_exclusive_group()
    where.add_argument("--variant", type=options.given, metavar="NAME",
                       help="default: the first that is judged")
    where.add_argument("--tree", type=options.given, metavar="DIR",
                       help="replay on a tree of your own instead")
    c.add_argument("--svg", type=options.output, metavar="FILE", help="draw a timeline of it, too")
    options.add_arch(c)
    c = add("witness", cmd_witness, "the crashes of the reports, on the unfixed kernel, and "
            "their absence on the fixed one")
    options.add_line(c)
    options.add_arch(c, "x86_64,arm64")
    options.add_json(c)
    c = add("programs", cmd_programs, "every program of so many actors that the suite's catalogue "
            "makes")
    options.add_line(c)
    options.add_variants(c)
    c.add_argument("--actors", type=programs.numbers, default=[2], metavar="N[,N]",
                   help="2, 3, 4 (default: 2)")
    c.add_argument("--shard", type=mutants.shard, default=(1, 1), metavar="I/N",
                   help="only this part")
    c.add_argument("--bound", type=options.preemptions, metavar="N", help="preemptions in a "
                   "schedule of those that can't be explored completely, at most")
    options.add_arch(c)
    options.add_json(c)
    c = add("stress", cmd_stress, "free-running threads: how long they take to hit what the "
            "explorer finds, and whether the fix holds under them")
    options.add_line(c)
    options.add_variants(c)
    c.add_argument("--seconds", type=options.stress_seconds, default=10, metavar="N", help="for each run")
    c.add_argument("--runs", type=options.count, default=3, metavar="N", help="of each kernel")
    c.add_argument("--case", choices=stress.CASES, action="append", help="pages: writeback, truncation "
                   "and waits; locks: waiters for the page lock are killed (default: both)")
    options.add_arch(c, "x86_64")
    options.add_json(c)
    c = add("cost", cmd_cost, "instructions that an end of writeback takes, as counted by QEMU")
    options.add_line(c)
    options.add_variants(c, "can be repeated: others are compared with the first", required=True)
    options.add_arch(c, "x86_64,arm64")
    options.add_json(c)
    c = add("stage", cmd_stage, "only stage a variant; prints where, for use by hand")
    options.add_line(c)
    c.add_argument("--variant", type=options.given, default="stock", metavar="NAME",
                   help="default: %(default)s")
    options.add_arch(c)
    mutants.add_command(add)
    options.add_line(add("fetch", cmd_fetch, "only get the kernel source; prints where it is"))
    add("clean", cmd_clean, "remove the staged trees and results, when no run is using them")
    c = add("deps", cmd_deps, "only install the packages that are needed")
    options.add_arch(c)
    c.add_argument("--check", action="store_true", help="those of the project's own tests too")
    return p


def main(argv: Sequence[str]) -> int:
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(s) != signal.SIG_IGN:  # as nohup has it
            signal.signal(s, proc.interrupt)
    args = parser().parse_args(argv)
    verbose = bool(os.environ.get("V"))
    try:
        proc.adopt_orphans()
        settings = Settings.from_environment()
        accel.forced()
        for name in ("json", "svg"):
            if getattr(args, name, None):
                results.probe(getattr(args, name))
        for name in list(os.environ):
            if not PASSED_ON.fullmatch(name):
                del os.environ[name]
        return int(recorded(args, functools.partial(args.function, settings, args)))
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
    except Exception as error:
        if verbose:
            traceback.print_exc()
        note(f"wbcheck: {type(error).__name__}: {error}: a defect of wbcheck; V=1 shows where")
        return int(Exit.DEFECT)

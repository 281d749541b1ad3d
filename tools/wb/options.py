# SPDX-License-Identifier: GPL-2.0
"""Values of options, checked where they are given, and options that commands share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import boot, provenance
from .arches import Arch
from .lines import DEFAULT, Line
from .results import Results
from .settings import Settings, lock


def given(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from {least} to {most}")
    return int(text)


def preemptions(text: str) -> int:
    return _number(text, 0, 15)


def count(text: str) -> int:
    return _number(text, 1, 10**6)


def stress_seconds(text: str) -> int:
    """KUnit ends a case after 300 seconds, whatever it is about."""
    return _number(text, 1, 240)


def output(text: str) -> Path:
    """A file to be written: whether it can be is seen before anything takes time."""
    try:
        path = Path(given(text)).resolve()
        if path.is_dir():
            raise argparse.ArgumentTypeError(f"'{text}' is a folder")
        if path.exists() and not path.is_file():
            raise argparse.ArgumentTypeError(f"'{text}' is no file, and would be replaced by one")
    except (OSError, RuntimeError) as error:
        raise argparse.ArgumentTypeError(f"'{text}': {getattr(error, 'strerror', error)}") from error
    return path


def add_json(c: argparse.ArgumentParser) -> None:
    c.add_argument("--json", type=output, metavar="FILE", help="where to put the results")


def results_path(settings: Settings, args: argparse.Namespace, name: str) -> Path:
    """Where results go: a file for each command and line, or for each tree of the user's."""
    return Path(args.json or settings.build / "results" / name)


def begun(settings: Settings, args: argparse.Namespace, name: str, line: Line,
          archs: Sequence[Arch]) -> Results:
    """The file for the results of a run, when all that was asked for has been checked.

    Nothing that takes long comes before it, and nothing that finds an error of the user's
    after it. While another run uses the build folder, the file may be its.
    """
    run = provenance.Run(settings, line, archs, getattr(args, "bound", None))
    args.results = Results(results_path(settings, args, name), run)
    with lock(settings.build):
        args.results.begin()
    return args.results


def add_line(c: argparse.ArgumentParser, default: str | None = DEFAULT, several: bool = False,
             otherwise: str = "what the tree is") -> None:
    c.add_argument("--line", type=given, default=default,
                   metavar="NAME[,NAME]" if several else "NAME",
                   help=f"of patches/lines.toml{', or all of them: all' * several} "
                   f"(default: {default or otherwise})")


def add_arch(c: argparse.ArgumentParser, default: str | None = "um") -> None:
    c.add_argument("--arch", type=given, default=default, metavar="NAME[,NAME]",
                   help=f"of kconfig/arches.toml (default: {default or 'all'})")
    c.add_argument("--debug", default="", metavar="AID[,AID]",
                   help="debugging aids: kconfig/debug-*.config")


def add_variants(c: argparse.ArgumentParser, what: str = "only this one; can be repeated",
                 required: bool = False) -> None:
    c.add_argument("--variant", type=given, action="append", required=required, metavar="NAME",
                   help=what)


def add_run_options(c: argparse.ArgumentParser, arch: str | None = "um") -> None:
    c.add_argument("--scenario", type=given, metavar="NAME", help="only this one")
    c.add_argument("--bound", type=preemptions, metavar="N",
                   help="preemptions in a schedule, at most")
    c.add_argument("--cover", type=preemptions, metavar="ACTORS",
                   help="explore scenarios of up to so many actors without a bound, too")
    c.add_argument("--compare", type=preemptions, metavar="BOUND",
                   help="check the reduction against all schedules within this bound")
    add_json(c)
    add_arch(c, arch)
    c.add_argument("--timeout", type=count, metavar="SECONDS", help="for each kernel's run "
                   f"(default: {boot.TIMEOUT}, under QEMU {boot.QEMU_TIMEOUT})")

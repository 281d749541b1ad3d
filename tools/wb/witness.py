# SPDX-License-Identifier: GPL-2.0
"""The crashes of the reports, followed into the kernel's own assertions.

For each, the explorer searches a scenario on a kernel that dies of the
violation; the schedule that it died in, replayed in a new machine, must lead
to the same death. On the fixed kernel both must end without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import boot, cells, judge, ktap
from .build import Kernel
from .cells import Cell
from .errors import Exit, WbError
from .settings import Settings

BROKEN, FIXED = "unfixed", "seed+recheck"
DEBUG = "vm"


@dataclass(frozen=True)
class Death:
    """How a hazard shows: the scenario, and what the kernel says when it dies."""

    hazard: str
    scenario: str
    says: str
    where: str
    reported: str


IN = r"(?:RIP: 0010:|pc : )"
DEATHS = (
    Death(
        "H4", "huge_tail",
        r"VM_BUG_ON_PAGE\(.*PageTail\(page\)\)", IN + r"(?:end_page_writeback|wake_up_page)\b",
        "ext4 on a loop device on shmem huge pages: VM_BUG_ON_PAGE(PageTail(page)), the "
        "PF_ONLY_HEAD check of PageWaiters(), in end_page_writeback() called by ext4_finish_bio()",
    ),
    Death(
        "H2", "reuse_sync",
        r"kernel BUG at mm/page-writeback\.c:\d+", IN + r"write_cache_pages\b",
        "syzbot and Qian Cai, October 2020: kernel BUG at mm/page-writeback.c:2241, "
        "BUG_ON(PageWriteback(page)) in write_cache_pages()",
    ),
    Death(
        "H3", "rearm_sync",
        r"kernel BUG at mm/page-writeback\.c:\d+", IN + r"write_cache_pages\b",
        "syzbot, January 2021, with the reference taken: kernel BUG at mm/page-writeback.c:2241, "
        "BUG_ON(PageWriteback(page)) in write_cache_pages()",
    ),
)


@dataclass
class Shown:
    """A death as it was seen, and how the fixed kernel fared."""

    hazard: str
    arch: str
    schedule: str
    lines: list[str]
    fixed: str


def _run(settings: Settings, kernel: Kernel, name: str, *parameters: str) -> boot.Ran:
    return boot.run(settings, kernel, name, ("page_writeback.lethal=1", *parameters))


def dies(ran: boot.Ran, death: Death, name: str) -> tuple[str, list[str]]:
    """The schedule that a kernel died in and its last words; raises if it lived."""
    log = ktap.parse(ran.text)
    if not log.crash:
        raise WbError(Exit.VIOLATION, f"{name}: {death.hazard} in {death.scenario} was to crash "
                      f"the kernel, and did not; see {ran.log}")
    found = [next((r.strip() for r in log.crash if re.search(p, r)), None)
             for p in (death.says, death.where)]
    # The page that VM_BUG_ON_PAGE() dumps comes before its BUG.
    if found[0] is None:
        found[0] = next((r.strip() for r in ktap.clean(ran.text) if re.search(death.says, r)), None)
    if None in found or not log.schedule:
        raise WbError(Exit.CRASH, f"{name}: crashed of something else than {death.hazard}: "
                      f"{log.crash[0].strip()}; see {ran.log}")
    return log.schedule, [f for f in found if f]


def lives(ran: boot.Ran, death: Death, name: str) -> ktap.Case:
    """The scenario's case in a log without a crash, complete to its end."""
    log = ktap.parse(ran.text)
    if log.crash:
        raise WbError(Exit.CRASH, f"{name}: the fixed kernel crashed in {death.scenario}: "
                      f"{log.crash[0].strip()}; see {ran.log}")
    suite = log.suites.get(judge.RACES)
    if not log.ended or suite is None or death.scenario not in suite.cases:
        raise WbError(Exit.INCOMPLETE, f"{name}: {death.scenario} left no result; see {ran.log}")
    return suite.cases[death.scenario]


def show(settings: Settings, broken: Kernel, fixed: Kernel, death: Death) -> Shown:
    """One death, twice, and two runs of the fixed kernel without."""
    arch = broken.arch
    names = f"{BROKEN} on {arch.label}", f"{FIXED} on {arch.label}"
    search = f"page_writeback.scenario={death.scenario}"
    schedule, lines = dies(_run(settings, broken, names[0], search), death, names[0])
    replay = f"page_writeback.replay={schedule}"
    again, _ = dies(_run(settings, broken, names[0], replay), death, names[0])
    if again != schedule:
        raise WbError(Exit.INCOMPLETE, f"{names[0]}: died in {schedule}, replayed in {again}")

    case = lives(_run(settings, fixed, names[1], search), death, names[1])
    scenario = judge.scenario(case)
    if not case.ok or not scenario.schedules:
        raise WbError(Exit.VIOLATION, f"{names[1]}: {death.scenario} does not hold")
    replayed = lives(_run(settings, fixed, names[1], replay), death, names[1])
    way = "the same schedule" if replayed.ok else "the same schedule, as far as it gets,"
    return Shown(death.hazard, arch.label, schedule, lines,
                 f"{scenario.schedules} schedules and {way} without a crash")


def run(settings: Settings, pairs: Sequence[tuple[Cell, Cell]],
        say: Callable[[str], None]) -> dict[str, Any]:
    """All deaths on all architectures; raises at the first that is not as it should be."""
    shown = []
    for broken_cell, fixed_cell in pairs:
        broken = cells.built(settings, broken_cell)
        fixed = cells.built(settings, fixed_cell)
        for death in DEATHS:
            s = show(settings, broken, fixed, death)
            shown.append(asdict(s))
            say(f"{s.hazard} on {s.arch}: {s.schedule}")
            say(f"  reported:  {death.reported}")
            for row in s.lines:
                say(f"  {BROKEN}:   {row}")
            say(f"  {FIXED}: {s.fixed}\n")
    return {"witnesses": shown}

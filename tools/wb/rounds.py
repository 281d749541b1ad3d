# SPDX-License-Identifier: GPL-2.0
"""Boot after boot, until each scenario has a result.

A kernel that dies takes all with it that it has not run yet. What it died in is
replayed in a fresh machine before it is blamed; the others go on in another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import judge
from .arches import Arch
from .errors import WbError
from .judge import Verdict
from .ktap import Log

AGAIN = 4  # machines for what is left
TRACES = 4  # machines for the traces of violations that a kernel did not live to show

# The kernel of given parameters, from its boot to its end. The name is for its log.
Boot = Callable[[str, Sequence[str]], Log]


@dataclass(frozen=True)
class Plan:
    """How far to go for a kernel that dies."""

    again: int = AGAIN
    traces: int = TRACES
    replay: bool = True


# To see that it dies, and no more.
ONCE = Plan(0, 0, False)


def asked_for(parameters: Sequence[str]) -> str | None:
    """The one scenario that a kernel is to run, if not all."""
    names = [p.partition("=")[2] for p in parameters if p.startswith("page_writeback.scenario=")]
    return names[-1] if names else None


def what_is_left(verdict: Verdict, log: Log) -> list[str] | None:
    """The parameters for a boot that goes on where the last one died; None, if there is none.

    The scenarios run first. Behind a death in another suite nothing is left to go on with.
    """
    died = [d for d in verdict.deaths if d.kind != judge.REPORTS]
    if any(d.kind == judge.ENDED for d in died):  # and so may the next be
        return None
    if not verdict.not_run or log.ended and not any(d.kind == judge.LATE for d in died):
        return None
    others = [n for n in verdict.not_run if "." in n]
    elsewhere = any(d.where and d.where not in verdict.scenarios for d in died)
    if elsewhere and len(others) == len(verdict.not_run):
        return None
    done = [n for n, s in verdict.scenarios.items() if s.skipped is None]
    return [f"page_writeback.skip={','.join(done)}"] if done else None


ALONE, REPLAY = "alone", "replay"


def without_a_schedule(verdict: Verdict) -> str:
    """A scenario that ran out of time without a word on where it was."""
    late = [d.where for d in verdict.deaths
            if d.kind == judge.LATE and not d.schedule and d.where in verdict.scenarios]
    return late[0] if late else ""


def _replay(boot: Boot, schedule: str, number: int) -> Log | None:
    """One schedule in a fresh machine; None if that did not get so far."""
    try:
        return boot(f"{REPLAY}-{number}", replay_parameters(schedule))
    except WbError:
        return None


def replay_parameters(schedule: str) -> list[str]:
    """For a boot that runs a schedule, and no other."""
    return [f"page_writeback.replay={schedule}"]


def judged(boot: Boot, expected: dict[str, list[str]], name: str, arch: Arch,
           parameters: Sequence[str] = (), plan: Plan | None = None,
           lacks: Sequence[str] | None = None) -> Verdict:
    """The verdict on a kernel, in as many machines as that takes; raises if there is none.

    What is left at the end is in the verdict's `not_run`, and never holds.
    """
    plan = plan or Plan()
    asked = asked_for(parameters)
    replays: dict[str, Log] = {}
    logs = [boot("", parameters)]

    def verdict() -> Verdict:
        return judge.judge(logs, expected, name, arch, replays, asked, lacks)

    def replay(schedules: Sequence[str]) -> None:
        for schedule in schedules:
            if schedule not in replays and (log := _replay(boot, schedule, len(replays) + 1)):
                replays[schedule] = log

    found = verdict()

    def go_on(log_name: str, more: Sequence[str]) -> bool:
        """Boot once more; is there anything that was not known?"""
        nonlocal found
        try:
            log = boot(log_name, [*parameters, *more])
        except WbError:  # it does not even begin any more
            return False
        log.more = tuple(more)
        logs.append(log)
        before, found = found, verdict()
        if len(found.not_run) < len(before.not_run) or log_name == ALONE:
            return True
        logs.pop()  # it died where it did before
        found = before
        return False

    if plan.again and (late := without_a_schedule(found)):
        go_on(ALONE, [f"page_writeback.scenario={late}"])
    for n in range(1, plan.again + 1):
        more = what_is_left(found, logs[-1])
        hung = {d.where for d in found.deaths if d.kind in (judge.LATE, judge.HANGS)}
        if more is None or len(hung) > 1:  # each takes a while
            break
        if not go_on(f"again-{n}", more):
            break
    if plan.replay:
        replay([d.schedule for d in found.deaths if d.schedule])
        found = verdict()
    best = sorted((b for s in found.scenarios.values() for b in s.breaks if not b.trace),
                  key=lambda b: b.cost)
    shortest = {judge.short_rule(b.rule): b.witness for b in reversed(best)}
    wanted = list(dict.fromkeys(shortest.values()))[:plan.traces]
    if wanted:
        replay(wanted)
        found = verdict()
    return found

# SPDX-License-Identifier: GPL-2.0
"""What the tests with real kernels share."""

import json
import os
import signal
import subprocess
import unittest
from dataclasses import fields
from pathlib import Path

from wb import cli, fetch, lines, stage
from wb.errors import Exit
from wb.judge import Breakage, Death, Scenario, Unstable, Verdict
from wb.settings import Settings

ROOT = Path(__file__).parents[2]
WBCHECK = ROOT / "tools/wbcheck"
SETTINGS = Settings.from_environment()
LINE = lines.load(ROOT / "patches")["v5.10"]
RESULTS = SETTINGS.build / "results"


def wbcheck(*args: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(WBCHECK), *map(str, args)], env={**os.environ, **(env or {})}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )


def started(*args: object) -> subprocess.Popen[str]:
    """The command, still running; Ctrl-C reaches it, even if the tests ignore it."""
    return subprocess.Popen(
        [str(WBCHECK), *map(str, args)], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def kernels_running() -> list[tuple[int, str]]:
    """The kernels that still run out of our build folder, under QEMU or not."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                ours = os.readlink(entry / "cwd").startswith(f"{SETTINGS.build}/")
            except (OSError, UnicodeDecodeError):
                continue
            if ours and (f"{stage.BUILD_DIR}/linux " in command or command.startswith("qemu-")):
                found.append((int(entry.name), command))
    return found


def pristine() -> Path:
    return fetch.get(SETTINGS, LINE).path


def results(name: str) -> dict[str, object]:
    data = json.loads((RESULTS / f"{name}.json").read_text())
    assert isinstance(data, dict)
    return data


def verified(tree: Path) -> dict[str, object]:
    """What the last verify of a tree has left."""
    return results(cli.tree_folder(tree.resolve()))


def verdicts_of(data: dict[str, object]) -> list[Verdict]:
    found = []
    for v in data["variants"]:  # type: ignore[attr-defined]
        scenarios = {
            n: Scenario(**{**s, "breaks": [Breakage(**b) for b in s["breaks"]],
                           "unstable": [Unstable(**u) for u in s["unstable"]]})
            for n, s in v["scenarios"].items()
        }
        kept = {f.name: v[f.name] for f in fields(Verdict)}
        found.append(Verdict(**{
            **kept, "scenarios": scenarios, "deaths": [Death(**d) for d in v["deaths"]],
            "unstable": [Unstable(**u) for u in v["unstable"]],
        }))
    return found


class KernelTest(unittest.TestCase):
    maxDiff = None

    def check(self, done: subprocess.CompletedProcess[str], code: Exit) -> None:
        self.assertEqual(done.returncode, int(code), done.stdout[-3000:])
        self.assertNotIn("Traceback", done.stdout)
        self.assertEqual(kernels_running(), [])

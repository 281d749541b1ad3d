# SPDX-License-Identifier: GPL-2.0
"""A tree with the few files of a kernel that staging needs, and a machine that has it as a source."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path

from wb import lines

ROOT = Path(__file__).parents[2]
WBCHECK = ROOT / "tools/wbcheck"
FILES = {
    "Makefile": "VERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = 1\n",
    "Kconfig": "mainmenu\n",
    "fs/Makefile": "obj-y += fs-writeback.o\n",
    "kernel/sched/Makefile": "obj-y += wait.o",
    "lib/Makefile": "obj-y += xarray.o\n",
    "mm/Makefile": "obj-y += filemap.o\n",
    "mm/Kconfig": "menu\nendmenu",
    "mm/filemap.c": "one\ntwo\nthree\n",
    "mm/page-writeback.c": "x\n",
    "tools/testing/kunit/kunit.py": "#!/usr/bin/env python3\n",
    "arch/um/Kconfig": "um\n",
    ".gitignore": "*.o\n.*\n!.gitignore\n",
}


def make_tree(tree: Path) -> None:
    for name, text in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)


def until(true: Callable[[], object], seconds: float = 30) -> bool:
    """Wait for something; returns whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


class Machine(unittest.TestCase):
    """A cache and a build folder of their own; the source of v5.10 is the small tree."""

    def setUp(self) -> None:
        self.tmp = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.tmp)
        line = lines.load(ROOT / "patches")["v5.10"]
        self.sources = self.tmp / "cache/page-writeback/sources"
        self.source = self.sources / f"{line.name}-{line.version}"
        make_tree(self.source)
        self.build = self.tmp / "build"
        self.env = {**os.environ, "XDG_CACHE_HOME": str(self.tmp / "cache"), "WB_BUILD": str(self.build)}

    def start(self, *args: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(WBCHECK), *map(str, args)], env=self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def wbcheck(self, *args: object) -> subprocess.CompletedProcess[str]:
        process = self.start(*args)
        out = process.communicate(timeout=120)[0]
        return subprocess.CompletedProcess(process.args, process.returncode, out)

    def command(self, name: str, script: str) -> None:
        """Another command of this name comes first in PATH."""
        folder = self.tmp / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
        if not self.env["PATH"].startswith(str(folder)):
            self.env["PATH"] = f"{folder}:{self.env['PATH']}"



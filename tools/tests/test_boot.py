# SPDX-License-Identifier: GPL-2.0
"""How a run of a kernel ends, and how that is told: processes in place of kernels."""

import contextlib
import io
import os
import shutil
import signal
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from wb import arches, boot, fetch, judge, lines, proc
from wb.build import Kernel
from wb.errors import Exit, WbError
from wb.settings import Settings

ROOT = Path(__file__).parents[2]
UM = arches.load(ROOT / "kconfig")["um"]
BEGUN = "TAP version 14\n1..1\n    # Subtest: one\n    1..2\n    ok 1 - first\n"

# As those of v6.1 and later do: through a buffer of Python's.
BUFFERS = """\
import subprocess
def run_kernel(build_dir):
    process = subprocess.Popen([build_dir + "/linux"], stdout=subprocess.PIPE, text=True)
    output = open(build_dir + "/test.log", "w")
    for line in process.stdout:
        output.write(line)
"""
# As that of v5.10 does.
AT_ONCE = """\
import subprocess
def run_kernel(build_dir):
    with open(build_dir + "/test.log", "w") as output:
        subprocess.Popen([build_dir + "/linux"], stdout=output, text=True).wait()
"""
COMMAND = "import kunit_kernel\nkunit_kernel.run_kernel('.kunit')\n"


class Runs(unittest.TestCase):
    def setUp(self) -> None:
        self.tree = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.tree)
        self.settings = Settings.from_environment()

    def kernel(self, tool: str, script: str) -> Kernel:
        """A tree with a kunit.py and a "kernel", which is a script."""
        kunit = self.tree / "tools/testing/kunit"
        build = self.tree / ".kunit"
        kunit.mkdir(parents=True, exist_ok=True)
        build.mkdir(exist_ok=True)
        (kunit / "kunit.py").write_text(COMMAND)
        (kunit / "kunit_kernel.py").write_text(tool)
        (build / "linux").write_text(f"#!/bin/sh\n{script}\n")
        (build / "linux").chmod(0o755)
        return Kernel(self.tree, UM, build / "linux", build, 0, "x")

    def run_it(self, kernel: Kernel, silence: float = 15) -> tuple[boot.Ran, proc.Done]:
        with mock.patch("wb.boot.SILENCE", silence), contextlib.redirect_stderr(io.StringIO()):
            ran = boot.run(self.settings, kernel, "x", silent=False)
        return ran, ran.done

    def test_the_trees_that_there_are(self) -> None:
        for name, line in lines.load(ROOT / "patches").items():
            tree = fetch.get(self.settings, line).path
            self.assertEqual(boot.shows_at_once(tree), name == "v5.10", name)

    def test_it_talks_while_kunit_keeps_it_to_itself(self) -> None:
        """It does not count as silent, and its last words are there after a kill."""
        talks = "for i in 1 2 3 4 5 6 7 8; do echo TAP $i; sleep 0.4; done"
        ran, done = self.run_it(self.kernel(BUFFERS, talks), 1.5)
        self.assertEqual((done.code, ran.text.count("TAP"), ran.kunit_log), (0, 8, None))
        ran, done = self.run_it(self.kernel(BUFFERS, "echo TAP last words; sleep 20"), 1)
        self.assertEqual((done.code, ran.text), (None, "TAP last words\n"))

    def test_through_kunit_where_it_shows_at_once(self) -> None:
        ran, done = self.run_it(self.kernel(AT_ONCE, "for i in 1 2 3 4; do echo TAP $i; sleep 0.4; done"), 1.5)
        self.assertEqual((done.code, ran.text.count("TAP")), (0, 4))
        self.assertIsNotNone(ran.kunit_log)
        with contextlib.redirect_stderr(io.StringIO()):  # also without a limit on silence
            ran = boot.run(self.settings, self.kernel(BUFFERS, "echo TAP"), "x")
        self.assertIsNotNone(ran.kunit_log)

    def test_silence_and_a_deadline_are_told_apart(self) -> None:
        kernel = self.kernel(AT_ONCE, f"cat <<E\n{BEGUN}E\nsleep 20")
        ran, done = self.run_it(kernel, 1)
        self.assertEqual((done.code, done.silent), (None, 1))
        log = boot.ended(ran, kernel, "x")
        self.assertEqual(log.stopped, (judge.LATE, "said nothing for 1 s"))
        with mock.patch("wb.boot.TIMEOUT", 1):
            ran, done = self.run_it(self.kernel(BUFFERS, f"cat <<E\n{BEGUN}E\nsleep 20"))
        self.assertEqual((done.code, done.silent), (None, 0))
        self.assertEqual(boot.ended(ran, kernel, "x").stopped, (judge.LATE, "did not end within 1 s"))


class Ends(unittest.TestCase):
    def ended(self, text: str, code: int | None) -> judge.Death:
        kernel = SimpleNamespace(arch=UM)
        ran = boot.Ran(text, proc.Done(code, "", 3), Path("x.log"))
        return judge.death_of(boot.ended(ran, kernel, "x"))  # type: ignore[arg-type]

    def test_signals(self) -> None:
        """Others send some; of the rest User-Mode Linux, which is a process, dies by itself."""
        for nr in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP):
            self.assertEqual(self.ended(BEGUN, -nr).code, Exit.KILLED)
        for nr in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT):
            death = self.ended(BEGUN, -nr)
            self.assertEqual((death.code, death.words), (Exit.CRASH, f"the kernel died: ended by signal {nr}"))
            with self.assertRaises(WbError) as raised:
                self.ended("Linux version 5.10\n", -nr)
            self.assertEqual(raised.exception.code, Exit.BOOT)
            self.assertIn(f"ended by signal {nr}", str(raised.exception))

    def test_a_kernel_that_boots_again_and_again(self) -> None:
        for code in (None, -signal.SIGTERM, 0):
            death = self.ended(BEGUN + "Linux version 5.10\n" + BEGUN, code)
            self.assertEqual((death.kind, death.what), (judge.CUT, "the kernel booted again"))

    def test_a_process_that_does_not_end(self) -> None:
        """As one in an uninterruptible sleep: there is an end of waiting for it."""
        said = io.StringIO()

        def there(mark: str) -> Sequence[int]:
            return [2**22 + 1]  # no process has that number

        with mock.patch("wb.proc._descendants", there), mock.patch("wb.proc.STUCK", 0.3), \
                contextlib.redirect_stderr(said):
            done = proc.run(["true"])
        self.assertEqual(done.code, 0)
        self.assertIn(f"left running, for it can't be ended: {2**22 + 1}", said.getvalue())
        self.assertFalse(os.path.exists(f"/proc/{2**22 + 1}"))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""Packages are installed when another apt is done, with apt's part played by a script."""

import contextlib
import fcntl
import io
import os
import shutil
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from wb import deps
from wb.errors import Exit, WbError

# It takes the lock as apt does, says what apt says, and lets no second one in.
APT = """#!/usr/bin/env python3
import fcntl, os, sys
folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
what = "update" if "update" in sys.argv else "install"
with open(f"{folder}/calls", "a") as f:
    print(what, file=f)
lock = open(f"{folder}/{what}.lock", "w")
try:
    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    if what == "update":
        print("E: Could not get lock /var/lib/apt/lists/lock. It is held by process 42 (apt-get)")
        print("E: Unable to lock directory /var/lib/apt/lists/")
    else:
        print("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (apt-get)")
        print("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?")
    sys.exit(100)
if what == "install" and os.path.exists(f"{folder}/no-lists") and "update" not in open(f"{folder}/done").read():
    sys.exit("E: Unable to locate package flex")
print(what, file=open(f"{folder}/done", "a"))
"""


class Deps(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.tmp)
        (self.tmp / "bin").mkdir()
        (self.tmp / "bin/apt-get").write_text(APT)
        (self.tmp / "bin/apt-get").chmod(0o755)
        (self.tmp / "done").touch()
        for patch in (
            mock.patch.dict(os.environ, {"PATH": f"{self.tmp}/bin:{os.environ['PATH']}"}),
            mock.patch("wb.deps._missing", lambda _: ["flex"]),
            mock.patch("wb.deps.os.geteuid", lambda: 0),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def held(self, what: str, seconds: float) -> None:
        """Another apt, which holds a lock for so long; in a process, as such locks are."""
        ready, begun = os.pipe()
        pid = os.fork()
        if pid == 0:
            with open(self.tmp / f"{what}.lock", "w", encoding="ascii") as f:
                fcntl.lockf(f, fcntl.LOCK_EX)
                os.write(begun, b"x")
                time.sleep(seconds)
                os._exit(0)
        os.read(ready, 1)
        thread = threading.Thread(target=os.waitpid, args=(pid, 0))
        thread.start()
        self.addCleanup(thread.join)

    def require(self) -> str:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            deps.require({"flex": "flex"})
        return said.getvalue()

    def done(self) -> list[str]:
        return (self.tmp / "done").read_text().split()

    def test_it_waits_for_dpkg(self) -> None:
        self.held("install", 2.5)
        said = self.require()
        self.assertEqual(self.done(), ["install"])
        self.assertIn("installing: waiting, 0 of 300 s: Could not get lock /var/lib/dpkg/lock-frontend. "
                      "It is held by process 42 (apt-get)", said)
        self.assertNotIn("update", (self.tmp / "calls").read_text())

    def test_it_waits_for_the_lists(self) -> None:
        (self.tmp / "no-lists").touch()
        self.held("update", 2.5)
        said = self.require()
        self.assertEqual(self.done(), ["update", "install"])
        self.assertIn("updating the package lists: waiting, 0 of 300 s: Could not get lock /var/lib/apt", said)

    def test_not_for_ever(self) -> None:
        self.held("install", 4)
        with mock.patch("wb.deps.PATIENCE", 0.5, create=True), self.assertRaises(WbError) as raised:
            self.require()
        self.assertEqual(raised.exception.code, Exit.DEPENDENCY)
        self.assertIn("Could not get lock", str(raised.exception))
        self.assertEqual((self.tmp / "calls").read_text().split(), ["install"] * 2)


if __name__ == "__main__":
    unittest.main()

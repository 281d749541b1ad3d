# SPDX-License-Identifier: GPL-2.0
"""What results are of, and whether they are complete."""

import json
import os
import shutil
import subprocess
import unittest
from unittest import mock

from wb import arches, lines, provenance, results
from wb.errors import Exit, WbError
from wb.fetch import Source
from wb.settings import Settings

from .small import ROOT, Machine

OLD = "old\n"


class Of(unittest.TestCase):
    """What is known about a run."""

    def setUp(self) -> None:
        machine = Machine()
        machine.setUp()
        self.addCleanup(machine.doCleanups)
        self.tmp, self.tree = machine.tmp, machine.source
        self.line = lines.load(ROOT / "patches")["v5.10"]
        self.settings = Settings.from_environment()

    def run_of(self, *names: str) -> provenance.Run:
        archs = [arches.load(ROOT / "kconfig")[n] for n in names or ("um",)]
        run = provenance.Run(self.settings, self.line, archs, 3)
        run.of(Source(self.tree, "5.10.1", False))
        return run

    def test_all_is_there(self) -> None:
        with mock.patch.dict(os.environ, {"KSRC": "/linux"}):
            data = self.run_of()()
        self.assertEqual(data["bound"], 3)
        self.assertEqual(data["environment"], {"KSRC": "/linux", "SMP": str(self.settings.cpus),
                                               "JOBS": str(self.settings.jobs)})
        for key in ("tool", "suite", "patches"):
            self.assertRegex(data[key]["sha256"], "^[0-9a-f]{64}$")
        um = data["architectures"]["um"]
        self.assertRegex(um["compiler"], r"^gcc\S* .*\d")
        self.assertIsNone(um["qemu"])
        self.assertEqual(um["configuration"]["fragments"][:2], ("common", "um"))
        self.assertRegex(data["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$")
        self.assertLessEqual(data["started"], data["ended"])
        self.assertIn("tools/wbcheck", data["command"])
        self.assertEqual(data["source"], {"path": str(self.tree), "version": "5.10.1", "commit": None})

    def test_qemu(self) -> None:
        (self.tmp / "bin").mkdir()
        (self.tmp / "bin/qemu-system-x86_64").write_text("#!/bin/sh\necho QEMU emulator version 7\necho more\n")
        (self.tmp / "bin/qemu-system-x86_64").chmod(0o755)
        with mock.patch.dict(os.environ, {"PATH": f"{self.tmp}/bin:{os.environ['PATH']}"}):
            data = self.run_of("x86_64")()
        self.assertEqual(data["architectures"]["x86_64"]["qemu"], "QEMU emulator version 7")

    def test_a_hash_is_of_the_content(self) -> None:
        first = provenance.hash_of(self.tree, ["mm"])
        shutil.copytree(self.tree, self.tmp / "copy")
        self.assertEqual(provenance.hash_of(self.tmp / "copy", ["mm"]), first)
        (self.tmp / "copy/mm/filemap.c").write_text("other\n")
        self.assertNotEqual(provenance.hash_of(self.tmp / "copy", ["mm"]), first)
        (self.tree / "mm/filemap.c").rename(self.tree / "mm/filemap2.c")
        self.assertNotEqual(provenance.hash_of(self.tree, ["mm"]), first)

    def test_a_commit(self) -> None:
        git = ["git", "-C", str(self.tree), "-c", "user.name=x", "-c", "user.email=x@x.invalid"]
        for args in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
            subprocess.run([*git, *args], check=True)
        head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        index = (self.tree / ".git/index").stat().st_mtime_ns
        self.assertEqual(provenance.commit_of(self.tree), head)
        os.utime(self.tree / "mm/filemap.c")
        self.assertEqual(provenance.commit_of(self.tree), head)
        (self.tree / "mm/filemap.c").write_text("other\n")
        self.assertEqual(provenance.commit_of(self.tree), head + "-dirty")
        self.assertEqual((self.tree / ".git/index").stat().st_mtime_ns, index, "the tree was written to")

    def test_complete(self) -> None:
        """Only what says that it is, and what ended by itself."""
        path = results.Results(self.tmp / "x.json", self.run_of())

        def data() -> dict[str, object]:
            return json.loads((self.tmp / "x.json").read_text())  # type: ignore[no-any-return]

        path.end(Exit.USAGE, "why")
        self.assertFalse((self.tmp / "x.json").exists())
        path.begin()
        self.assertFalse(data()["complete"])
        path.write({"variants": []})
        self.assertTrue(data()["complete"])
        path.write({"errors": ["one"]})
        self.assertFalse(data()["complete"])
        path.write({"variants": []})
        path.end(Exit.INTERRUPTED, "why")
        self.assertEqual((data()["complete"], data()["exit"]), (False, 130))

    def test_holds(self) -> None:
        """Not if it was said when all had come, and the run ended otherwise."""
        path = results.Results(self.tmp / "x.json", self.run_of())
        for code, holds in ((Exit.OK, True), (Exit.INCOMPLETE, False), (Exit.HOST, False)):
            path.write({"holds": True, "exit": 0})
            self.assertIsNone(json.loads((self.tmp / "x.json").read_text())["exit"])
            path.end(code)
            data = json.loads((self.tmp / "x.json").read_text())
            self.assertEqual((data["holds"], data["exit"]), (holds, code))

    def test_a_disk_that_is_full(self) -> None:
        """Of a file that can't be written, the old one stays."""
        own = self.tmp / "own.json"
        own.write_text(OLD)
        with mock.patch("wb.results.os.replace", side_effect=OSError(28, "No space left on device")):
            with self.assertRaises(WbError) as raised:
                results.write_text(own, "new\n")
        self.assertEqual(raised.exception.code, Exit.HOST)
        self.assertEqual(own.read_text(), OLD)
        self.assertEqual([p.name for p in self.tmp.iterdir() if "new" in p.name], [])


if __name__ == "__main__":
    unittest.main()

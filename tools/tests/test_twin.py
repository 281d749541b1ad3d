# SPDX-License-Identifier: GPL-2.0
"""What a build folder takes over from another tree's, and what not."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

from wb import build, stage, twin
from wb.fetch import Source

BUILD = ".kunit-x"
FILES = {"Makefile": "all:\n", "mm/a.c": "a", "mm/b.c": "b", "mm/b.h": "b", "kernel/c.c": "c", "mm/Makefile": "all:\n"}


class Twin(unittest.TestCase):
    """Trees of a few files; what make would note of an object is written by hand."""

    def setUp(self) -> None:
        self.tmp = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.tmp)
        self.source = Source(self.tmp / "source", "5.10.1", True)
        for name, text in FILES.items():
            path = self.source.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            os.utime(path, (10**9, 10**9))

    def stage(self, name: str, **files: str | None) -> Path:
        """A staged tree, with files of its own: a_c is mm/a.c."""
        own = {f"mm/{n.replace('_', '.')}": None if t is None else t.encode()
               for n, t in files.items()}
        return stage.sync(self.source, own, self.tmp / name).path

    def built(self, tree: Path) -> None:
        """As if it was built."""
        folder = tree / BUILD
        for name, notes in (("mm/a.o", "../mm/a.c \\\n ../mm/b.h"), ("mm/b.o", "../mm/b.c"),
                            ("kernel/c.o", "../kernel/c.c")):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("object")
            path.with_name(f".{path.name}.cmd").write_text(f"deps := {notes}\n")
        shutil.copyfile(tree / stage.STAMP, folder / build.MANIFEST)
        (folder / build.STAMP).write_text("built")

    def objects(self, tree: Path) -> list[str]:
        return sorted(str(p.relative_to(tree / BUILD)) for p in (tree / BUILD).rglob("*.o"))

    def test_what_differs_is_built_anew(self) -> None:
        first = self.stage("first", a_c="other a")
        self.built(first)
        for name, files, left in (
            ("same", {"a_c": "other a"}, ["kernel/c.o", "mm/a.o", "mm/b.o"]),
            ("other", {"a_c": "yet another"}, ["kernel/c.o", "mm/b.o"]),
            ("more", {"a_c": "other a", "b_c": "x"}, ["kernel/c.o", "mm/a.o"]),
            ("back", {}, ["kernel/c.o", "mm/b.o"]),  # it is the source's again, and old
            ("header", {"a_c": "other a", "b_h": "x"}, ["kernel/c.o", "mm/b.o"]),
            ("gone", {"a_c": "other a", "b_c": None}, ["kernel/c.o", "mm/a.o"]),
        ):
            with self.subTest(name):
                tree = self.stage(name, **files)
                self.assertTrue(twin.adopt(tree, first, BUILD))
                self.assertEqual(self.objects(tree), left)
                self.assertFalse((tree / BUILD / build.STAMP).exists())
                self.assertFalse(twin.adopt(tree, first, BUILD))

    def test_the_same_has_the_same_time(self) -> None:
        first = self.stage("first", a_c="other a")
        self.built(first)
        tree = self.stage("second", a_c="other a", b_c="x")
        twin.adopt(tree, first, BUILD)
        times = [(t / "mm/a.c").stat().st_mtime_ns for t in (first, tree)]
        self.assertEqual(times[0], times[1])
        self.assertEqual((self.source.path / "mm/b.h").stat().st_mtime, 10**9)

    def test_built_from_what_the_twin_was_then(self) -> None:
        """It was staged otherwise since."""
        first = self.stage("first", a_c="other a")
        self.built(first)
        self.stage("first")
        tree = self.stage("second")
        self.assertTrue(twin.adopt(tree, first, BUILD))
        self.assertEqual(self.objects(tree), ["kernel/c.o", "mm/b.o"])

    def test_not_where_nothing_is_known(self) -> None:
        first = self.stage("first")
        self.built(first)
        other_makefile = self.stage("second", Makefile="other:\n")
        self.assertFalse(twin.adopt(other_makefile, first, BUILD))
        tree = self.stage("third")
        for name in ("mm/a.o", "vmlinux"):
            self.built(first)
            (first / BUILD / name).write_text("by hand")
            later = (first / BUILD / build.STAMP).stat().st_mtime_ns + 10**9
            os.utime(first / BUILD / name, ns=(later, later))
            self.assertFalse(twin.adopt(tree, first, BUILD))
            (first / BUILD / name).unlink()
        (first / BUILD / build.STAMP).unlink()  # while it is built
        self.assertFalse(twin.adopt(tree, first, BUILD))
        self.assertFalse((tree / BUILD).exists())


if __name__ == "__main__":
    unittest.main()

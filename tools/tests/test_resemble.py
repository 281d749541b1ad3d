# SPDX-License-Identifier: GPL-2.0
"""What a tree is taken for: by its code first, then by its version."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

from wb import fetch, lines, resemble, stage
from wb.errors import Exit, WbError
from wb.settings import Settings

ROOT = Path(__file__).parents[2]
PATCHES = ROOT / "patches"
KNOWN = lines.load(PATCHES)
FEATURES = resemble.load(PATCHES, KNOWN)
SETTINGS = Settings.from_environment()
NEEDED = ("Makefile", "Kconfig", "tools/testing/kunit/kunit.py")
FILES = sorted({*NEEDED, *(name for x in FEATURES for name in x.files)})


class Resemble(unittest.TestCase):
    """Trees of the few files that are looked at, each from the source of a line."""

    def setUp(self) -> None:
        self.tree = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.tree)

    def make(self, line: str, version: str = "", patches: tuple[Path, ...] = ()) -> None:
        source = fetch.get(SETTINGS, KNOWN[line]).path
        for name in FILES:
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, self.tree / name)
        for name, content in stage.apply_patches(source, patches).items():
            if name in FILES and content is not None:
                (self.tree / name).write_bytes(content)
        numbers = version.split(".") if version else ()
        for key, number in zip(("VERSION", "PATCHLEVEL", "SUBLEVEL"), numbers, strict=False):
            self.edit("Makefile", rf"(?m)^({key} =).*", rf"\1 {number}")

    def edit(self, name: str, pattern: str, by: str) -> None:
        text, count = re.subn(pattern, by, (self.tree / name).read_text())
        self.assertTrue(count, f"{name}: {pattern}")
        (self.tree / name).write_text(text)

    def found(self, forced: str | None = None) -> resemble.Likeness:
        return resemble.find(self.tree, PATCHES, KNOWN, forced)

    def refused(self, part: str) -> None:
        with self.assertRaises(WbError) as raised:
            self.found()
        self.assertEqual(raised.exception.code, Exit.USAGE)
        self.assertIn(part, str(raised.exception))
        self.assertNotIn("\n", str(raised.exception))

    def test_each_line_is_its_own(self) -> None:
        """As it comes, and with each variant's patches: the parts of the fix are no features."""
        for line in KNOWN.values():
            for variant in line.variants.values():
                with self.subTest(line=line.name, variant=variant.name):
                    self.make(line.name, patches=variant.patches)
                    like = self.found()
                    self.assertEqual((like.line.name, like.lacks, like.odd, like.note),
                                     (line.name, (), (), ""))
                    self.assertEqual(like.version, line.version)

    def test_features_tell_the_lines_apart(self) -> None:
        shown = {n: tuple(n in x.lines for x in FEATURES) for n in KNOWN}
        self.assertEqual(len(set(shown.values())), len(KNOWN))
        for x in FEATURES:
            self.assertTrue(x.why and x.about)

    def test_a_version_between(self) -> None:
        self.make("v5.10", "5.15.3")
        like = self.found()
        self.assertEqual((like.line.name, like.lacks), ("v5.10", ()))
        self.assertIn("v5.15 has no line of its own", like.note)
        self.assertIn("judged as the nearest, v5.10", like.note)
        self.make("v6.1", "6.6.0")
        self.assertEqual(self.found().line.name, "v6.1")
        self.make("v7.2", "7.9.0")
        self.assertEqual(self.found().line.name, "v7.2")

    def test_a_tie_goes_by_the_version(self) -> None:
        """With one of the two features that part v6.12 from v6.1."""
        for version, line in (("6.8.0", "v6.12"), ("6.2.0", "v6.1")):
            self.make("v6.12", version)
            self.edit("mm/page-writeback.c", r"\*writeback_iter\(", "*their_iter(")
            like = self.found()
            self.assertEqual(like.line.name, line)
        self.make("v6.12", "6.8.0")
        self.edit("mm/page-writeback.c", r"\*writeback_iter\(", "*their_iter(")
        self.assertEqual(
            str(self.found()), "taken for v6.12: has folio_wait_writeback(), "
            "folio_xor_flags_has_waiters(), write_cache_pages(); lacks writeback_iter(); "
            "its Makefile says 6.8.0")

    def test_backports(self) -> None:
        """A vendor's 6.1 with the page cache of 6.12 is judged as what it is."""
        self.make("v6.12", "6.1.50")
        like = self.found()
        self.assertEqual(like.line.name, "v6.12")
        self.assertIn("calls itself 6.1, but its code is v6.12's by most", like.note)
        self.make("v6.1")
        (self.tree / "mm/filemap.c").open("a").write("\nvoid folio_end_dropbehind(struct folio *f)\n")
        like = self.found()
        self.assertEqual((like.line.name, like.note), ("v6.1", ""))
        self.assertIn("and has folio_end_dropbehind(), which v6.1 has not", str(like))

    def test_forced(self) -> None:
        self.make("v6.12", "6.8.0")
        like = self.found("v6.1")
        self.assertEqual((like.line.name, like.forced), ("v6.1", True))
        self.assertEqual(str(like), "taken for v6.1, as --line says; its Makefile says 6.8.0")

    def test_too_old(self) -> None:
        for version in ("5.9.16", "4.19.0", "2.6.39"):
            self.make("v5.10", version)
            self.refused(f"is {version}, and older than v5.10")

    def test_too_little_in_common(self) -> None:
        self.make("v6.12")
        self.edit("mm/filemap.c", "folio_end_writeback", "end_it")
        self.refused("mm/filemap.c or mm/page-writeback.c lacks end_page_writeback() or "
                     "folio_end_writeback(), and it is what is judged")
        self.make("v6.12")
        (self.tree / "include/linux/instrumented.h").unlink()
        self.refused("instrument_atomic_write(), and the explorer")


if __name__ == "__main__":
    unittest.main()

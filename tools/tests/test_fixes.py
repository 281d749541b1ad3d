# SPDX-License-Identifier: GPL-2.0
"""Which parts of its line's fix a tree is said to lack, and that they put them in."""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from wb import fetch, fixes, lines, stage
from wb.fixes import Missing
from wb.lines import Form
from wb.report import HAZARDS
from wb.settings import Settings

PATCHES = Path(__file__).parents[2] / "patches"
KNOWN = lines.load(PATCHES)
SETTINGS = Settings.from_environment()
FILES = ("mm/filemap.c", "mm/page-writeback.c")
LACKS = {
    "v5.10": {
        "stock": [], "unfixed": ["reference", "recheck"], "seed": ["recheck"], "seed+recheck": [],
        "recheck": ["reference"], "unconditional": ["recheck"], "unconditional+recheck": [],
    },
    **dict.fromkeys(("v6.1", "v6.12", "v7.2"), {
        "stock": [], "no-ref": ["reference"], "no-recheck": ["recheck"],
        "neither": ["reference", "recheck"],
    }),
}


class Fixes(unittest.TestCase):
    def setUp(self) -> None:
        self.tree = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.tree)

    def make(self, line: str, *patches: Path | Form) -> None:
        """The files of a line that its fix is in, with some patches."""
        self.line = KNOWN[line]
        self.source = fetch.get(SETTINGS, self.line).path
        for name in (*FILES, "include/linux/page-flags.h"):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.source / name, self.tree / name)
        self.write(stage.apply_patches(self.source, patches))

    def write(self, files: dict[str, bytes | None]) -> None:
        for name, content in files.items():
            assert content is not None
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / name).write_bytes(content)

    def missing(self, *broken: str) -> list[Missing]:
        return fixes.missing(self.tree, self.line, broken)

    def apply(self, found: list[Missing]) -> None:
        self.write(stage.apply_patches(self.tree, [m.form for m in found]))

    def assert_as_it_comes(self) -> None:
        for name in FILES:
            self.assertEqual((self.tree / name).read_bytes(), (self.source / name).read_bytes())

    def test_variants(self) -> None:
        """What a variant lacks is found, and nothing of it with it applied."""
        for line, variants in LACKS.items():
            for variant, lacks in variants.items():
                with self.subTest(line=line, variant=variant):
                    self.make(line, *KNOWN[line].variant(variant).patches)
                    found = self.missing(*HAZARDS)
                    self.assertEqual([m.fix.name for m in found], lacks)
                    self.apply(found)
                    self.assertEqual(self.missing(*HAZARDS), [])
                    if line != "v5.10":
                        self.assert_as_it_comes()

    def test_only_what_is_against_it(self) -> None:
        self.make("v6.1", *KNOWN["v6.1"].variant("neither").patches)
        self.assertEqual([m.fix.name for m in self.missing("H1")], ["reference"])
        self.assertEqual([m.fix.name for m in self.missing("H3")], ["recheck"])
        self.assertEqual(self.missing("H5", "page leaked", "page_writeback.some_case"), [])
        self.assertEqual(fixes.described(self.tree, self.line, ["H5", "page leaked"], []),
                         "none of the known fixes of v6.1 is against this")

    def test_another_form(self) -> None:
        """Where the patch as posted does not apply, the one of 5.10.y may."""
        base, = KNOWN["v5.10"].variant("unfixed").patches
        self.make("v5.10", Form(base, only="mm/filemap.c"))
        path = self.tree / "mm/page-writeback.c"
        text = path.read_text()
        path.write_text(text.replace("int test_clear_page_writeback(struct page *page)",
                                     "int test_clear_page_writeback(struct page *page) /* ours */"))
        found, = self.missing(*HAZARDS)
        self.assertEqual((found.form.path, found.form.reverse, found.form.only),
                         (base, True, "mm/filemap.c"))
        command = found.command(self.tree)
        self.assertIn("apply -R --include=mm/filemap.c ", command)
        self.apply([found])
        path.write_text(text)
        self.assert_as_it_comes()

    def test_lines_alone(self) -> None:
        """Where the reference was taken out, and the comment about it was not."""
        for line in KNOWN:
            with self.subTest(line=line):
                self.make(line)
                path = self.tree / "mm/filemap.c"
                text = path.read_text()
                head, start, rest = text.partition(
                    "void end_page_writeback(" if line == "v5.10" else "void folio_end_writeback(struct")
                body, end, tail = rest.partition("\n}")
                bare = re.sub(r"\n\t(get_page|put_page|folio_get|folio_put)\(\w+\);", "", body)
                self.assertEqual(body.count("\n") - bare.count("\n"), 2)
                path.write_text(head + start + bare + end + tail)
                found, = self.missing("H1")
                self.assertEqual(found.form.path.parent.name, "restore")
                self.apply([found])
                self.assertEqual(path.read_text(), text)

    def test_command(self) -> None:
        """What is printed puts it in: in a folder of somebody's repository, and in a work tree."""
        around = self.tree
        subprocess.run(["git", "init", "-q", str(around)], check=True)
        self.tree = around / "a tree"
        for own in (False, True):
            self.make("v6.1", *KNOWN["v6.1"].variant("neither").patches)
            if own:
                subprocess.run(["git", "init", "-q", str(self.tree)], check=True)
            for m in self.missing("H1", "H3"):
                subprocess.run(m.command(self.tree), shell=True, check=True)
            self.assert_as_it_comes()

    def test_their_own_way(self) -> None:
        """A tree that is broken otherwise is not patched."""
        self.make("v5.10")
        path = self.tree / "mm/filemap.c"
        path.write_text(path.read_text().replace("	get_page(page);\n	if (!test_clear", "	if (!test_clear"))
        self.assertEqual(self.missing("H1"), [])
        self.assertIn("reference, against H1, H2, H4: whoever",
                      text := fixes.described(self.tree, self.line, ["H1"], []))
        self.assertIn("no patch of it applies", text)
        self.assertNotIn("recheck", text)

    def test_data(self) -> None:
        for line in KNOWN.values():
            self.assertEqual({h for f in line.fixes for h in f.cures}, set(HAZARDS) - {"H5"})
            for fix in line.fixes:
                self.assertTrue(fix.about)


if __name__ == "__main__":
    unittest.main()

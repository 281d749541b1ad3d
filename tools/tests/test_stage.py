# SPDX-License-Identifier: GPL-2.0
"""Staging, on a small tree with the few files of a kernel that it needs."""

import os
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from wb import build, fetch, lines, proc, settings, stage
from wb.errors import Exit, WbError
from wb.fetch import Source

from .small import FILES, ROOT, make_tree

PATCH = """--- a/mm/filemap.c
+++ b/mm/filemap.c
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
"""


class Trees(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(tempfile.mkdtemp(prefix="wb test "))
        self.addCleanup(shutil.rmtree, self.tmp)
        self.tree = self.tmp / "a tree"
        make_tree(self.tree)
        self.patch = self.tmp / "0001.patch"
        self.patch.write_text(PATCH)
        stage._read_identities.cache_clear()

    def stage(self, pristine: bool = False, patches: tuple[Path, ...] = ()) -> stage.Staged:
        stage._read_identities.cache_clear()
        source = Source(self.tree, "5.10.1", pristine)
        files = stage.overlay(source, ROOT, patches, "CONFIG_KUNIT=y\n")
        return stage.sync(source, files, self.tmp / "stage")

    def content(self) -> dict[str, tuple[bytes, int]]:
        return {
            str(p.relative_to(self.tree)): (p.read_bytes(), p.stat().st_mtime_ns)
            for p in self.tree.rglob("*") if p.is_file()
        }

    def assert_raises(self, code: Exit, part: str, function: object, *args: object) -> None:
        with self.assertRaises(WbError) as raised:
            function(*args)  # type: ignore[operator]
        self.assertEqual(raised.exception.code, code)
        self.assertIn(part, str(raised.exception))

    def test_adds_the_suite_and_a_line_to_five_files(self) -> None:
        for pristine in (False, True):
            with self.subTest(pristine=pristine):
                self.assertEqual(len(stage.HOOKS), 5)
                shutil.rmtree(self.tmp / "stage", ignore_errors=True)
                before = self.content()
                staged = self.stage(pristine)
                self.assertEqual(self.content(), before)
                for name, text in FILES.items():
                    got = (staged.path / name).read_text()
                    if name in stage.HOOKS:
                        text = text.rstrip("\n") + "\n" + stage.HOOKS[name]
                    self.assertEqual(got, text, name)
                self.assertTrue((staged.path / "mm/tests/interleave/ilv.h").is_file())

    def test_only_what_changed(self) -> None:
        staged = self.stage()
        times = {p: p.stat().st_mtime_ns for p in staged.path.rglob("*.c")}
        again = self.stage()
        self.assertEqual(again.digest, staged.digest)
        self.assertEqual({p: p.stat().st_mtime_ns for p in staged.path.rglob("*.c")}, times)
        (self.tree / "mm/page-writeback.c").write_text("y, longer\n")
        changed = self.stage()
        self.assertNotEqual(changed.digest, staged.digest)
        self.assertEqual((staged.path / "mm/page-writeback.c").read_text(), "y, longer\n")
        now = {p: p.stat().st_mtime_ns for p in staged.path.rglob("*.c")}
        self.assertEqual([p.name for p in now if now[p] != times[p]], ["page-writeback.c"])

    def test_an_older_file_is_newer_than_what_was_built(self) -> None:
        """As cp -p and tar bring them back: make must see that it changed."""
        staged = self.stage()
        target = staged.path / "mm/filemap.c"
        os.utime(target, (1, 1))
        (self.tree / "mm/filemap.c").write_text("one\ntwo\nfour\n")
        os.utime(self.tree / "mm/filemap.c", (2, 2))
        start = time.time()
        self.stage()
        self.assertEqual(target.read_text(), "one\ntwo\nfour\n")
        self.assertGreater(target.stat().st_mtime, start - 1)

    def test_patch_goes_on_and_off(self) -> None:
        plain = self.stage()
        patched = self.stage(patches=(self.patch,))
        self.assertEqual((patched.path / "mm/filemap.c").read_text(), "one\nTWO\nthree\n")
        self.assertEqual((self.tree / "mm/filemap.c").read_text(), FILES["mm/filemap.c"])
        back = self.stage()
        self.assertEqual((back.path / "mm/filemap.c").read_text(), FILES["mm/filemap.c"])
        self.assertEqual(plain.digest, back.digest)
        self.assertNotEqual(plain.digest, patched.digest)

    def test_patch_that_does_not_apply(self) -> None:
        (self.tree / "mm/filemap.c").write_text("something else\n")
        self.assert_raises(
            Exit.PATCH, "0001.patch does not apply", stage.apply_patches, self.tree, [self.patch]
        )
        self.patch.write_text("no patch at all\n")
        self.assert_raises(Exit.PATCH, "0001.patch", stage.apply_patches, self.tree, [self.patch])

    def test_file_that_vanished(self) -> None:
        (self.tree / "mm/extra.c").write_text("z\n")
        staged = self.stage()
        self.assertTrue((staged.path / "mm/extra.c").is_file())
        (self.tree / "mm/extra.c").unlink()
        self.stage()
        self.assertFalse((staged.path / "mm/extra.c").exists())

    def test_products_of_a_build_stay_behind(self) -> None:
        (self.tree / "mm/filemap.o").write_text("object")
        (self.tree / ".config").write_text("CONFIG_X=y\n")
        (self.tree / "include/generated").mkdir(parents=True)
        (self.tree / "include/generated/x.h").write_text("generated")
        staged = self.stage()
        for name in ("mm/filemap.o", ".config", "include/generated/x.h"):
            self.assertFalse((staged.path / name).exists(), name)

    def built_elsewhere(self) -> None:
        """As make O=out leaves it, in the tree; and a source folder that only looks like it."""
        for name in ("out/.config", "out/include/generated/autoconf.h", "out/mm/Makefile", "out/usr/x.c",
                     "lib/out/.config", "lib/out/lib/y.c", "scripts/config/.config", "scripts/config/z.c"):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / name).write_text("of a build\n")
        for name in ("out", "lib/out"):
            (self.tree / name / "source").symlink_to(self.tree)

    def assert_output_left_alone(self) -> None:
        before = self.content()
        staged = self.stage()
        self.assertEqual(self.content(), before)
        for name in ("out", "lib/out"):
            self.assertFalse((staged.path / name).exists(), name)
            self.assertTrue((self.tree / name / "source").is_symlink())
        self.assertTrue((staged.path / "scripts/config/z.c").is_file())

    def test_output_folder_stays_behind(self) -> None:
        self.built_elsewhere()
        self.assert_output_left_alone()

    def test_output_folder_in_a_git_tree(self) -> None:
        self.built_elsewhere()
        subprocess.run(["git", "-C", str(self.tree), "init", "-q"], check=True)
        self.assert_output_left_alone()

    def test_git_ignores_all_of_it(self) -> None:
        """As in Debian's source packages, where git has none but debian/."""
        (self.tree / ".gitignore").write_text("/*\n")
        (self.tree / "mm/filemap.o").write_text("object")
        subprocess.run(["git", "-C", str(self.tree), "init", "-q"], check=True)
        staged = self.stage()
        self.assertEqual((staged.path / "mm/filemap.c").read_text(), FILES["mm/filemap.c"])
        self.assertFalse((staged.path / "mm/filemap.o").exists())
        self.assertFalse((staged.path / ".git").exists())

    def test_repository_in_a_git_tree(self) -> None:
        for path in (self.tree, self.tree / "tools/other"):
            subprocess.run(["git", "init", "-q", str(path)], check=True)
        (self.tree / "tools/other/x.c").write_text("x\n")
        self.stage()
        (self.tree / "tools/other/y.c").write_text("y\n")
        self.assertFalse((self.stage().path / "tools/other").exists())

    def test_kunitconfig_for_kunit_py(self) -> None:
        """What the tree's kunit.py would add is said to be off, unless it is wanted."""
        name = "tools/testing/kunit/configs/arch_uml.config"
        (self.tree / name).parent.mkdir(parents=True)
        (self.tree / name).write_text("# words\nCONFIG_VIRTIO_UML=y\nCONFIG_KUNIT=y\n")
        text = (self.stage().path / stage.KUNITCONFIG).read_text()
        self.assertEqual(text, "CONFIG_KUNIT=y\n# CONFIG_VIRTIO_UML is not set\n")
        (self.tree / name).unlink()
        self.assertEqual((self.stage().path / stage.KUNITCONFIG).read_text(), "CONFIG_KUNIT=y\n")

    def test_dirty_git_tree(self) -> None:
        git = ["git", "-C", str(self.tree), "-c", "user.name=x", "-c", "user.email=x@x.invalid"]
        for args in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
            subprocess.run([*git, *args], check=True)
        (self.tree / "mm/filemap.c").write_text("dirty\n")
        (self.tree / "mm/new.c").write_text("untracked\n")
        (self.tree / "mm/filemap.o").write_text("ignored\n")
        (self.tree / "arch/um/Kconfig").unlink()
        head = subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True).stdout
        staged = self.stage()
        self.assertEqual((staged.path / "mm/filemap.c").read_text(), "dirty\n")
        self.assertEqual((staged.path / "mm/new.c").read_text(), "untracked\n")
        self.assertFalse((staged.path / "mm/filemap.o").exists())
        self.assertFalse((staged.path / "arch/um/Kconfig").exists())
        self.assertFalse((staged.path / ".git").exists())
        after = subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True).stdout
        self.assertEqual(after, head)

    def test_read_only_tree(self) -> None:
        for path in [self.tree, *self.tree.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        self.addCleanup(lambda: [p.chmod(0o755) for p in [self.tree, *self.tree.rglob("*")]])
        staged = self.stage()
        self.assertTrue(os.access(staged.path / "mm/filemap.c", os.W_OK))
        self.stage(patches=(self.patch,))

    def test_edited_stage_is_put_right(self) -> None:
        staged = self.stage()
        (staged.path / "mm/filemap.c").write_text("edited in the staged tree\n")
        self.stage()
        self.assertEqual((staged.path / "mm/filemap.c").read_text(), FILES["mm/filemap.c"])

    def test_edited_pristine_source(self) -> None:
        self.stage(pristine=True)
        (self.tree / "arch/um/Kconfig").write_text("edited in the cache\n")
        self.assert_raises(Exit.SOURCE, "was edited", self.stage, True)

        shutil.rmtree(self.tmp / "stage")
        self.assert_raises(Exit.SOURCE, "was edited", self.stage, True)

    def test_edited_shared_file_is_put_right(self) -> None:
        """What staged trees of our own sources share with them, too."""
        staged = self.stage(pristine=True)
        shared = staged.path / "arch/um/Kconfig"
        for edit in (shared.unlink, lambda: (shared.unlink(), shared.write_text("edited\n"))):
            edit()
            for _ in range(2):
                self.stage(pristine=True)
                self.assertEqual(shared.read_text(), FILES["arch/um/Kconfig"])

    def test_links_out_of_the_tree(self) -> None:
        inside = self.tree / "inside"
        inside.symlink_to("arch/um")
        self.stage()
        outside = self.tmp / "outside"
        outside.mkdir()
        for target in (outside, "../outside", "/", self.tree / "arch"):
            inside.unlink()
            inside.symlink_to(target)
            self.assert_raises(Exit.USAGE, "a symbolic link", self.stage)
        self.assertEqual(list(outside.iterdir()), [])

    def test_a_name_of_the_suite_is_taken(self) -> None:
        (self.tree / "mm/tests").mkdir()
        (self.tree / "mm/tests/Kconfig").write_text("their own\n")
        self.assert_raises(Exit.USAGE, "of its own", self.stage)

    def test_interrupted_copy_is_no_tree(self) -> None:
        """What was being copied when all was cancelled is not taken for a whole one."""
        slow = self.tmp / "bin"
        slow.mkdir()
        (slow / "cp").write_text("#!/bin/sh\nexec sleep 20\n")
        (slow / "cp").chmod(0o755)
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        self.addCleanup(proc.cancelled.clear)
        os.environ["PATH"] = f"{slow}:{path}"
        proc.cancelled.set()
        start = time.monotonic()
        self.assert_raises(Exit.INTERRUPTED, "interrupted", self.stage, True)
        self.assertLess(time.monotonic() - start, 10)
        self.assertFalse((self.tmp / "stage").exists())

    def test_no_kernel_tree(self) -> None:
        line = lines.load(ROOT / "patches")["v5.10"]
        self.assert_raises(Exit.USAGE, "no kernel tree", fetch.check_line, self.tmp, line)
        (self.tree / "Makefile").write_text("all:\n")
        self.assert_raises(Exit.USAGE, "no version", fetch.check_line, self.tree, line)
        (self.tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n")
        self.assert_raises(Exit.USAGE, "is a v6.1 tree", fetch.check_line, self.tree, line)

    def test_unwritable_folder(self) -> None:
        (self.tmp / "file").write_text("")
        self.assert_raises(Exit.HOST, "can't write", settings.make_folder, self.tmp / "file/sub")

    def test_wrong_hash(self) -> None:
        path = self.tmp / "download"
        path.write_text("cut off")
        self.assert_raises(Exit.SOURCE, "SHA-256", fetch._check_hash, path, "0" * 64)
        self.assertFalse(path.exists())


class Configs(unittest.TestCase):
    def test_lost_symbols(self) -> None:
        have = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=m\nCONFIG_E=y\n"
        self.assertEqual(build.lost_symbols("CONFIG_A=y\n# CONFIG_B is not set\n", have), [])
        self.assertEqual(build.lost_symbols("# CONFIG_UNKNOWN is not set\n", have), [])
        self.assertEqual(build.lost_symbols("CONFIG_D=y\n", have), ["CONFIG_D=y"])
        self.assertEqual(build.lost_symbols("CONFIG_C=y\n", have), ["CONFIG_C=y"])
        self.assertEqual(
            build.lost_symbols("# CONFIG_E is not set\n", have), ["# CONFIG_E is not set"]
        )

    def test_a_later_fragment_wins(self) -> None:
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "kconfig").mkdir()
        (folder / "kconfig/a.config").write_text("# words\nCONFIG_A=y\n# CONFIG_B is not set\n")
        (folder / "kconfig/b.config").write_text("CONFIG_B=y\n")
        self.assertEqual(build.compose_config(folder, ["a", "b"]), "CONFIG_A=y\nCONFIG_B=y\n")

    def test_lines(self) -> None:
        line = lines.load(ROOT / "patches")["v5.10"]
        self.assertEqual(len(line.variant("seed+recheck").patches), 5)
        self.assertEqual(line.variant("seed").patches[-1].name[:4], "0003")
        with self.assertRaises(WbError) as raised:
            line.variant("sead")
        self.assertEqual(raised.exception.code, Exit.USAGE)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""A typing error is refused, and named: in make's variables, in our TOML files and fragments."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

from wb import arches, lines, mutants, resemble
from wb.errors import Exit, WbError

ROOT = Path(__file__).parents[2]


class Files(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.tmp)

    def edited(self, folder: str, name: str, old: str, new: str) -> Path:
        """A copy of a folder, with the first occurrence of something in one file replaced."""
        copy = self.tmp / folder
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(ROOT / folder, copy)
        text = (copy / name).read_text()
        changed = re.sub(f"(?m)^{old}", new, text, count=1)
        self.assertTrue(changed != text, f"{name}: {old}")
        (copy / name).write_text(changed)
        return copy

    def refused(self, function: Callable[[], object], code: Exit, *parts: str) -> None:
        with self.assertRaises(WbError) as raised:
            function()
        for part in parts:
            self.assertIn(part, str(raised.exception))
        self.assertEqual(raised.exception.code, code)
        self.assertNotIn("\n", str(raised.exception))

    def test_lines(self) -> None:
        for table, key, typed in (
            ("[v5.10]", "judged", "juged"), ("[v5.10.debian]", "sha256", "sha265"),
            ("[v5.10.kernel_org]", "sums", "sum"), ("[v5.10.fixes[1]]", "cures", "cure"),
            ("[v5.10.variants.stock]", "breaks", "break"), ("[v7.2.contracts[1]]", "asks", "ask"),
        ):
            with self.subTest(table):
                copy = self.edited("patches", "lines.toml", f"{key}( |\\b)", f"{typed} ")
                self.refused(lambda: lines.load(copy), Exit.PATCH, "lines.toml: ", f"{table}: ",  # noqa: B023
                             f"unknown key '{typed}': do you mean '{key}'?")
        copy = self.edited("patches", "lines.toml", r"(\t\{ patch = .*), only =", r"\1, onlyy =")
        self.refused(lambda: lines.load(copy), Exit.PATCH, "[v5.10.fixes[1].forms[2]]: ", "'onlyy'")
        copy = self.edited("patches", "lines.toml", "makefile = .*", 'makefile = { VERSIONS = "5" }')
        self.refused(lambda: lines.load(copy), Exit.PATCH, "[v5.10.makefile]: ", "'VERSIONS'")
        copy = self.edited("patches", "lines.toml", r'(\["v7.2".variants.*)\.not_on', r"\1.noton")
        self.refused(lambda: lines.load(copy), Exit.PATCH, "[v7.2.variants.proposal-account-late]: ", "'noton'")
        copy = self.edited("patches", "lines.toml", "about.*", "")
        self.refused(lambda: lines.load(copy), Exit.PATCH, "it lacks 'about'")

    def test_features(self) -> None:
        known = lines.load(ROOT / "patches")
        copy = self.edited("patches", "features.toml", "pattern", "patern")
        self.refused(lambda: resemble.load(copy, known), Exit.PATCH, "features.toml: [end]: ",
                     "unknown key 'patern': do you mean 'pattern'?")

    def test_arches(self) -> None:
        copy = self.edited("kconfig", "arches.toml", "parameters", "parameter")
        self.refused(lambda: arches.load(copy), Exit.USAGE, "arches.toml: [um-smp]: ",
                     "unknown key 'parameter': do you mean 'parameters'?")

    def test_expectations(self) -> None:
        for path in sorted((ROOT / "patches").glob("*/mutants/expected.toml")):
            name = str(path.relative_to(ROOT / "patches"))
            for old, new, table in (("survives", "survive", "[mutant."), ("twin", "twins", "expected.toml: "),
                                    (r"\[not_alone\]", "[notalone]", "expected.toml: ")):
                with self.subTest(name, new=new):
                    copy = self.edited("patches", name, old, new)
                    self.refused(lambda: mutants.load_expectations(copy / name), Exit.PATCH,  # noqa: B023
                                 table, f"unknown key '{new.strip('[]')}': do you mean ")

    def test_directives(self) -> None:
        for old, new, part in (
            ("# skips:", "# skip:", "unknown directive 'skip': do you mean 'skips'?"),
            ("# skips:", "# Skips:", "unknown directive 'Skips': do you mean 'skips'?"),
            ("# skips:", "#skips:", "is not of the form '# skips: ...'"),
            ("# skips: .*", "# skips:", "is not of the form '# skips: ...'"),
            ("# anno", "# an", "unknown directive 'anunces': do you mean 'announces'?"),
        ):
            with self.subTest(new):
                copy = self.edited("kconfig", "debug-kasan.config", old, new)
                self.refused(lambda: arches.load(copy), Exit.USAGE, "debug-kasan.config:", part)  # noqa: B023
        copy = self.edited("kconfig", "common.config", "CONFIG", "# skips: a few\nCONFIG")
        self.refused(lambda: arches.load(copy), Exit.USAGE, "common.config:", "has no effect")

    def test_directives_are_read(self) -> None:
        kcsan, = arches.select(ROOT / "kconfig", "x86_64", "kcsan")
        self.assertEqual(kcsan.parameters[-1], "page_writeback.stress=5000")
        self.assertEqual((len(kcsan.known), kcsan.because), (3, "KCSAN instruments the objects itself"))
        self.assertEqual((kcsan.without[0], kcsan.without[-1]), ("interleave", "page_writeback_contract"))


class Make(unittest.TestCase):
    def make(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["make", "-n", *args], cwd=ROOT, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"]}, check=False)

    def test_unknown_variables(self) -> None:
        for given, near in (("VARIENT=seed", "VARIANT"), ("SCENARIOS=reuse", "SCENARIO"), ("line=v7.2", "LINE"),
                            ("ACTOR=3", "ACTORS"), ("JOB=1", "JOBS"), ("v=x", "V")):
            for target in ("kunit", "help", "check"):
                done = self.make(target, given)
                name = given.partition("=")[0]
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertEqual(done.stdout, "")
                self.assertIn(f"unknown variable '{name}': do you mean '{near}'?", done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("there are ACCEL, ", self.make("kunit", "XYZZY=$(x) 'y").stderr)

    def test_known_variables(self) -> None:
        for given in ("VARIANT=it's", "JOBS=1", "V=1", "LINE=v7.2", "SHELL=/bin/sh"):
            self.assertEqual(self.make("kunit", given).returncode, 0, given)


if __name__ == "__main__":
    unittest.main()

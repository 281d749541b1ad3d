# SPDX-License-Identifier: GPL-2.0
"""What is refused before anything takes time, and what of the environment has no effect."""

import argparse
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from wb import cli, contracts, judge, lines, options, proc
from wb.errors import Exit
from wb.settings import lock

from .kernels import ROOT, wbcheck


class Input(unittest.TestCase):
    def setUp(self) -> None:
        self.tmp = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.tmp)

    def refused(self, code: Exit, part: str, *args: object, **env: str) -> None:
        done = wbcheck(*args, env=env)
        self.assertEqual(done.returncode, int(code), done.stdout)
        self.assertIn(part, done.stdout)
        self.assertNotIn("Traceback", done.stdout)

    def test_output(self) -> None:
        self.refused(Exit.USAGE, "would be replaced", "kunit", "--json", "/dev/null")
        self.refused(Exit.USAGE, "too long", "kunit", "--json", "x" * 300)
        self.refused(Exit.USAGE, "is a folder", "kunit", "--json", self.tmp)
        link = self.tmp / "link"
        link.symlink_to("target.json")
        self.assertEqual(options.output(str(link)).name, "target.json")

    def test_numbers(self) -> None:
        self.refused(Exit.USAGE, "from 1 to 240", "stress", "--seconds", 300)
        for text in ("0", "-1", "x", "241"):
            with self.assertRaises(argparse.ArgumentTypeError):
                options.stress_seconds(text)

    def test_folders(self) -> None:
        self.refused(Exit.USAGE, "spaces or colons", "fetch", WB_BUILD=f"{self.tmp}/a b")
        self.refused(Exit.USAGE, "spaces or colons", "fetch", WB_BUILD=f"{self.tmp}/a:b")

    def test_an_aid_without_the_explorer(self) -> None:
        for args in (("programs",), ("replay", "v1:reuse:E5,T,R,E,R")):
            self.refused(Exit.INCOMPLETE, "has no schedules", *args, "--arch", "x86_64", "--debug", "plain")
        verdict = judge.Verdict("tree", "x86_64+plain", skipped=["page_writeback_races: why"])
        why = cli.explored_nowhere(argparse.Namespace(scenario="reuse"), [verdict])
        self.assertIn("explored nowhere: x86_64+plain: page_writeback_races: why", why)

    def test_environment(self) -> None:
        for name in ("KCFLAGS", "KCPPFLAGS", "KCONFIG_CONFIG", "KBUILD_OUTPUT", "LLVM", "HOSTCC", "W",
                     "MAKEFLAGS", "GNUMAKEFLAGS", "LOCALVERSION", "GIT_DIR", "CPATH", "V", "ARCH", "O"):
            self.assertFalse(cli.PASSED_ON.fullmatch(name), name)
        for name in ("PATH", "HOME", "LC_ALL", "https_proxy", "HTTP_PROXY", "CCACHE_DIR", "KSRC"):
            self.assertTrue(cli.PASSED_ON.fullmatch(name), name)

    def test_what_is_left_running_keeps_the_lock(self) -> None:
        def open_files() -> str:
            return proc.run(["ls", "-l", "/proc/self/fd"]).output

        with lock(self.tmp):
            self.assertIn(f"{self.tmp}/.lock", open_files())
        self.assertNotIn(".lock", open_files())

    def test_make(self) -> None:
        def make(*args: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(["make", "-n", *args], cwd=ROOT, capture_output=True, text=True,
                                  env={"PATH": os.environ["PATH"]}, check=False)

        for target, given in (("mutants", "ARCH=x86_64"), ("programs", "TIMEOUT=3"), ("check", "LINE=v7.2"),
                              ("stress", "SCENARIO=reuse"), ("kunit", "TREE=x"), ("kunit", "ALLOW_CALLER=f")):
            done = make(target, given)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn("has no effect", done.stderr)
        self.assertIn(r"'it'\''s'", make("verify", "TREE=it's").stdout)
        self.assertIn("--bound '1'", make("kunit", "BOUND=1").stdout)
        self.assertIn(r"--allow-caller 'f' --allow-caller 'fs/a.c:it'\''s' 'x'",
                      make("verify", "TREE=x", "ALLOW_CALLER=f fs/a.c:it's").stdout)
        self.assertNotIn("--allow-caller", make("verify", "TREE=x").stdout)

    def test_git_with_colours(self) -> None:
        line = lines.load(ROOT / "patches")["v7.2"]
        (self.tmp / "a.c").write_text(f"void f(void)\n{{\n\t{line.contracts[0].function}(x);\n}}\n")
        home = os.environ.get("HOME", "")
        self.addCleanup(os.environ.__setitem__, "HOME", home)
        os.environ["HOME"] = str(self.tmp)
        (self.tmp / ".gitconfig").write_text("[color]\n\tui = always\n\tgrep = always\n")
        self.assertEqual([c.file for c in contracts.find(self.tmp, line)], ["a.c"])


if __name__ == "__main__":
    unittest.main()

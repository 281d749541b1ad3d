# SPDX-License-Identifier: GPL-2.0
"""The checkers of others: pyflakes, mypy, shellcheck, checkpatch."""

import re
import subprocess
import unittest
from pathlib import Path

from wb import fetch, lines
from wb.settings import Settings

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tools"

# What checkpatch can't know. Patches: no tree with history is at hand, the BUG()
# of end_page_writeback() moves with it, and page flags have CamelCase names. Suite: what the compiler and the
# kernel's instrumentation hooks are declared like, as in kernel/kcsan/; and that yield() is right in the
# stress, which holds a lock until other threads have come to want it.
IGNORE = {
    "patches": "UNKNOWN_COMMIT_ID,AVOID_BUG,CAMELCASE",
    "kunit": "VOLATILE,AVOID_EXTERNS,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE,MACRO_WITH_FLOW_CONTROL,YIELD",
}
# And the one place that may look at the version.
IGNORE["compat"] = f"{IGNORE['kunit']},LINUX_VERSION_CODE,CONSTANT_COMPARISON"


def output(*command: object, ok: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        [str(c) for c in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )
    if done.returncode not in ok:
        raise AssertionError(f"{command[0]}:\n{done.stdout}")
    return done.stdout


class Static(unittest.TestCase):
    python = sorted([*TOOLS.glob("*/*.py"), TOOLS / "wbcheck", TOOLS / "check"])

    def test_pyflakes(self) -> None:
        self.assertEqual(output("pyflakes3", *self.python), "")

    def test_mypy(self) -> None:
        output("/usr/bin/mypy", "--strict", "--python-version=3.11", "--cache-dir=/dev/null",
               "--no-error-summary", *sorted(TOOLS.glob("wb/*.py")))

    def test_shellcheck(self) -> None:
        output("shellcheck", ROOT / ".ci/run", ROOT / "tools/ccache/gcc")

    def test_licences(self) -> None:
        files = output("git", "ls-files", "-co", "--exclude-standard").split()
        without = [
            f for f in files
            if "SPDX-License-Identifier" not in (ROOT / f).read_text(errors="replace")[:400]
            and not f.endswith((".patch", ".log", "COPYING", ".gitignore", "README.md"))
        ]
        self.assertEqual(without, [])

    def checkpatch(self, what: str, *args: object) -> None:
        settings = Settings.from_environment()
        tree = fetch.get(settings, lines.load(ROOT / "patches")["v5.10"]).path
        text = output(
            "perl", tree / "scripts/checkpatch.pl", "--strict", "--no-tree", "--show-types",
            "--ignore", IGNORE[what], *args, ok=(0, 1),
        )
        for cache in ROOT.glob(".checkpatch-camelcase.*"):
            cache.unlink()
        totals = re.findall(r"total: (\d+) errors, (\d+) warnings, (\d+) checks", text)
        self.assertTrue(totals, text)
        self.assertEqual(set(totals), {("0", "0", "0")}, text)

    def test_checkpatch_patches(self) -> None:
        patches = sorted((ROOT / "patches").glob("*/*/*.patch"))
        self.assertTrue(patches)
        self.checkpatch("patches", *patches)

    def test_checkpatch_suite(self) -> None:
        compat = ROOT / "kunit/compat.h"
        self.checkpatch("kunit", "-f", *sorted({*(ROOT / "kunit").glob("**/*.[ch]")} - {compat}))
        self.checkpatch("compat", "-f", compat)

    def test_patches_are_for_git_am(self) -> None:
        for patch in (ROOT / "patches").glob("*/*/*.patch"):
            text = patch.read_text()
            self.assertRegex(text, r"\AFrom [0-9a-f]{40} ")
            self.assertRegex(text, r"(?m)^Subject: \[PATCH.*\] (mm|s390/uv): ")
            self.assertRegex(text, r"(?m)^Signed-off-by: .+ <.+@.+>$")


if __name__ == "__main__":
    unittest.main()

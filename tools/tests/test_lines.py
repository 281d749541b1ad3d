# SPDX-License-Identifier: GPL-2.0
"""Kernels later than v5.10, under User-Mode Linux."""

import json
import shlex
import subprocess
import time
from pathlib import Path

from wb import report
from wb.errors import Exit

from . import readme
from .kernels import KernelTest, results, verdicts_of, wbcheck


class Lines(KernelTest):
    def test_v7_2(self) -> None:
        """The kernel as it comes holds, and with its fix taken out it breaks."""
        done = wbcheck("kunit", "--line", "v7.2", "--variant", "stock", "--variant", "neither")
        self.check(done, Exit.OK)
        stock, neither = verdicts_of(results("kunit-v7.2"))
        self.assertTrue(stock.holds)
        self.assertGreaterEqual(stock.ran, 11)
        rules = {rule[:2] for found in neither.breaks.values() for rule in found}
        self.assertLessEqual({"H1", "H2", "H3"}, rules)
        shown = [r.split() for r in readme.block(readme.README.read_text(), "lines").splitlines()]
        for verdict in (stock, neither):
            self.assertIn(" ".join(["v7.2", *report.matrix_row(verdict)]).split(), shown)
        # On a later kernel, too, a witness is a schedule that can be run again.
        again = wbcheck("replay", "--line", "v7.2", "--variant", "neither",
                        next(b.witness for b in neither.scenarios["rearm"].breaks))
        self.check(again, Exit.VIOLATION)
        self.assertIn("breaks H3", again.stdout.splitlines()[-1])

    def test_v7_2_by_hand(self) -> None:
        """The README's commands, with the kernel's own kunit.py."""
        stage, *commands = readme.block(readme.README.read_text(), "byhand").splitlines()
        found = wbcheck(*shlex.split(stage.partition("$(")[2].partition(")")[0])[1:])
        self.check(found, Exit.OK)
        tree = Path(found.stdout.splitlines()[-1])
        said = []
        for command in commands:
            start = time.monotonic()
            done = subprocess.run(shlex.split(command), cwd=tree, text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            print(f"  {time.monotonic() - start:.0f} s: {command.strip()}", flush=True)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:])
            said.append(done.stdout)
        whole, listed, filtered, isolated, bounded = said
        suites = {s["name"]: s for s in json.loads((tree / "out.json").read_text())["sub_groups"]}
        cases = {c["name"]: c["status"] for c in suites["page_writeback_races"]["test_cases"]}
        self.assertEqual((cases["reuse"], cases["huge_tail"]), ("PASS", "SKIP"))
        self.assertIn("[PASSED] page_writeback_races", whole)
        for suite, group in suites.items():
            for case in group["test_cases"]:
                self.assertIn(f"{suite}.{case['name']}\n", listed)
        self.assertIn("Ran 1 tests: passed: 1", filtered)
        self.assertIn("Starting KUnit Kernel (4/", isolated)
        self.assertIn("[PASSED] stale_reuse", bounded)

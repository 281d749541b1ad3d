# SPDX-License-Identifier: GPL-2.0
"""Kernels later than v5.10."""

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

from wb import build, report
from wb.errors import Exit
from wb.judge import Verdict

from . import readme
from .kernels import RESULTS, ROOT, SETTINGS, KernelTest, results, verdicts_of, wbcheck


def without_kvm() -> list[str]:
    """What to put before a command that is not to find KVM.

    kunit.py takes it wherever /dev/kvm opens; there are machines where a guest hangs then.
    """
    if not Path("/dev/kvm").exists() or os.geteuid():
        return []
    return ["unshare", "-m", "sh", "-c", 'mount --bind /dev/null /dev/kvm && exec "$@"', "sh"]


class Lines(KernelTest):
    def variants(self, arch: str) -> list[Verdict]:
        """The kernel as it comes holds, and with its fix taken out it breaks."""
        file = RESULTS / f"kunit-v7.2-{arch}.json"
        done = wbcheck("kunit", "--line", "v7.2", "--arch", arch, "--json", file,
                       "--variant", "stock", "--variant", "neither")
        self.check(done, Exit.OK)
        stock, neither = verdicts_of(results(file.stem))
        self.assertTrue(stock.holds)
        self.assertGreaterEqual(stock.ran, 11)
        rules = {rule[:2] for found in neither.breaks.values() for rule in found}
        self.assertLessEqual({"H1", "H2", "H3"}, rules)
        shown = [r.split() for r in readme.block(readme.README.read_text(), "lines").splitlines()]
        for verdict in (stock, neither):
            self.assertIn(" ".join(["v7.2", *report.matrix_row(verdict)]).split(), shown)
        return [stock, neither]

    def test_v7_2(self) -> None:
        neither = self.variants("um")[1]
        # On a later kernel, too, a witness is a schedule that can be run again.
        again = wbcheck("replay", "--line", "v7.2", "--variant", "neither",
                        next(b.witness for b in neither.scenarios["rearm"].breaks))
        self.check(again, Exit.VIOLATION)
        self.assertIn("breaks H3", again.stdout.splitlines()[-1])

    def test_v7_2_two_cpus(self) -> None:
        """The same with CPUs that run at the same time, each a thread of the host."""
        stock = self.variants("um-smp")[0]
        log = (SETTINGS.build / "v7.2-stock/.kunit-um-smp/test.log").read_text()
        self.assertIn("Brought up 1 node, 2 CPUs", log)
        self.assertIn("page_writeback_reduction.bounded: several CPUs", stock.skipped)

    def test_matrix_of_lines(self) -> None:
        """One line after the other, in spite of one that can't be had."""
        files = [RESULTS / f for f in ("matrix.json", "matrix-v7.2.json")]
        kept = [(f, f.read_text() if f.is_file() else "") for f in files]
        self.addCleanup(lambda: [f.write_text(t) if t else f.unlink(missing_ok=True)
                                 for f, t in kept])
        matrix = ("matrix", "--line", "v5.10,v7.2", "--variant", "stock", "--arch", "um", "--bound", "1")
        done = wbcheck(*matrix)
        self.check(done, Exit.OK)
        self.assertEqual(done.stdout.splitlines()[-1], "v5.10: as expected; v7.2: as expected")
        for file in ("matrix", "matrix-v7.2"):
            data = results(file)
            self.assertTrue(data["complete"] and data["as_expected"])
            (RESULTS / f"{file}.json").unlink()
        other = wbcheck("fetch", "--line", "v5.10").stdout.splitlines()[-1]
        done = wbcheck(*matrix, env={"KSRC": other})
        self.check(done, Exit.USAGE)
        self.assertEqual(done.stdout.splitlines()[-1],
                         "v5.10: as expected; v7.2: bad usage, or a tree that is no supported kernel")
        self.assertTrue(results("matrix")["as_expected"])
        self.assertFalse(files[1].exists())

    def by_hand(self, block: str) -> tuple[Path, list[str]]:
        """Run a README's commands, with the kernel's own kunit.py; returns what they print."""
        stage, *commands = readme.block(readme.README.read_text(), block).splitlines()
        found = wbcheck(*shlex.split(stage.partition("$(")[2].partition(")")[0])[1:])
        self.check(found, Exit.OK)
        tree = Path(found.stdout.splitlines()[-1])
        said = []
        for command in commands:
            start = time.monotonic()
            done = subprocess.run([*without_kvm(), *shlex.split(command)], cwd=tree, text=True, check=False,
                                  env={**os.environ, **build.environment(ROOT)},
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            print(f"  {time.monotonic() - start:.0f} s: {command.strip()}", flush=True)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:])
            said.append(done.stdout)
        return tree, said

    def test_v7_2_by_hand(self) -> None:
        tree, (whole, listed, filtered, isolated, bounded) = self.by_hand("byhand")
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

    def test_v7_2_by_hand_qemu(self) -> None:
        """kunit.py knows QEMU as well, and the kernel has there what is missing elsewhere."""
        _, (whole,) = self.by_hand("byhand-qemu")
        for case in ("reuse", "huge_tail", "swap_reuse", "migrate"):
            self.assertIn(f"[PASSED] {case}\n", whole)
        self.assertIn("[PASSED] page_writeback_races", whole)

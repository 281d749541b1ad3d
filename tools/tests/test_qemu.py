# SPDX-License-Identifier: GPL-2.0
"""Real kernels under QEMU: the variants, the crashes of the reports, and bad ends."""

import os
import signal
import sys
import time

from wb import arches, cells, fetch, ktap, report
from wb.cells import Cell
from wb.errors import Exit

from . import readme
from .kernels import (
    LINE, RESULTS, ROOT, SETTINGS, KernelTest, kernels_running, results, started, verdicts_of, wbcheck,
)

VARIANTS = ("unfixed", "seed+recheck")
BOTH = [a for v in VARIANTS for a in ("--variant", v)]


class Qemu(KernelTest):
    def variants(self, arch: str) -> None:
        """Broken and fixed, each as expected; and what the README has of it."""
        path = RESULTS / f"kunit-{arch}.json"
        done = wbcheck("kunit", "--arch", arch, *BOTH, "--json", path)
        self.check(done, Exit.OK)
        print("".join(f"{r}\n" for r in done.stdout.splitlines() if "built in" in r), end="")
        unfixed, fixed = verdicts_of(results(path.stem))
        self.assertIn("H4", unfixed.scenarios["huge_tail"].rules)
        self.assertTrue(fixed.holds)
        lacks = {"not asked for", "several CPUs", "not on this line"}
        if arch == "arm64":
            lacks.add("huge pages are split before they are swapped")
        self.assertEqual({s.split(": ")[1] for s in fixed.skipped}, lacks)
        shown = [r.split() for r in readme.block(readme.README.read_text(), "matrix").splitlines()]
        for verdict in (unfixed, fixed):
            self.assertIn(" ".join(report.matrix_row(verdict)).split(), shown)
        rates = [s.per_second for s in fixed.scenarios.values() if s.skipped is None]
        print(f"  {arch}: {min(rates)} to {max(rates)} schedules a second", flush=True)

        # Twice the same, but for times; one preemption is enough to see that.
        logs = [SETTINGS.build / f"v5.10-{v}/.kunit-{arch}/test.log" for v in VARIANTS]
        texts = []
        for _ in range(2):
            self.check(wbcheck("kunit", "--arch", arch, *BOTH, "--bound", 1, "--json", path), Exit.OK)
            texts.append([ktap.without_times(p.read_text(errors="replace")) for p in logs])
        self.assertEqual(texts[0], texts[1])
        self.assertGreater(min(map(len, texts[0])), 4000)

    def test_1_x86_64(self) -> None:
        self.variants("x86_64")

    def test_2_arm64(self) -> None:
        self.variants("arm64")

    def test_3_crashes_of_the_reports(self) -> None:
        """On the unfixed kernel they come, on the fixed one they do not."""
        path = RESULTS / "witness-x86_64.json"
        done = wbcheck("witness", "--arch", "x86_64", "--json", path)
        self.check(done, Exit.OK)
        self.assertIn("3 crashes on unfixed, none on seed+recheck", done.stdout)
        shown = readme.block(readme.README.read_text(), "crashes")
        for row in readme.crashes_block(path.stem).splitlines():
            self.assertIn(row, shown)

    def test_4_bad_ends(self) -> None:
        """A kernel that dies or does not end: a code each, and nothing is left."""
        unfixed = ("kunit", "--arch", "x86_64", "--variant", "unfixed")
        done = wbcheck(*unfixed, "--scenario", "reuse_sync")
        self.check(done, Exit.VIOLATION)
        self.assertRegex(done.stdout, r"reuse_sync breaks H1, dies: kernel BUG at mm/page-writeback\.c:\d+")
        self.assertRegex(done.stdout, r"dies: kernel BUG at .* in reuse_sync: preemptions \d:\n  v1:reuse_sync:\S+\n")
        done = wbcheck(*unfixed, "--timeout", "2")
        self.check(done, Exit.BOOT)
        for how, code in ((signal.SIGKILL, Exit.KILLED), (signal.SIGINT, Exit.INTERRUPTED)):
            with self.subTest(how):
                process = started(*unfixed)
                end = time.monotonic() + 60
                while time.monotonic() < end and not kernels_running():
                    time.sleep(0.05)
                time.sleep(1)
                if how == signal.SIGKILL:
                    os.kill(kernels_running()[0][0], how)
                else:
                    process.send_signal(how)
                out = process.communicate(timeout=30)[0]
                self.assertEqual(process.returncode, int(code), out)
                self.assertEqual(kernels_running(), [])

    def test_5_an_interrupted_matrix(self) -> None:
        """What has come is kept."""
        path = RESULTS / "interrupted.json"
        path.unlink(missing_ok=True)
        process = started("matrix", "--arch", "um,x86_64", "--variant", "unfixed", "--json", path)
        end = time.monotonic() + 120
        while time.monotonic() < end and not (path.is_file() and '"variants"' in path.read_text()):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=30)[0]
        self.assertEqual(process.returncode, int(Exit.INTERRUPTED), out)
        data = results(path.stem)
        self.assertFalse(data["complete"] or data["as_expected"])
        self.assertEqual([v.arch for v in verdicts_of(data)], ["um"])
        self.assertEqual(kernels_running(), [])

    def test_6_another_cpu_in_critical_sections(self) -> None:
        """With memory cgroups and SMP, too, it acts where only that shows what is wrong."""
        shows = {"clear-after-look-locked": "waits_during_end",
                 "wait-sets-waiters-after-look": "ends_during_wait"}
        arch = arches.select(ROOT / "kconfig", "x86_64")[0]
        source = fetch.get(SETTINGS, LINE)
        stack = LINE.variant("seed+recheck").patches
        found = [Cell(LINE, name, arch, source,
                      (*stack, ROOT / f"patches/v5.10/mutants/{name}.patch"), f"v5.10-{name}")
                 for name in shows]
        came = cells.run_cells(SETTINGS, found, cells.Run(("page_writeback.scenario=page_lock",)))
        self.assertEqual([getattr(v, "failed", v) for v in came],
                         [[f"page_writeback_other_cpu.{case}"] for case in shows.values()])


if __name__ == "__main__":
    sys.exit("run tools/check")

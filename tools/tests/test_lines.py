# SPDX-License-Identifier: GPL-2.0
"""Kernels later than v5.10, under User-Mode Linux."""

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

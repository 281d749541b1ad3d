# SPDX-License-Identifier: GPL-2.0
"""What is made of the counts of instructions."""

import unittest

from wb import cost, ktap
from wb.cost import Cost
from wb.errors import Exit, WbError

LOG = """TAP version 14
1..1
    # Subtest: page_writeback_cost
    1..6
    # cost nobody_waits: 256 calls in 256600 ns, as many of nothing in 600 ns
    ok 1 - nobody_waits
    # cost nobody_waits_untagged: 256 calls in 128600 ns, as many of nothing in 600 ns
    ok 2 - nobody_waits_untagged
    # cost somebody_waits: 64 calls in 128200 ns, as many of nothing in 200 ns
    ok 3 - somebody_waits
    # cost unlock: 64 calls in 1480 ns, as many of nothing in 200 ns
    ok 4 - unlock
    # cost unlock_wakes: 64 calls in 64200 ns, as many of nothing in 200 ns
    ok 5 - unlock_wakes
    # cost lock_killed: 64 calls in 32200 ns, as many of nothing in 200 ns
    ok 6 - lock_killed
ok 1 - page_writeback_cost
"""


class Costs(unittest.TestCase):
    def test_read(self) -> None:
        self.assertEqual(cost.read(ktap.parse(LOG), "x"), {
            "nobody_waits": 1000, "nobody_waits_untagged": 500, "somebody_waits": 2000,
            "unlock": 20, "unlock_wakes": 1000, "lock_killed": 500,
        })

    def test_nothing_measured(self) -> None:
        """No result is no cost of zero."""
        for old, new in (
            ("    # cost nobody_waits: 256 calls in 256600", "    # other: 256 calls in 256600"),
            ("    ok 3 - somebody_waits\n", ""),
            ("ok 3 - somebody_waits", "not ok 3 - somebody_waits"),
            ("page_writeback_cost", "page_writeback_other"),
            ("in 128200 ns", "in 200 ns"),
        ):
            with self.subTest(old), self.assertRaises(WbError) as caught:
                cost.read(ktap.parse(LOG.replace(old, new)), "x")
            self.assertEqual(caught.exception.code, Exit.INCOMPLETE)

    def test_rows(self) -> None:
        """Each architecture's first is what its others are compared with."""
        def of(variant: str, arch: str, n: float) -> Cost:
            return Cost(variant, arch, dict.fromkeys(cost.CASES, n))

        rows = cost.rows([of("a", "x", 1000), of("b", "x", 950), of("a", "y", 500)])
        self.assertEqual([r[2] for r in rows], ["1000", "950 (-5.0 %)", "500"])


if __name__ == "__main__":
    unittest.main()

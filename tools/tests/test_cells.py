# SPDX-License-Identifier: GPL-2.0
"""The order in which kernels are built."""

import unittest

from wb import cells


class Priorities(unittest.TestCase):
    def test_without_twins_as_they_come(self) -> None:
        self.assertEqual(cells.priorities([None, None, None]), [0, 1, 2])

    def test_what_others_continue_from_comes_first(self) -> None:
        # unfixed, seed, and seed+recheck, which continues from seed
        self.assertEqual(cells.priorities([None, None, 1]), [2, 0, 1])

    def test_a_chain_is_one_group(self) -> None:
        self.assertEqual(cells.priorities([None, None, 1, 0, 3]), [0, 3, 4, 1, 2])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""Exit codes: each has a meaning and a kind, and the README has them all."""

import unittest

from wb.errors import AGAIN, INPUT, KIND, MEANING, VERDICT, Exit

from . import readme


class Codes(unittest.TestCase):
    def test_each_has_a_meaning_and_a_kind(self) -> None:
        self.assertEqual(list(MEANING), list(Exit))
        self.assertEqual(list(KIND), list(Exit))
        for code, kind in ((Exit.VIOLATION, VERDICT), (Exit.UNSTABLE, VERDICT), (Exit.CRASH, VERDICT),
                           (Exit.KILLED, AGAIN), (Exit.HOST, AGAIN), (Exit.STALE, AGAIN),
                           (Exit.PATCH, INPUT)):
            self.assertEqual(KIND[code], kind)

    def test_readme(self) -> None:
        self.assertEqual(readme.block(readme.README.read_text(), "codes"), readme.codes_block())


if __name__ == "__main__":
    unittest.main()

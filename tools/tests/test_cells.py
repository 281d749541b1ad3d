# SPDX-License-Identifier: GPL-2.0
"""The order in which kernels are built."""

import contextlib
import io
import unittest
from concurrent.futures import Future

from wb import cells, judge
from wb.errors import Exit, WbError


class Priorities(unittest.TestCase):
    def test_without_twins_as_they_come(self) -> None:
        self.assertEqual(cells.priorities([None, None, None]), [0, 1, 2])

    def test_what_others_continue_from_comes_first(self) -> None:
        # unfixed, seed, and seed+recheck, which continues from seed
        self.assertEqual(cells.priorities([None, None, 1]), [2, 0, 1])

    def test_a_chain_is_one_group(self) -> None:
        self.assertEqual(cells.priorities([None, None, 1, 0, 3]), [0, 3, 4, 1, 2])


class Outcomes(unittest.TestCase):
    def outcome(self, error: Exception, verbose: bool = False) -> judge.Verdict | WbError:
        ran: Future[judge.Verdict] = Future()
        ran.set_exception(error)
        begun: Future[Future[judge.Verdict]] = Future()
        begun.set_result(ran)
        return cells._outcome(begun, verbose)

    def test_a_defect_is_of_one_cell(self) -> None:
        """The others have results."""
        for error, code, part in ((ValueError("x"), Exit.DEFECT, "ValueError: x: a defect of wbcheck"),
                                  (OSError(28, "No space left", "/a"), Exit.HOST, "No space left: /a"),
                                  (WbError(Exit.BOOT, "y"), Exit.BOOT, "y")):
            got = self.outcome(error)
            assert isinstance(got, WbError)
            self.assertEqual(got.code, code)
            self.assertIn(part, str(got))
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.outcome(ValueError("x"), True)
        self.assertIn("ValueError: x", said.getvalue())


if __name__ == "__main__":
    unittest.main()

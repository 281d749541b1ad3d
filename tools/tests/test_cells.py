# SPDX-License-Identifier: GPL-2.0
"""The order in which kernels are built."""

import contextlib
import io
import unittest
from concurrent.futures import Future

from wb import arches, cells, fetch, judge, lines
from wb.errors import Exit, WbError

from .small import ROOT


class Priorities(unittest.TestCase):
    def test_without_twins_as_they_come(self) -> None:
        self.assertEqual(cells.priorities([None, None, None]), [0, 1, 2])

    def test_what_others_continue_from_comes_first(self) -> None:
        # unfixed, seed, and seed+recheck, which continues from seed
        self.assertEqual(cells.priorities([None, None, 1]), [2, 0, 1])

    def test_a_chain_is_one_group(self) -> None:
        self.assertEqual(cells.priorities([None, None, 1, 0, 3]), [0, 3, 4, 1, 2])


class Lacks(unittest.TestCase):
    def test_of_the_versions_that_there_are(self) -> None:
        line = lines.load(ROOT / "patches")["v6.12"]
        um = arches.load(ROOT / "kconfig")["um"]
        for version, want in (("6.12.107", line.lacks), ("6.12", line.lacks), ("6.1.2", None), ("6.15.3", None)):
            source = fetch.Source(ROOT, version, pristine=False)
            self.assertEqual(cells.lacks(cells.Cell(line, "tree", um, source, (), "x")), want)
        self.assertIn("memcg_move", line.lacks)


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

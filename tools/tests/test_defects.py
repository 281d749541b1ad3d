# SPDX-License-Identifier: GPL-2.0
"""Known defects: what is set apart, and what is not."""

import shutil
import tempfile
import unittest
from pathlib import Path

from wb import cells, cli, defects, fetch, fixes, judge, lines, programs, report, stage
from wb.arches import load as load_arches
from wb.cells import Cell
from wb.errors import Exit
from wb.fetch import Source
from wb.judge import Breakage, Scenario, Verdict
from wb.lines import Form
from wb.settings import Settings

ROOT = Path(__file__).parents[2]
LINE = lines.load(ROOT / "patches")["v5.10"]
DEFECT = LINE.defects[0]
UM = load_arches(ROOT / "kconfig")["um"]
SCENARIO = DEFECT.scenarios[0]
RULE = "lost lock wakeup"
CONTEXT = "mm/filemap.c"


def breakage(rule: str = RULE, scenario: str = SCENARIO) -> Breakage:
    return Breakage(rule, 1, 1, 7, f"v1:{scenario}:W,J7,L,W,J,L")


def verdict(*found: tuple[str, Breakage], name: str = "stock") -> Verdict:
    """Of scenarios that were explored to bound 1, two of which are always there."""
    v = Verdict(name)
    for n in (SCENARIO, "page_lock"):
        v.scenarios[n] = Scenario(n, 10, bound=1, extent="bounded")
    for n, b in found:
        v.scenarios.setdefault(n, Scenario(n, 10, bound=1, extent="bounded")).breaks.append(b)
    for s in v.scenarios.values():
        defects.mark(s.name, s.breaks, LINE.defects)
    return v


class Apart(unittest.TestCase):
    """Of a verdict."""

    def test_known(self) -> None:
        v = verdict((SCENARIO, breakage()))
        self.assertEqual((v.exit, v.holds, v.known), (Exit.OK, True, [DEFECT.name]))
        self.assertEqual(v.summary, f"holds \u22641, but for {DEFECT.name}")
        self.assertEqual((v.rules, v.breaks), ([], {}))
        self.assertEqual(v.as_json()["known_defects"], [DEFECT.name])
        self.assertIn(f"({DEFECT.name}, known)", report.witnesses(v))
        self.assertIn(breakage().witness, report.verdict_table([v]))

    def test_another_rule(self) -> None:
        v = verdict((SCENARIO, breakage()), (SCENARIO, breakage("H5 missed wake")))
        self.assertEqual((v.exit, v.rules, v.known), (Exit.VIOLATION, ["H5"], [DEFECT.name]))
        self.assertIn("H5", v.scenarios[SCENARIO].summary)

    def test_another_scenario(self) -> None:
        v = verdict(("page_lock", breakage(scenario="page_lock")))
        self.assertEqual((v.exit, v.rules, v.known), (Exit.VIOLATION, [RULE], []))

    def test_a_death_in_it(self) -> None:
        v = verdict((SCENARIO, breakage("dies: Oops")))
        self.assertEqual((v.exit, v.known), (Exit.VIOLATION, []))

    def test_programs(self) -> None:
        self.assertTrue(defects.is_in("p_EWJL", breakage(), DEFECT))
        self.assertTrue(defects.is_in("p_EWJj", breakage(), DEFECT))
        self.assertFalse(defects.is_in("p_EWL", breakage(), DEFECT))
        self.assertFalse(defects.is_in("lock_Jkilled", breakage(), DEFECT))
        self.assertFalse(defects.is_in("p_EWJL", breakage("H5 missed wake"), DEFECT))
        p = programs.Program("p_EWJL", "bound 1", "10", [breakage(scenario="p_EWJL")])
        defects.mark(p.name, p.breaks, LINE.defects)
        size = programs.Size(4, all=1, programs={p.name: p})
        outcome = programs.Outcome("stock", "um", False, [size])
        self.assertEqual(programs.differs([outcome], False), [])
        self.assertIn(f"but for {DEFECT.name}", programs.in_short(size))
        self.assertIn(f"but for {DEFECT.name}", programs.concluded([outcome], False)[0])
        p.breaks[0].known = ""
        self.assertEqual(len(programs.differs([outcome], False)), 1)

    def test_the_rule_and_the_scenarios_are_there(self) -> None:
        names = judge.expected_cases(ROOT / "kunit")[judge.RACES]
        rules = (ROOT / "kunit/page_writeback/oracles.c").read_text()
        operations = (ROOT / "kunit/page_writeback/catalogue.h").read_text()
        for line in lines.load(ROOT / "patches").values():
            for d in line.defects:
                self.assertLessEqual(set(d.scenarios), set(names))
                self.assertIn(f'"{d.rule}"', rules)
                self.assertIn(f"{{ '{d.operation}',", operations)


class Cured(unittest.TestCase):
    """What the same tree breaks with the cures in it."""

    def compare(self, cured: Verdict) -> tuple[Verdict, list[str]]:
        v = verdict((SCENARIO, breakage()))
        return v, defects.compare(v, cured, [DEFECT.name])

    def test_they_help(self) -> None:
        v, rows = self.compare(verdict(name="tree+cured"))
        self.assertEqual((v.exit, v.known, rows), (Exit.OK, [DEFECT.name], []))

    def test_they_do_not(self) -> None:
        """Another break of the same rule, in the same scenario, is new."""
        cured = verdict((SCENARIO, breakage()))
        for b in cured.scenarios[SCENARIO].breaks:
            b.known = ""
        v, rows = self.compare(cured)
        self.assertEqual((v.exit, v.known, v.rules), (Exit.VIOLATION, [], [RULE]))
        self.assertIn(f"{RULE} in {SCENARIO} is not (only) that of {DEFECT.name}", rows[0])

    def test_something_else_is_broken_there(self) -> None:
        cured = verdict((SCENARIO, breakage("H5 missed wake")))
        v, rows = self.compare(cured)
        self.assertEqual((v.known, rows), ([DEFECT.name], []))

    def test_there_is_no_result(self) -> None:
        """Of a kernel that dies there, or lacks the scenario, nothing is known."""
        died, absent = verdict(), verdict()
        died.scenarios[SCENARIO].died = "an Oops"
        del absent.scenarios[SCENARIO]
        for cured in (died, absent):
            self.assertEqual(self.compare(cured)[0].exit, Exit.VIOLATION)

    def test_others_are_as_they_were(self) -> None:
        v = verdict((SCENARIO, breakage()))
        self.assertEqual(defects.compare(v, verdict((SCENARIO, breakage())), []), [])
        self.assertEqual(v.exit, Exit.OK)


class Variants(unittest.TestCase):
    """That have the defect, and that do not."""

    def cell(self, variant: str) -> Cell:
        v = LINE.variant(variant)
        return Cell(LINE, v.name, UM, Source(ROOT, LINE.version, True), v.patches, v.name)

    def test_which(self) -> None:
        self.assertEqual(cells.known_of(self.cell("stock")), LINE.defects)
        self.assertEqual(cells.known_of(self.cell("unfixed")), LINE.defects)
        self.assertEqual(cells.known_of(self.cell("cured")), ())
        self.assertEqual(cells.known_of(self.cell("wakeup-passed-on")), LINE.defects[1:])

    def test_it_must_show(self) -> None:
        self.assertEqual(defects.missed(verdict(), LINE.defects), [DEFECT])
        self.assertEqual(defects.missed(verdict((SCENARIO, breakage())), LINE.defects), [])
        v = verdict()
        v.scenarios[SCENARIO] = Scenario(SCENARIO, skipped=judge.NOT_ASKED_FOR)
        self.assertEqual(defects.missed(v, LINE.defects), [])

    def test_conclusion(self) -> None:
        words = cli.conclusion([verdict((SCENARIO, breakage())), verdict(name="cured")])
        self.assertEqual(words.count(f"but for {DEFECT.name}, in "), 1)
        self.assertRegex(words, "stock holds .* but for .*; cured holds")


class Trees(unittest.TestCase):
    """Of users: what their code says."""

    def setUp(self) -> None:
        self.tmp = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.tmp)
        source = fetch.get(Settings.from_environment(), LINE).path
        (self.tmp / "mm").mkdir()
        shutil.copy(source / CONTEXT, self.tmp / CONTEXT)

    def known(self, *patches: Path | Form) -> tuple[lines.Defect, ...]:
        tree = Source(self.tmp, LINE.version, False)
        return cells.known_of(Cell(LINE, cells.TREE, UM, tree, patches, "verify-x"))

    def test_as_it_comes(self) -> None:
        self.assertEqual(self.known(), LINE.defects)

    def test_cured(self) -> None:
        """With the cure in it, what is broken is not known."""
        changed = stage.apply_patches(self.tmp, [DEFECT.patch])[CONTEXT]
        assert changed
        (self.tmp / CONTEXT).write_bytes(changed)
        self.assertEqual(self.known(), LINE.defects[1:])

    def test_while_it_is_fixed(self) -> None:
        self.assertEqual(self.known(Form(DEFECT.patch)), LINE.defects[1:])

    def test_other_code_there(self) -> None:
        path = self.tmp / CONTEXT
        path.write_text(path.read_text().replace("wait->flags & WQ_FLAG_DONE ? 0", "(wait->flags & WQ_FLAG_DONE) ? 0"))
        self.assertEqual(self.known(), LINE.defects)

    def test_the_cure_is_named(self) -> None:
        """As it is for a strict verdict."""
        found = fixes.missing(self.tmp, LINE, [RULE])
        self.assertEqual([m.fix.name for m in found], [DEFECT.name])
        self.assertIn(DEFECT.patch.name, fixes.described(self.tmp, LINE, [RULE], found))

    def test_those_that_apply(self) -> None:
        names = [d.name for d in LINE.defects]
        self.assertEqual(list(defects.cures(self.tmp, LINE, names)), names)
        self.assertEqual(list(defects.cures(self.tmp, LINE, names[1:])), names[1:])
        path = self.tmp / CONTEXT
        path.write_text(path.read_text().replace("wait->flags & WQ_FLAG_DONE ? 0", "(wait->flags & WQ_FLAG_DONE) ? 0"))
        self.assertEqual(list(defects.cures(self.tmp, LINE, names)), names[1:])

    def test_in_words(self) -> None:
        words = defects.in_words([DEFECT.name], LINE)
        self.assertTrue(words.startswith(f"1 known defect of v5.10: {DEFECT.name} (patch: patches/v5.10/"))
        path = words.partition("patch: ")[2].rstrip(")")
        self.assertTrue((ROOT / path).is_file())
        self.assertEqual(defects.in_words([], LINE), "")


class Words(unittest.TestCase):
    def test_of_a_tree(self) -> None:
        args = cli.parser().parse_args(["verify", "x"])
        words, code = cli.tree_verdict(args, LINE, [verdict((SCENARIO, breakage()))], [], "")
        self.assertEqual(code, Exit.OK)
        self.assertIn(f"holds \u22641, but for 1 known defect of v5.10: {DEFECT.name} (patch: ", words)
        both = verdict((SCENARIO, breakage()), ("page_lock", breakage("H5 missed wake", "page_lock")))
        words, code = cli.tree_verdict(args, LINE, [both], [], "")
        self.assertEqual(code, Exit.VIOLATION)
        self.assertRegex(words, "broken: H5; 1 known defect of v5.10")

    def test_strict_sets_nothing_apart(self) -> None:
        args = cli.parser().parse_args(["verify", "x", "--strict"])
        self.assertTrue(cli.run_of(Settings.from_environment(), args).strict)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""Callers of functions that ask something of them: those known, and others."""

import shutil
import tempfile
import unittest
from pathlib import Path

from wb import contracts, fetch, lines
from wb.errors import WbError
from wb.settings import Settings

ROOT = Path(__file__).parents[2]
LINES = lines.load(ROOT / "patches")
LINE = LINES["v7.2"]

ANOTHER = """\
// SPDX-License-Identifier: GPL-2.0
/*
 * Not a call: folio_end_writeback_no_dropbehind(folio).
 */
static int foo_prepare(struct folio *folio);

static void foo_end(struct folio *folio,
		    int error)
{
	// nor this: folio_end_writeback_no_dropbehind(folio);
	if (error)
		goto out;
out:
	folio_end_writeback_no_dropbehind(folio);
}

void foo_setup(struct foo *foo)
{
	foo->end = folio_end_writeback_no_dropbehind;
}
"""


NAME = "folio_end_writeback_no_dropbehind"
# Uses of all kinds, each with the name of its caller.
USES = f"""\
#define end_wb(f) {NAME}(f)                                  => end_wb
static void one(struct folio *f) {{ {NAME}(f); }}            => one
static const struct ops o = {{ .end = {NAME} }};             => o
#define two(f) do {{ \\
	{NAME}(f); }} while (0)                              => two
void
three(struct folio *f)
{{
	/* x */ {NAME}(f);                                   => three
	call(f); /* {NAME}(f) */
	/* several
	   {NAME}(f) rows */ {NAME}(f);                      => three
}}
static const struct ops many[] = {{
	.end = {NAME}, // {NAME}                             => many
}};
void (*pointer)(struct folio *) = {NAME};                    => pointer
void {NAME}(struct folio *folio);
extern void {NAME}(struct folio *folio);
void {NAME}(struct folio *folio)
{{
}}
void
{NAME}(struct folio *folio)
{{
}}
EXPORT_SYMBOL_GPL({NAME});
static int four(struct folio *f)
{{
	pr_info("/*");
	return end(f, {NAME}) ? 1 : 0;                       => four
}}
"""


class Contracts(unittest.TestCase):
    def test_uses(self) -> None:
        text = "".join(f"{row.partition(' => ')[0].rstrip()}\n" for row in USES.splitlines())
        want = [(i, row.rpartition(" => ")[2]) for i, row in enumerate(USES.splitlines(), 1) if " => " in row]
        calls = contracts._calls(LINE.contracts[0], "fs/a.c", text)
        self.assertEqual([(c.line, c.caller) for c in calls], want)

    def test_all_in_the_tree_are_known(self) -> None:
        """And all that are known are in the tree."""
        for line in LINES.values():
            calls = contracts.find(fetch.get(Settings.from_environment(), line).path, line)
            self.assertEqual([str(c) for c in calls if not c.why], [])
            self.assertEqual(
                {(c.function, f"{c.file}:{c.caller}") for c in calls},
                {(c.function, place) for c in line.contracts for place in c.callers})
        self.assertEqual(len(calls), 6)

    def test_another(self) -> None:
        tree = Path(tempfile.mkdtemp(prefix="wb test."))
        self.addCleanup(shutil.rmtree, tree)
        (tree / "fs/foo").mkdir(parents=True)
        (tree / "fs/foo/foo.c").write_text(ANOTHER)
        calls = contracts.find(tree, LINE)
        self.assertEqual([(c.file, c.line, c.caller, c.why) for c in calls],
                         [("fs/foo/foo.c", 14, "foo_end", ""), ("fs/foo/foo.c", 19, "foo_setup", "")])
        said = contracts.described(calls)
        self.assertIn("0 known to do as they are asked, 2 to be looked at:\n", said)
        self.assertIn("  fs/foo/foo.c:14: foo_end() calls folio_end_writeback_no_dropbehind(), "
                      "which asks for a reference to the folio", said)
        self.assertEqual(contracts.finding(calls), "unknown caller foo_end() of "
                         "folio_end_writeback_no_dropbehind(), foo_setup() of "
                         "folio_end_writeback_no_dropbehind()")

    def test_allowed(self) -> None:
        call = contracts.Call("f", "a reference", "fs/foo.c", 14, "foo_end", "")
        for name in ("foo_end", "fs/foo.c:foo_end"):
            self.assertEqual([c.why for c in contracts.allowed([call], [name])], [contracts.ALLOWED])
        self.assertEqual(contracts.allowed([call], []), [call])
        with self.assertRaises(WbError):
            contracts.allowed([call], ["fs/bar.c:foo_end"])


if __name__ == "__main__":
    unittest.main()

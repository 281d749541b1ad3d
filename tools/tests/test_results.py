# SPDX-License-Identifier: GPL-2.0
"""Results are the user's: what keeps them, and what replaces them."""

import json
import shutil
import signal
import unittest
from pathlib import Path
from unittest import mock

from wb import lines
from wb.errors import Exit
from wb.settings import lock

from .small import ROOT, Machine, make_tree, until

OLD = '{"of": "an earlier run"}\n'

# What is asked for, and is a mistake, by command.
MISTAKES = (
    ("kunit", "--variant", "nope"), ("kunit", "--arch", "foo"), ("kunit", "--debug", "foo"),
    ("kunit", "--scenario", "foo"), ("kunit", "--bound", "x"), ("kunit", "--line", "v4.4"),
    ("kunit", "--timeout", "0"), ("kunit", "--arch", "um-smp"),
    ("matrix", "--variant", "nope"), ("matrix", "--arch", "foo"), ("matrix", "--scenario", "foo"),
    ("matrix", "--line", "v7.2", "--variant", "proposal-account-late", "--arch", "um"),
    ("verify", "/nonexistent"), ("verify", "/tmp"), ("verify", "TREE", "--arch", "foo"),
    ("verify", "TREE", "--scenario", "foo"), ("verify", "TREE", "--line", "v4.4"),
    ("verify", "TREE", "--arch", "um-smp", "--line", "v5.10"),
    ("verify", "TREE", "--line", "v5.10", "--allow-caller", "nope"),
    ("matrix", "--line", "v5.10,v6.1", "--arch", "um-smp"),
    ("programs", "--actors", "5"), ("programs", "--shard", "3/2"), ("programs", "--variant", "nope"),
    ("programs", "--arch", "foo"), ("programs", "--arch", "x86_64", "--debug", "plain"),
    ("witness", "--line", "v7.2"), ("witness", "--arch", "foo"),
    ("stress", "--variant", "nope"), ("stress", "--seconds", "300"), ("stress", "--arch", "foo"),
    ("cost", "--variant", "nope"), ("cost", "--variant", "stock", "--arch", "um"),
    ("mutants", "--only", "nope"), ("mutants", "--shard", "300/300"), ("mutants", "--line", "v6.1"),
)


class Kept(Machine):
    def setUp(self) -> None:
        super().setUp()
        self.tree = self.tmp / "tree"
        make_tree(self.tree)

    def everything(self) -> dict[str, str]:
        """What the user has of results, where they may be."""
        files = [*self.tmp.glob("*.json"), *self.tmp.glob("build/results/*")]
        return {str(f.relative_to(self.tmp)): f.read_text() for f in files}

    def put_old_results(self) -> dict[str, str]:
        (self.build / "results").mkdir(parents=True, exist_ok=True)
        names = [line.results(command) for line in lines.load(ROOT / "patches").values()
                 for command in ("kunit", "matrix", "programs", "witness", "stress", "cost", "mutants")]
        for name in names:
            (self.build / "results" / name).write_text(OLD)
        (self.tmp / "own.json").write_text(OLD)
        (self.tmp / "own.json.new").write_text(OLD)
        return self.everything()

    def test_a_mistake_costs_no_results(self) -> None:
        before = self.put_old_results()
        for args in MISTAKES:
            args = tuple(str(self.tree) if a == "TREE" else a for a in args)
            for json_option in ((), ("--json", self.tmp / "own.json")):
                with self.subTest(args=args, json=bool(json_option)):
                    done = self.wbcheck(*args, *json_option)
                    self.assertIn(done.returncode, (Exit.USAGE, Exit.INCOMPLETE), done.stdout)
                    self.assertEqual(self.everything(), before)

    def test_nor_does_a_mistake_in_the_environment(self) -> None:
        before = self.put_old_results()
        for name, value in (("KSRC", "/nonexistent"), ("KSRC", "/dev/null"), ("SMP", "x"), ("ACCEL", "x")):
            with self.subTest(name=name, value=value), mock.patch.dict(self.env, {name: value}):
                done = self.wbcheck("kunit", "--json", self.tmp / "own.json")
                self.assertEqual(done.returncode, Exit.USAGE, done.stdout)
                self.assertEqual(self.everything(), before)

    def test_no_folders_are_made(self) -> None:
        for args in (("kunit", "--json", self.tmp / "a/b/x.json"), ("verify", self.tree, "--json", "/proc/x/y.json"),
                     ("replay", "v1:reuse:E5,T,R,E,R", "--svg", self.tmp / "a/b/x.svg")):
            done = self.wbcheck(*args)
            self.assertEqual(done.returncode, Exit.USAGE, done.stdout)
            self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
            self.assertIn(f"there is no folder {Path(str(args[-1])).parent}", done.stdout)
        self.assertFalse((self.tmp / "a").exists())
        done = self.wbcheck("kunit", "--json", "/proc/x.json")
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (Exit.HOST, 1), done.stdout)

    def test_a_run_that_fails_leaves_none_of_an_earlier_one(self) -> None:
        """The small tree has nothing to build."""
        own = self.tmp / "own.json"
        own.write_text(OLD)
        done = self.wbcheck("kunit", "--variant", "stock", "--json", own)
        self.assertNotIn(done.returncode, (0, 2), done.stdout)
        data = json.loads(own.read_text())
        self.assertEqual((data["complete"], data["as_expected"]), (False, False))
        self.assertEqual(data["exit"], done.returncode)
        self.assertIn(data["errors"][0], done.stdout)
        self.assertEqual([f.name for f in self.tmp.iterdir() if "wb-new" in f.name], [])

    def test_nor_does_one_that_is_ended(self) -> None:
        own = self.tmp / "own.json"
        self.command("make", "sleep 60")
        for how, code in ((signal.SIGTERM, Exit.INTERRUPTED), (signal.SIGKILL, None)):
            own.write_text(OLD)
            process = self.start("kunit", "--variant", "stock", "--json", own)
            self.assertTrue(until(lambda: own.read_text() != OLD))
            begun = json.loads(own.read_text())
            self.assertEqual((begun["complete"], begun["as_expected"]), (False, False))
            self.assertEqual((begun["exit"], begun["run"]["ended"]), (None, None))
            self.assertNotIn("variants", begun)
            process.send_signal(how)
            process.communicate(timeout=20)
            data = json.loads(own.read_text())
            self.assertFalse(data["complete"] or data["as_expected"])
            self.assertEqual(data["exit"], code)
            shutil.rmtree(self.build, ignore_errors=True)

    def test_another_run_may_still_write_them(self) -> None:
        """Until it is over, the file is its."""
        own = self.tmp / "own.json"
        own.write_text(OLD)
        with lock(self.build):
            process = self.start("kunit", "--variant", "stock", "--json", own)
            assert process.stdout
            self.assertRegex(process.stdout.readline(), "^waiting: ")
            self.assertEqual(own.read_text(), OLD)
        process.communicate(timeout=60)
        self.assertNotEqual(own.read_text(), OLD)

    def test_a_tree_has_one_name(self) -> None:
        """Results and staged tree are named after it, however it is given."""
        (self.tmp / "link").symlink_to(self.tree)
        other = self.tmp / "other/tree"
        make_tree(other)
        for given in (self.tree, f"{self.tree}/", f"{self.tmp}/other/../tree", self.tmp / "link"):
            self.wbcheck("verify", given, "--line", "v5.10")
        names = [f.name for f in (self.build / "results").iterdir()]
        self.assertEqual(len(names), 1, names)
        self.assertRegex(names[0], r"^verify-[0-9a-f]{8}-tree\.json$")
        self.wbcheck("verify", other, "--line", "v5.10")
        self.assertEqual(len(list((self.build / "results").iterdir())), 2)
        data = json.loads((self.build / "results" / names[0]).read_text())
        self.assertEqual(data["run"]["source"]["path"], str(self.tree))


if __name__ == "__main__":
    unittest.main()

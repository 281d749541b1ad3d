# SPDX-License-Identifier: GPL-2.0
"""The objects that get at pages, and announce no accesses, are those that were decided on."""

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
import unittest
from collections.abc import Iterator
from pathlib import Path

from wb import arches, build, fetch, lines
from wb.arches import Arch
from wb.lines import Line
from wb.settings import Settings

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "kunit"
FOLDERS = ("mm", "fs", "lib", "kernel")
ARCHES = ("um", "x86_64")

# The objects of a folder: what kbuild makes of its Makefile, one a line, with its parts.
# A configuration, which comes first, is a makefile, too.
LIST = r"""
srctree := .
src := $(D)
obj := $(D)
include $(firstword $(wildcard $(D)/Kbuild $(D)/Makefile))
.DEFAULT_GOAL := list
.PHONY: list
list: ; @:
$(foreach o,$(sort $(obj-y) $(lib-y)),$(info $(o) $(filter %.o,$($(o:.o=-y)) $($(o:.o=-objs)))))
"""

TAKES = re.compile(r"[(,]\s*(?:const\s+)?struct\s+(?:page|folio)\s*\*")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def configured(line: Line, tree: Path, arch: Arch, folder: Path) -> str:
    """The configuration of our kernels, but for what the suite adds of its own."""
    wanted = folder / f"{arch.name}.kunitconfig"
    wanted.write_text(build.compose_config(
        ROOT, [*arch.fragments, *build.line_fragments(ROOT, line.name, arch.fragments)]))
    config = folder / ".config"
    shutil.copyfile(wanted, config)
    subprocess.run(
        ["make", "-s", "-C", tree, f"O={folder}", f"ARCH={arch.family}", arch.base], check=True,
        env={**build.environment(ROOT), "KCONFIG_ALLCONFIG": str(wanted)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    text = config.read_text()
    assert "CONFIG_MMU=y" in text.splitlines()
    return text


def objects(tree: Path, config: str, folder: str) -> Iterator[str]:
    """The objects that are built of a folder, those below it included."""
    rows = subprocess.run(
        ["make", "-rRs", "-f", "-", f"D={folder}"], cwd=tree, input=config + LIST, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout
    for name, *parts in map(str.split, rows.splitlines()):
        if name.endswith("/"):
            yield from objects(tree, config, os.path.join(folder, name[:-1]))
        else:
            yield from (os.path.join(folder, p) for p in parts or [name])


def text_of(path: Path, seen: frozenset[Path] = frozenset()) -> str:
    """What is compiled of a source file, with other .c files that it includes."""
    if path in seen or not path.is_file():  # assembly, or made by the build
        return ""
    text = COMMENT.sub("", path.read_text(errors="replace"))
    return text + "".join(
        text_of(path.parent / p, seen | {path})
        for p in re.findall(r'#include "([\w./-]+\.c)"', text))


def takes_pages(tree: Path, obj: str) -> bool:
    return bool(TAKES.search(text_of(tree / f"{obj.removesuffix('.o')}.c")))


def listed(file: str, variable: str) -> set[str]:
    """The value of a variable of our Makefiles."""
    text = (SUITE / file).read_text()
    return {w for row in re.findall(rf"(?m)^{variable} [:+]= (.*)$", text) for w in row.split()}


class Objects(unittest.TestCase):
    maxDiff = None

    with open(SUITE / "uninstrumented.toml", "rb") as f:
        groups = tomllib.load(f)["objects"]
    decided = [name for group in groups for name in group["names"]]
    instrumented = {f"mm/{o}" for o in listed("instrument.mk", "ilv-objects")}

    def test_each_is_decided_on_once(self) -> None:
        self.assertEqual(sorted(self.decided), sorted(set(self.decided)))
        self.assertEqual(self.instrumented & set(self.decided), set())
        for group in self.groups:
            self.assertGreater(len(group["why"].split()), 5, group["names"])

    def test_whose_locks_are_points(self) -> None:
        self.assertEqual(
            {Path(n).name for g in self.groups if g.get("locks") for n in g["names"]},
            listed("locks.mk", "ilv-lock-objects"))

    def test_takes_pages(self) -> None:
        tree = Path(tempfile.mkdtemp(prefix="wb test."))
        self.addCleanup(shutil.rmtree, tree)
        (tree / "no.c").write_text("/* void f(struct page *page); */\nstruct pages *f(void);\n")
        (tree / "a.c").write_text("static void f(int a,\n\tstruct folio *folio) { }\n")
        (tree / "b.c").write_text("void f(const struct page *page) { }\n")
        (tree / "c.c").write_text('#include "a.c"\n')
        self.assertEqual([takes_pages(tree, f"{n}.o") for n in ("no", "a", "b", "c", "none")],
                         [False, True, True, True, False])

    def test_those_that_take_pages(self) -> None:
        settings = Settings.from_environment()
        every = arches.load(ROOT / "kconfig")
        found: dict[str, str] = {}
        there: set[str] = set()
        for line in lines.load(ROOT / "patches").values():
            tree = fetch.get(settings, line).path
            folder = Path(tempfile.mkdtemp(prefix="wb-test."))  # O= can't have a space
            self.addCleanup(shutil.rmtree, folder)
            for name in ARCHES:
                config = configured(line, tree, every[name], folder)
                for obj in (o for f in FOLDERS for o in objects(tree, config, f)):
                    there.add(obj)
                    if takes_pages(tree, obj):
                        found.setdefault(obj, f"{obj} ({line.name}, {name})")
        self.assertGreater(len(there), 200)
        self.assertEqual(self.instrumented - there, set(), "no such object")
        self.assertEqual(set(self.decided) - there, set(), "no such object")
        new = set(found) - self.instrumented - set(self.decided)
        self.assertEqual(
            sorted(found[n] for n in new), [],
            "take pages: instrument them, or say in kunit/uninstrumented.toml why not")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""Real kernels: the variants, trees broken by hand, and what must not happen.

Each tree is the pristine v5.10 with one change. The verdict is that of the
command as a user calls it, with its exit code.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from wb import arches, boot, build, cells, cli, fetch, ktap, stage
from wb.errors import Exit
from wb.settings import build_lock, make_folder

from . import readme
from .kernels import (
    LINE, RESULTS, ROOT, SETTINGS, KernelTest, kernels_running, pristine, results, started,
    verdicts_of, verified, wbcheck,
)


END_STOCK = """\
	get_page(page);
	if (!test_clear_page_writeback(page))
		BUG();

	smp_mb__after_atomic();
	wake_up_page(page, PG_writeback);
	put_page(page);
}"""

# Name: (file, what is there, what is put there).
BREAKS = {
    "no-reference": ("mm/filemap.c", END_STOCK, """\
	if (!test_clear_page_writeback(page))
		BUG();

	smp_mb__after_atomic();
	wake_up_page(page, PG_writeback);
}"""),
    "if-for-while": (
        "mm/page-writeback.c",
        "	while (PageWriteback(page)) {\n		trace_wait_on",
        "	if (PageWriteback(page)) {\n		trace_wait_on",
    ),
    "waiters-before-clear": ("mm/filemap.c", END_STOCK, """\
	get_page(page);
	{
		bool waiters = PageWaiters(page);

		if (!test_clear_page_writeback(page))
			BUG();
		if (waiters)
			wake_up_page_bit(page, PG_writeback);
	}
	put_page(page);
}"""),
    "put-before-wake": ("mm/filemap.c", END_STOCK, """\
	get_page(page);
	if (!test_clear_page_writeback(page))
		BUG();

	smp_mb__after_atomic();
	put_page(page);
	wake_up_page(page, PG_writeback);
}"""),
    "leaked-reference": ("mm/filemap.c", END_STOCK, END_STOCK.replace("	put_page(page);\n", "")),
    # The rule and the scenario of a known defect, whose cure does not help.
    "no-second-read": (
        "mm/filemap.c",
        "	wait_on_page_locked(page);\n	if (PageUptodate(page))\n		goto out;\n",
        "	if (PageLocked(page)) {\n		wait_on_page_locked(page);\n		if (PageUptodate(page))\n"
        "			goto out;\n		put_page(page);\n		return ERR_PTR(-EIO);\n	}\n",
    ),
}
VERDICTS = {
    "no-reference": {"H1"},
    "if-for-while": {"H3"},
    "waiters-before-clear": {"H5 missed wake"},
    "put-before-wake": {"H1"},
    "leaked-reference": {"page leaked"},
    "no-second-read": {"late lock wakeup"},
}

# What they lack of the known fixes. None of the others is what a patch is for.
LACKS = {"no-reference": ["reference"], "if-for-while": ["recheck"], "no-second-read": ["late-lock-wakeup"]}

# Trees whose kernels tell little or nothing, and the exit code of each.
BAD_TREES = {
    "does-not-compile": (Exit.BUILD, "mm/filemap.c", END_STOCK, "	this is not C\n}"),
    # Of these two the first machine tells nothing. In the next one it is a schedule that dies.
    "crashes": (Exit.VIOLATION, "mm/filemap.c", END_STOCK, END_STOCK.replace("if (!test", "if (test")),
    "hangs": (
        Exit.VIOLATION, "mm/filemap.c", END_STOCK,
        END_STOCK.replace("	smp_mb__after_atomic();", "	while (page_ref_count(page))\n		barrier();"),
    ),
    "no-tracers": (
        Exit.CONFIG, "kernel/trace/Kconfig", "config ENABLE_DEFAULT_TRACERS", "config ENABLE_OTHERS"
    ),
    "no-suites": (
        Exit.INCOMPLETE, "lib/kunit/executor.c", "__kunit_test_suites_init(*suites);", ";"
    ),
    "frames-not-reused": (
        Exit.INCOMPLETE, "mm/page_alloc.c",
        "	list_add(&page->lru, &pcp->lists[migratetype]);\n	pcp->count++;",
        "	list_add_tail(&page->lru, &pcp->lists[migratetype]);\n	pcp->count++;",
    ),
}


def put_back(tree: Path, name: str) -> None:
    """Undo change(), with the file's old time, as cp -p would."""
    (tree / name).unlink()
    shutil.copy2(pristine() / name, tree / name)


def link_tree(tree: Path) -> None:
    """A tree that shares its files with the pristine one: unlink before writing."""
    tree.parent.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["cp", "-al", pristine(), tree], check=False).returncode:
        shutil.rmtree(tree, ignore_errors=True)
        subprocess.run(["cp", "-a", pristine(), tree], check=True)


def run(command: Sequence[object], env: dict[str, str] | None = None) -> str:
    """What a command that must succeed prints."""
    done = subprocess.run([str(c) for c in command], env=env, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise AssertionError(f"{command}:\n{done.stdout[-2000:]}")
    return done.stdout


def identities(tree: Path) -> dict[str, str]:
    """As they are now, and not as the tools remember them."""
    stage._read_identities.cache_clear()
    return stage.identities(tree)


def everything(tree: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of all that is in a tree, but for what git keeps for itself."""
    return {p: (p.lstat().st_size, p.lstat().st_mtime_ns) for p in tree.rglob("*")
            if ".git" not in p.parts}


@contextmanager
def own_tree() -> Iterator[Path]:
    """A tree as a user may have it: elsewhere, and with a space in its path."""
    tree = SETTINGS.build / "selfcheck" / "own tree"
    if not tree.is_dir():
        link_tree(tree)

    def restore() -> None:
        for name in {b[0] for b in BREAKS.values()} | {b[1] for b in BAD_TREES.values()}:
            if (tree / name).read_bytes() != (pristine() / name).read_bytes():
                put_back(tree, name)

    restore()
    try:
        yield tree
    finally:
        restore()


def change(tree: Path, name: str, before: str, after: str) -> None:
    """Edit one file of a tree, which may share it with another tree."""
    text = (tree / name).read_text()
    if text.count(before) != 1:
        raise AssertionError(f"{name} does not have the expected text once")
    (tree / name).unlink()
    (tree / name).write_text(text.replace(before, after))


class Kernel(KernelTest):
    def test_1_variants(self) -> None:
        """make kunit: each variant as expected; twice the same but for times."""
        self.check(wbcheck("kunit"), Exit.OK)
        for log in SETTINGS.build.glob("v5.10-*/.kunit/wb-build.log"):
            self.assertEqual(re.findall(r"^.*\bmm/.*: warning: .*", log.read_text(), re.M), [])
            # A macro's are said to be its header's; the kernel's own are of arch/.
            found = re.findall(r"^(?!\.\./arch/)\S+:\d+:\d+: warning: .*", log.read_text(), re.M)
            self.assertEqual(found, [])
        logs = {v: SETTINGS.build / f"v5.10-{v}/.kunit/test.log"
                for v in ("unfixed", "seed", "seed+recheck")}
        first = {v: ktap.without_times(p.read_text()) for v, p in logs.items()}
        start = time.monotonic()
        self.check(wbcheck("kunit"), Exit.OK)
        print(f"  second run: {time.monotonic() - start:.1f} s", flush=True)
        for v, p in logs.items():
            self.assertEqual(ktap.without_times(p.read_text()), first[v])
            self.assertGreater(len(first[v]), 2000)
        for v in verdicts_of(results("kunit")):
            rates = [s.per_second for s in v.scenarios.values() if s.skipped is None]
            print(f"  {v.name}: {min(rates)} to {max(rates)} schedules a second", flush=True)

    def test_1b_every_interleaving(self) -> None:
        """Scenarios without a bound; and the reduction loses nothing where that can be seen."""
        self.check(wbcheck("kunit", "--variant", "unfixed", "--variant", "seed+recheck",
                           "--cover", 4, "--compare", 1,
                           "--timeout", 400, "--json", RESULTS / "cover.json"), Exit.OK)
        for v in verdicts_of(results("cover")):
            text = (SETTINGS.build / f"v5.10-{v.name}/.kunit/test.log").read_text()
            compared = re.findall(r"# compared (\w+): (\d+) schedules", text)
            self.assertEqual(len(compared), 12)
            self.assertGreater(min(int(n) for _, n in compared), 20)
            took = sum(map(int, re.findall(r"# time: covering .* in (\d+) us", text))) / 1e6
            print(f"  {v.name}: {took:.1f} s for every interleaving", flush=True)
            covered = {n: s for n, s in v.scenarios.items() if s.covered}
            self.assertGreaterEqual(set(covered), {
                "truncate", "reuse", "reuse_tail", "rearm", "rearm_fdatawait", "stale_waiters",
                "page_lock",
            })
            for s in covered.values():
                self.assertEqual(s.covered, "complete")
                self.assertGreater(float(s.stands_for), 10 * s.run)

    def test_1c_programs(self) -> None:
        """All programs of two actors: broken without the fix only, twice the same, in any parts."""
        def run(name: str, *args: object) -> list[dict[str, Any]]:
            path = RESULTS / f"{name}.json"
            self.check(wbcheck("programs", *args, "--json", path), Exit.OK)
            return json.loads(path.read_text())["variants"]  # type: ignore[no-any-return]

        def found(variant: dict[str, Any]) -> dict[str, Any]:
            size, = variant["sizes"]
            return size["programs"]  # type: ignore[no-any-return]

        variants = "--variant", "unfixed", "--variant", "seed+recheck"
        first, second = run("programs", *variants), run("programs-again", *variants)
        self.assertEqual([v["holds"] for v in first], [False, True])
        for a, b in zip(first, second, strict=True):
            self.assertEqual(found(a), found(b))
            self.assertGreaterEqual(len(found(a)), 15)
            self.assertEqual({p["extent"] for p in found(a).values()}, {"complete"})
            print(f"  {a['variant']}: {len(found(a))} programs in {a['sizes'][0]['seconds']} s", flush=True)

        broken, fixed = map(found, first)
        rules = {b["rule"][:2]: b["witness"] for p in broken.values() for b in p["breaks"]}
        self.assertEqual(sorted(rules), ["H1", "H3"])
        again = wbcheck("replay", rules["H3"])
        self.check(again, Exit.VIOLATION)
        self.assertIn("breaks H3", again.stdout.splitlines()[-1])
        parts = [found(run("programs-part", "--variant", "seed+recheck", "--shard", f"{i}/2")[0])
                 for i in (1, 2)]
        self.assertEqual(set(parts[0]) & set(parts[1]), set())
        self.assertEqual(parts[0] | parts[1], fixed)

    def test_1d_parameters(self) -> None:
        """A kernel parameter that can't be met fails a case that names it."""
        source = fetch.get(SETTINGS, LINE)
        um = arches.load(ROOT / "kconfig")["um"]
        cell = cli.variant_cell(LINE, LINE.variant("seed+recheck"), um, source)
        with build_lock(SETTINGS.build):
            kernel = cells.built(SETTINGS, cell)
            kernel = replace(kernel, build_dir=make_folder(kernel.build_dir / "parameters"))

            def failed(*given: str) -> dict[str, str]:
                """The cases that fail, and what they say."""
                log = boot.attempt(SETTINGS, kernel, cell.name, [f"page_writeback.{g}" for g in given])
                self.assertTrue(log.ended)
                suite = log.suites["page_writeback_parameters"]
                self.assertEqual(suite.planned, len(suite.cases))
                self.assertEqual(suite.ok, all(c.ok for c in suite.cases.values()))
                return {n: "\n".join(c.lines) for n, c in suite.cases.items() if not c.ok}

            for given in (("scenario=reuse",), ("scenario=none", "bound=1", "cover=0", "skip=reuse,truncate"),
                          ("replay=v1:reuse:E5,T,R,E",), ("replay=v1:p_ET:E5,T,E",)):
                self.assertEqual(failed(*given), {}, given)
            for bad, case, words in (
                ("scenario=nope", "scenario", "scenario=nope: there is no such scenario"),
                ("skip=nope", "scenario", "skip=nope: there is no such scenario"),
                ("skip=reuse,nope", "scenario", "skip=nope: there is no such scenario"),
                ("replay=garbage", "replay", "replay=garbage is no schedule"),
                ("replay=v1:nope:E", "replay", "replay=v1:nope:E is no schedule"),
                ("bound=foo", "values", "page_writeback.bound=foo is not a number"),
                ("cover=x", "values", "page_writeback.cover=x is not a number"),
                ("nope=1", "known", "there is no parameter page_writeback.nope"),
            ):
                with self.subTest(bad):
                    none = () if bad.startswith(("scenario", "replay")) else ("scenario=none",)
                    said = failed(bad, *none)
                    self.assertEqual(list(said), [case])
                    self.assertIn(words, said[case])

    def test_2_readme(self) -> None:
        """What the README shows is what the run before has shown."""
        text = readme.README.read_text()
        self.assertEqual(text, readme.with_blocks(text, readme.kunit_blocks()))

    def test_3_expectations_can_fail(self) -> None:
        """A variant that is not as expected is reported: stock taken for unfixed."""
        folder = SETTINGS.build / "selfcheck" / "project"
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("kunit", "kconfig", "tools", "patches"):
            shutil.copytree(ROOT / name, folder / name)
        base = next((folder / "patches/v5.10/base").glob("*.patch"))
        text = (folder / "patches/lines.toml").read_text()
        (folder / "patches/lines.toml").write_text(text.replace('patches = ["base"]', "patches = []"))
        command = [str(folder / "tools/wbcheck"), "kunit", "--variant", "unfixed"]
        env = {**os.environ, "WB_BUILD": str(SETTINGS.build)}
        done = subprocess.run(command, env=env, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.check(done, Exit.VIOLATION)
        self.assertIn("unexpected: unfixed on um: reuse breaks nothing, expected H1, H2", done.stdout)
        # And a stack that does not apply.
        (folder / "patches/lines.toml").write_text(text)
        base.write_text(base.read_text().replace("\n-\tget_page(page);", "\n-\tget_pages(page);"))
        done = subprocess.run(command, env=env, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.check(done, Exit.PATCH)

    def test_3b_other_kernel(self) -> None:
        """A kernel that is not the one that was built is no verdict, but an error."""
        one, other = (SETTINGS.build / f"v5.10-{v}" / stage.BUILD_DIR for v in ("seed", "unfixed"))
        self.check(wbcheck("kunit", "--variant", "seed", "--scenario", "reuse"), Exit.OK)
        shutil.copy(other / "linux", one / "linux")
        status = (one / "linux").stat()
        stamp = one / build.STAMP
        identity = stamp.read_text().split()[0]
        stamp.write_text(f"{identity} {status.st_size} {status.st_mtime_ns}\n")
        done = wbcheck("kunit", "--variant", "seed", "--scenario", "reuse")
        stamp.unlink()
        self.check(done, Exit.STALE)
        self.assertIn("another kernel than the one that was built has booted", done.stdout)

    def test_3c_taken_in(self) -> None:
        """What an assembler file takes in is seen to have changed, with ccache too."""
        with tempfile.TemporaryDirectory() as tmp:
            (Path(tmp) / "a.S").write_text('.data\n.incbin "blob"\n')
            for content in (b"one", b"two"):
                (Path(tmp) / "blob").write_bytes(content)
                for gcc in filter(shutil.which, ("gcc", "aarch64-linux-gnu-gcc")):
                    subprocess.run([gcc, "-Wp,-MMD,a.d", "-c", "-o", "a.o", "a.S"],
                                   cwd=tmp, env={**os.environ, **build.environment(ROOT)}, check=True)
                    self.assertIn(content, (Path(tmp) / "a.o").read_bytes())

    def test_4_suite_off_changes_nothing(self) -> None:
        """Configured off, the objects are those of the tree without the suite."""
        config = "".join(
            row + "\n" for row in build.compose_config(ROOT, ["common", "um"]).splitlines()
            if "INTERLEAVE" not in row and "PAGE_WRITEBACK" not in row
        )
        objects = ["mm/filemap.o", "mm/page-writeback.o"]
        staged = wbcheck("stage", "--variant", "stock").stdout.split("\n")[-2]
        made = []
        for name, tree in (("plain", pristine()), ("staged", Path(staged))):
            out = SETTINGS.build / "selfcheck" / f"off-{name}"
            out.mkdir(parents=True, exist_ok=True)
            (out / ".config").write_text(config)
            for target in (["olddefconfig"], [f"-j{SETTINGS.jobs}", *objects]):
                done = subprocess.run(
                    ["make", "-C", tree, "ARCH=um", f"O={out}", *target], text=True, check=False,
                    env={**os.environ, **build.environment(ROOT)},
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                )
                self.assertEqual(done.returncode, 0, done.stdout[-2000:])
            self.assertEqual("CONFIG_INTERLEAVE=y" in (out / ".config").read_text(), False)
            made.append([(out / o).read_bytes() for o in objects])
        self.assertEqual(made[0], made[1])
        # The comparison can fail: with the suite on, they are others.
        on = SETTINGS.build / "v5.10-unfixed" / stage.BUILD_DIR
        self.assertNotEqual(made[0][1], (on / objects[1]).read_bytes())

    def test_5_stock_tree(self) -> None:
        """5.10.223 as it comes holds, but for its known defects, and is not written to."""
        known = [d.name for d in LINE.defects]
        with own_tree() as tree:
            before = identities(tree)
            done = wbcheck("verify", tree)
            self.check(done, Exit.OK)
            last = done.stdout.splitlines()[-1]
            self.assertRegex(last, rf"^verdict: holds ≤.*, but for {len(known)} known defects? of v5\.10: ")
            data = verified(tree)
            self.assertTrue(data["holds"])
            self.assertEqual([d["name"] for d in data["known_defects"]], known)  # type: ignore[attr-defined]
            for d in LINE.defects:
                self.assertIn(f"{d.name} (patch: patches/v5.10/defects/{d.patch.name})", last)
                done = wbcheck("verify", "--strict", "--scenario", d.scenarios[0], tree)
                self.check(done, Exit.VIOLATION)
                self.assertIn(f"verdict: broken: {d.rule}: ", done.stdout.splitlines()[-1])
                self.assertIn(d.patch.name, done.stdout)  # that it lacks
            # Each with its cure, and strictly.
            for path, content in stage.apply_patches(tree, [d.patch for d in LINE.defects]).items():
                assert content is not None
                (tree / path).unlink()
                (tree / path).write_bytes(content)
            done = wbcheck("verify", "--strict", tree)
            self.check(done, Exit.OK)
            self.assertNotIn("known defect", done.stdout)
            for path in {b[0] for b in BREAKS.values()}:
                put_back(tree, path)
            self.assertTrue(identities(tree) == before, "the tree was written to")

    def test_5b_used_tree(self) -> None:
        """A work tree in use: built in place and in a folder of its own, with changes that are
        not committed, and a field more in struct page. None of it matters, but the changes.
        """
        tree, aside = (SETTINGS.build / "selfcheck" / n for n in ("used-tree", "used-tree.git"))
        for folder in (tree, aside):
            shutil.rmtree(folder, ignore_errors=True)
        link_tree(tree)
        git = ["git", "-C", str(tree), "-c", "user.name=x", "-c", "user.email=x@x.invalid"]
        change(tree, ".gitignore", "\n/*\n", "\n")  # Debian's, as git has none of its source
        run([*git, "init", "-q"])
        ignored = run([*git, "ls-files", "-oi", "--exclude-standard"]).split("\n")[:-1]
        run([*git, "add", "-f", "Makefile", "mm", *ignored])
        run([*git, "commit", "-qm", "as it comes"])
        change(tree, "include/linux/mm_types.h", "} _struct_page_alignment;",
               "	unsigned long vendor_data;\n} _struct_page_alignment;")
        os.utime(tree / "include/linux/mm_types.h", (1, 1))  # the same in the next run
        env = {**os.environ, **build.environment(ROOT)}
        for args in (["O=out", "defconfig"], ["defconfig"], ["prepare", "mm/filemap.o"]):
            run(["make", "-C", tree, "ARCH=um", f"-j{SETTINGS.jobs}", *args], env=env)
        (tree / ".git").rename(aside)
        before = everything(tree)
        self.check(wbcheck("verify", tree), Exit.OK)
        self.assertEqual(everything(tree), before)

        aside.rename(tree / ".git")
        change(tree, *BREAKS["if-for-while"])
        (tree / "mm/of-their-own.c").write_text("of no Makefile\n")
        before, status = everything(tree), run([*git, "status", "--porcelain"])
        self.assertIn(" M mm/page-writeback.c", status)
        done = wbcheck("verify", tree)
        self.check(done, Exit.VIOLATION)
        self.assertIn("verdict: broken: H3; 2 known defects of v5.10: ", done.stdout.splitlines()[-1])
        self.assertEqual(run([*git, "status", "--porcelain"]), status)
        self.assertEqual(everything(tree), before)

    def test_6_broken_by_hand(self) -> None:
        """Each break is found, and its witness replays to the same violation."""
        with own_tree() as tree:
            for name, (path, old, new) in BREAKS.items():
                with self.subTest(name):
                    put_back(tree, path)
                    change(tree, path, old, new)
                    done = wbcheck("verify", "--timeout", 120, tree)
                    self.check(done, Exit.VIOLATION)
                    verdict, = verdicts_of(verified(tree))
                    broken = {}
                    for s in verdict.scenarios.values():
                        for b in s.breaks:
                            broken.setdefault(re.sub(r"(H[1-4]) .*", r"\1", b.rule), b)
                    self.assertLessEqual(VERDICTS[name], set(broken))
                    lacks = [f["name"] for f in verified(tree)["missing_fixes"]]  # type: ignore[attr-defined]
                    self.assertEqual(lacks, LACKS.get(name, []))
                    print(f"  {name}: {', '.join(sorted(broken))}", flush=True)
                    for rule in VERDICTS[name]:
                        again = wbcheck("replay", "--tree", tree, broken[rule].witness)
                        self.check(again, Exit.VIOLATION)
                        self.assertIn(broken[rule].rule, again.stdout.splitlines()[-1])
                        for row in broken[rule].diagram:
                            self.assertIn(row, again.stdout)
                    put_back(tree, path)

    def test_6b_known_fixes(self) -> None:
        """A tree without both parts of the fix holds with them, and stays as it is."""
        with own_tree() as tree:
            for path, content in stage.apply_patches(tree, LINE.variant("unfixed").patches).items():
                assert content is not None
                (tree / path).unlink()
                (tree / path).write_bytes(content)
            before = identities(tree)
            done = wbcheck("verify", tree)
            self.check(done, Exit.VIOLATION)
            self.assertIn("wbcheck verify", done.stdout.splitlines()[-2])
            self.assertTrue(done.stdout.splitlines()[-2].endswith("own tree' --fix"))
            self.assertNotIn("fixed", verified(tree))
            done = wbcheck("verify", "--fix", tree)
            self.check(done, Exit.VIOLATION)
            self.assertIn("; with reference and recheck applied: holds ≤", done.stdout.splitlines()[-1])
            data = verified(tree)
            fixed: dict[str, Any] = data["fixed"]  # type: ignore[assignment]
            self.assertEqual((fixed["applied"], fixed["holds"]), (["reference", "recheck"], True))
            self.assertFalse(verdicts_of(data)[0].holds)
            self.assertTrue(verdicts_of(fixed)[0].holds)
            self.assertTrue(identities(tree) == before, "the tree was written to")

    def test_7_no_verdict(self) -> None:
        """What is no verdict has an exit code of its own, and leaves nothing."""
        with own_tree() as tree:
            for name, (code, path, old, new) in BAD_TREES.items():
                with self.subTest(name):
                    change(tree, path, old, new)
                    done = wbcheck("verify", "--timeout", "30", tree)
                    self.check(done, code)
                    print(f"  {name}: {done.stdout.strip().splitlines()[-1][:150]}", flush=True)
                    put_back(tree, path)

    def test_7_mutants(self) -> None:
        """Each rule catches what only it can; so none is off, or has another's name."""
        done = wbcheck("mutants", "--rules")
        self.check(done, Exit.OK)
        print(f"  {done.stdout.strip().splitlines()[-1]}", flush=True)

    def test_8_bad_input(self) -> None:
        for args, part in (
            (["verify", "/nowhere"], "no such folder"),
            (["verify", "/usr"], "no kernel tree"),
            (["verify", pristine(), "--scenario", "x"], "no scenario 'x'"),
            (["verify", pristine(), "--line", "x"], "no line 'x'"),
            (["verify", pristine(), "--bound", "-1"], "--bound"),
            (["kunit", "--variant", "x"], "no variant 'x'"),
            (["kunit", "--arch", "um-smp"], "v5.10 has no such kernels"),
            (["cost", "--line", "v7.2", "--variant", "stock", "--arch", "um"], "counted by QEMU"),
            (["cost"], "--variant"),
            (["kunit", "--line", ""], "--line: it is empty"),
            (["kunit", "--json", ROOT], "is a folder"),
            (["verify", "~no-such-user/linux"], "no such user's home"),
            (["verify", ROOT / "README.md"], "not a folder"),
            (["matrix", "--line", "all", "--variant", "x"], "no variant 'x' of v5.10, v6.1"),
            (["matrix", "--line", "all", "--json", "x"], "one file is for one line"),
            (["witness", "--line", "v7.2"], "are v5.10's"),
            (["mutants", "--line", "v6.1"], "v5.10, v7.2 have"),
            (["mutants", "--only", "x"], "'x': there are "),
            (["mutants", "--shard", "999/999"], "none in this part"),
            (["stress", "--runs", "0"], "--runs"),
            (["deps", "--debug", "x"], "no debugging aid 'x'"),
            (["replay", "nonsense"], "is no schedule"),
            (["replay", "v1:reuse:X"], "not a schedule"),
            (["replay", "v1:p_ER:E"], "no program p_ER"),
            (["programs", "--actors", "5"], "--actors"),
            (["programs", "--shard", "2/1"], "--shard"),
            (["replay", "v1:reuse:E900,T"], "does not fit"),
            (["verify"], "usage"),
            ([], "usage"),
        ):
            with self.subTest(args=args):
                done = wbcheck(*args)
                self.check(done, Exit.USAGE)
                self.assertIn(part, done.stdout)
        done = wbcheck("fetch", env={"XDG_CACHE_HOME": "/proc/none"})
        self.check(done, Exit.HOST)
        done = wbcheck("kunit", env={"WB_BUILD": "/dev/null/x"})
        self.check(done, Exit.HOST)
        for name, value in (("JOBS", "\N{SUPERSCRIPT TWO}"), ("SMP", "9"), ("ACCEL", "x"),
                            ("KSRC", str(ROOT / "README.md")), ("KSRC", "~no-such-user")):
            with self.subTest(name, value=value):
                done = wbcheck("kunit", env={name: value})
                self.check(done, Exit.USAGE)
                self.assertIn(value, done.stdout)
        done = wbcheck("kunit", "--variant", "seed+recheck", "--scenario", "huge_tail")
        self.check(done, Exit.INCOMPLETE)
        self.assertIn("huge_tail was explored nowhere: um: no transparent huge pages", done.stdout)
        done = wbcheck("kunit", "--json", "/dev/null/x.json")
        self.check(done, Exit.USAGE)
        self.assertIn("can't write /dev/null/x.json", done.stdout)
        done = wbcheck("replay", "v1:reuse:E1,T,R", "--svg", "/dev/null/x.svg")
        self.check(done, Exit.USAGE)
        self.assertIn("can't write /dev/null/x.svg", done.stdout)

    def test_9_interrupted(self) -> None:
        """Ctrl-C while building and while running; the next run works."""
        with own_tree() as tree:
            for phase in ("building", "running"):
                with self.subTest(phase):
                    if phase == "building":
                        change(tree, "mm/filemap.c", END_STOCK, END_STOCK + "\n/* other */")
                    process = started("verify", tree)
                    end = time.monotonic() + 60
                    while time.monotonic() < end and not (
                        kernels_running() if phase == "running" else make_running()
                    ):
                        time.sleep(0.05)
                    process.send_signal(signal.SIGINT)
                    out = process.communicate(timeout=30)[0]
                    self.assertEqual(process.returncode, int(Exit.INTERRUPTED), out)
                    self.assertIn("interrupted", out)
                    self.assertEqual(kernels_running(), [])
                    self.assertEqual(make_running(), [])
                    self.check(wbcheck("verify", tree), Exit.OK)


def make_running() -> list[str]:
    """The build folders that a make works in."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                cwd = os.readlink(entry / "cwd")
            except OSError:
                continue
            if command[0].endswith(b"make") and cwd.startswith(str(SETTINGS.build)):
                found.append(cwd)
    return found


if __name__ == "__main__":
    sys.exit("run tools/check")

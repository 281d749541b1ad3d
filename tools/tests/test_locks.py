# SPDX-License-Identifier: GPL-2.0
"""Runs at the same time, and what interrupted ones leave: who waits for whom, and for how long."""

import contextlib
import io
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

from wb import cells, cli, fetch, lines, mutants, proc, programs
from wb.errors import Exit
from wb.settings import Settings

from .small import ROOT, Machine, make_tree, until

LINE = lines.load(ROOT / "patches")["v5.10"]


class Signals(unittest.TestCase):
    """A signal whose handler has run, in whatever thread, before the main thread began to wait."""

    def interrupted_by_a_thread(self, function: Callable[[Callable[[], None]], object]) -> None:
        """It gets the work for a thread, in which the signal arrives; nothing wakes the main thread."""
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        def work() -> None:
            time.sleep(0.5)
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            proc.cancelled.wait(20)

        self.addCleanup(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, interrupt))
        self.addCleanup(proc.cancelled.clear)
        start = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            function(work)
        self.assertLess(time.monotonic() - start, 10)

    def test_while_python_drops_what_is_raised(self) -> None:
        """As from a finalizer: the next that is run is ended all the same."""
        class Last:
            def __del__(self) -> None:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.1)

        def command(*_: object) -> Exit:
            Last()
            proc.run(["sleep", "20"], label="sleeping")
            return Exit.OK

        for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.addCleanup(signal.signal, s, signal.getsignal(s))
        self.addCleanup(setattr, proc, "_asked", False)
        start = time.monotonic()
        with mock.patch.dict(os.environ), mock.patch("sys.unraisablehook"), \
                mock.patch("wb.cli.cmd_fetch", command), contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(cli.main(["fetch"]), Exit.INTERRUPTED)
        self.assertLess(time.monotonic() - start, 10)

    def test_while_kernels_are_built(self) -> None:
        with tempfile.TemporaryDirectory() as tmp, mock.patch("wb.cells.twins", lambda *_: [None]), \
                mock.patch("wb.cells.stage.prepare"):
            settings = replace(Settings.from_environment(), build=Path(tmp))

            def run(work: Callable[[], None]) -> object:
                with mock.patch("wb.cells.built", lambda *_: work()):
                    return cells.run_cells(settings, [mock.Mock(folder="x")], cells.Run())

            self.interrupted_by_a_thread(run)

    def test_while_programs_run(self) -> None:
        def run(work: Callable[[], None]) -> object:
            with mock.patch("wb.programs._run_part", lambda *_: work()):
                return programs.run_size(mock.Mock(), mock.Mock(), mock.Mock(), 2, (1, 1), ())

        self.interrupted_by_a_thread(run)

    def test_while_mutants_run(self) -> None:
        def run(work: Callable[[], None]) -> object:
            with mock.patch("wb.mutants.run_kernel", lambda *_: work()):
                return mutants._build_and_run(mock.Mock(), [mock.Mock()], False, lambda _: None)

        self.interrupted_by_a_thread(run)


class Locks(Machine):
    def holder(self, path: Path, seconds: float = 60) -> subprocess.Popen[bytes]:
        """Another run, which has a lock, and wrote its number into it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(["python3", "-c", (
            "import fcntl, os, sys, time\n"
            "f = open(sys.argv[1], 'a+')\n"
            "fcntl.flock(f, fcntl.LOCK_EX)\n"
            "f.truncate(0); print(os.getpid(), file=f, flush=True)\n"
            "print('held', flush=True)\n"
            "time.sleep(float(sys.argv[2]))\n"), path, str(seconds)], stdout=subprocess.PIPE)
        assert process.stdout
        self.assertEqual(process.stdout.readline(), b"held\n")
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        return process

    def output(self, process: subprocess.Popen[str]) -> str:
        """What it has said so far goes to a file, as it may still be waiting."""
        return (self.tmp / f"out.{process.pid}").read_text()

    def start_to_file(self, *args: object) -> subprocess.Popen[str]:
        out = self.tmp / "out"
        with open(out, "w", encoding="utf-8") as f:
            process = subprocess.Popen([str(ROOT / "tools/wbcheck"), *map(str, args)], env=self.env,
                                       stdout=f, stderr=f, text=True, start_new_session=True)
        os.link(out, self.tmp / f"out.{process.pid}")
        out.unlink()
        self.addCleanup(self.end, process)
        return process

    def test_a_source_that_is_whole_takes_no_lock(self) -> None:
        for name in (".lock", f".lock.{LINE.name}-{LINE.version}", ".lock.v7.2-7.2.13"):
            self.holder(self.sources / name)
        process = self.start("fetch")
        try:
            out = process.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            self.fail("it waits for a lock that it does not need")
        self.assertEqual((process.returncode, out.strip()), (0, str(self.source)))

    def tarball(self, name: str) -> Path:
        tree = self.tmp / name / "linux"
        make_tree(tree)
        (tree / "arch/um/run.sh").write_text(f"echo {name}\n")
        (tree / "arch/um/run.sh").chmod(0o755)
        path = self.tmp / f"{name}.tar"
        subprocess.run(["tar", "-C", tree.parent, "-cf", path, "linux"], check=True)
        return path

    def from_tarball(self, name: str) -> Path:
        """The source that a tarball becomes."""
        self.env["KSRC"] = str(self.tarball(name))
        done = self.wbcheck("fetch")
        self.assertEqual(done.returncode, 0, done.stdout)
        return Path(done.stdout.splitlines()[-1])

    def test_another_source_is_made_meanwhile(self) -> None:
        """Each has a lock of its own."""
        target = self.sources / f"v5.10-{fetch.sha256(self.tarball('one'))[:16]}"
        self.holder(self.sources / ".lock.v7.2-7.2.13")
        (self.sources / ".new.v7.2-7.2.13.abcdefgh/tree").mkdir(parents=True)  # it is being made
        (self.sources / ".new.v6.1-6.1.176.abcdefgh/tree").mkdir(parents=True)  # nobody does
        self.env["KSRC"] = str(self.tmp / "one.tar")
        process = self.start("fetch")
        try:
            out = process.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            self.fail("it waits for the lock of another source")
        self.assertEqual(process.returncode, 0, out)
        self.assertTrue(target.is_dir())
        self.assertEqual([p.name for p in self.sources.glob(".new.*")], [".new.v7.2-7.2.13.abcdefgh"])

    def test_the_same_source_is_made_once(self) -> None:
        name = f"v5.10-{fetch.sha256(self.tarball('one'))[:16]}"
        holder = self.holder(self.sources / f".lock.{name}")
        self.env["KSRC"] = str(self.tmp / "one.tar")
        process = self.start_to_file("fetch")
        self.assertTrue(until(lambda: f"waiting: process {holder.pid} (python3 " in self.output(process)),
                        self.output(process))
        # It is seen again and again while it waits.
        self.assertTrue(until(lambda: f"waiting for {self.sources}: 1" in self.output(process), 20),
                        self.output(process))
        make_tree(self.sources / name)
        holder.kill()
        self.assertEqual(process.wait(20), 0, self.output(process))
        self.assertNotIn("getting the source", self.output(process))

    def test_clean_waits_for_the_run(self) -> None:
        (self.build / "results").mkdir(parents=True)
        (self.build / "v5.10-stock").mkdir()
        holder = self.holder(self.build / ".lock")
        process = self.start_to_file("clean")
        self.assertTrue(until(lambda: f"waiting: process {holder.pid} " in self.output(process)),
                        self.output(process))
        self.assertTrue((self.build / "v5.10-stock").is_dir())
        holder.kill()
        self.assertEqual(process.wait(20), 0)
        self.assertEqual([p.name for p in self.build.iterdir()], [".lock"])

    def test_make_clean(self) -> None:
        done = subprocess.run(["make", "-n", "clean"], cwd=ROOT, capture_output=True, text=True, check=True,
                              env={"PATH": os.environ["PATH"]})
        self.assertEqual(done.stdout, "tools/wbcheck clean\n")
        done = subprocess.run(["make", "clean"], cwd=ROOT, capture_output=True, text=True, check=False,
                              env={"PATH": os.environ["PATH"], "WB_BUILD": str(self.tmp)})
        self.assertEqual(done.returncode, 2)
        self.assertIn("WB_BUILD is yours", done.stderr)

    def test_a_lock_that_was_removed_is_none(self) -> None:
        """Those that wait for it, and those that come later, do not enter together."""
        first = self.holder(self.build / ".lock")
        one = self.start_to_file("stage")
        self.assertTrue(until(lambda: "waiting" in self.output(one)))
        self.holder(self.build / "other")
        (self.build / "other").replace(self.build / ".lock")
        first.kill()
        time.sleep(3)
        self.assertIsNone(one.poll(), "it came in, though another run holds the lock")
        self.assertFalse((self.build / "v5.10-stock").exists())

    def test_leftovers_are_removed(self) -> None:
        """Of whatever tree they are, by the next run of any."""
        left = [self.build / n for n in ("v7.2-stock.new", "v7.2-stock.new.names", "v6.1-stock/.kunit.new")]
        for path in left:
            (path / "mm").mkdir(parents=True)
        kept = self.build / "v6.1-stock/arch.new"
        kept.mkdir()
        done = self.wbcheck("stage")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual([p for p in left if p.exists()], [])
        self.assertTrue(kept.is_dir())

    def test_interrupted_while_copying(self) -> None:
        """Nobody waits for the rest of the copy."""
        self.command("cp", f'case "$1" in -a) touch {self.tmp}/copying; exec sleep 30;; *) exec sleep 30;; esac')
        process = self.start("stage")
        self.assertTrue(until((self.tmp / "copying").exists))
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out = process.communicate(timeout=60)[0]
        self.assertLess(time.monotonic() - start, 8)
        self.assertEqual(process.returncode, Exit.INTERRUPTED, out)

    def test_interrupted_while_waiting(self) -> None:
        self.holder(self.build / ".lock")
        process = self.start_to_file("stage")
        self.assertTrue(until(lambda: "waiting" in self.output(process)))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(5), Exit.INTERRUPTED)

    def test_shared_files_are_read_only(self) -> None:
        """What a staged tree shares with its source, and nothing else."""
        source = self.from_tarball("one")
        staged = Path(self.wbcheck("stage").stdout.splitlines()[-1])
        for tree in (source, staged):
            mode = stat.S_IMODE((tree / "arch/um/Kconfig").stat().st_mode)
            self.assertEqual(mode & 0o222, 0, f"{tree}: {mode:o}")
            self.assertTrue((tree / "arch/um/run.sh").stat().st_mode & stat.S_IXUSR)
        self.assertEqual((staged / "arch/um/Kconfig").stat().st_ino, (source / "arch/um/Kconfig").stat().st_ino)
        for name in ("mm/filemap.c", "mm/tests/interleave/ilv.h"):
            self.assertTrue((staged / name).stat().st_mode & stat.S_IWUSR, name)

    def test_an_edit_by_root_is_noticed(self) -> None:
        """Whoever can write to a file that is read-only: the source is not used any more."""
        source = self.from_tarball("one")
        staged = Path(self.wbcheck("stage").stdout.splitlines()[-1])
        shared = staged / "arch/um/Kconfig"
        shared.chmod(0o644)
        shared.write_text("um\n# edited\n")
        done = self.wbcheck("stage")
        self.assertEqual(done.returncode, Exit.SOURCE, done.stdout)
        self.assertIn(f"{source}/arch/um/Kconfig was edited, perhaps in a staged tree", done.stdout)
        self.assertIn(f"please remove {source}", done.stdout)
        shutil.rmtree(source)
        done = self.wbcheck("stage")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(shared.read_text(), "um\n")


if __name__ == "__main__":
    unittest.main()

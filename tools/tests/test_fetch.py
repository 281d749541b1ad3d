# SPDX-License-Identifier: GPL-2.0
"""Which version of a line's source is taken, and that it is said."""

import contextlib
import io
import json
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from wb import fetch, lines
from wb.errors import Exit, WbError
from wb.fetch import Offer
from wb.lines import Line, Package
from wb.settings import Settings

ROOT = Path(__file__).parents[2]
PINNED, NEWER, NEWEST = "1" * 64, "2" * 64, "3" * 64
PACKAGE = Package("linux-source-6.1", "6.1.90-1", ("one", "two"), PINNED, "usr/src/x.tar.xz")
LINE = Line("v6.1", "6.1.90", {"VERSION": "6", "PATCHLEVEL": "1"}, PACKAGE, {}, {})
INDEX = f"""Package: linux-source-6.1
Source: linux
Version: 6.1.90-1
SHA256: {PINNED}
Description: Linux kernel source for version 6.1
 Version: this is no field

Package: linux-source-6.1
Version: 6.1.100-1
SHA256: {NEWEST}

Package: linux-source-6.1
Version: 6.1.99-1
SHA256: {NEWER}
"""


def refused(code: Exit, part: str, function: object, *args: object) -> None:
    with unittest.TestCase().assertRaises(WbError) as raised:
        function(*args)  # type: ignore[operator]
    assert raised.exception.code == code, raised.exception
    assert part in str(raised.exception), raised.exception
    assert "\n" not in str(raised.exception)


class Choice(unittest.TestCase):
    offers = fetch.read_offers(INDEX, "linux-source-6.1", "one")

    def choose(self, *offers: Offer) -> Offer:
        return fetch.choose(PACKAGE, "6.1", offers)

    def test_index(self) -> None:
        self.assertEqual([o.version for o in self.offers], ["6.1.90-1", "6.1.100-1", "6.1.99-1"])
        self.assertEqual(self.offers[0], Offer("6.1.90-1", PINNED, "one"))
        self.assertEqual(fetch.read_offers(INDEX, "linux-source-6.12", "one"), [])
        self.assertEqual(fetch.read_offers("", "linux-source-6.1", "one"), [])

    def test_the_pinned_one_is_there(self) -> None:
        self.assertEqual(self.choose(*self.offers).version, "6.1.90-1")

    def test_it_is_gone(self) -> None:
        got = self.choose(*self.offers[1:])
        self.assertEqual(got, Offer("6.1.100-1", NEWEST, "one"))

    def test_only_of_the_same_series(self) -> None:
        other = Offer("6.12.1-1", NEWEST, "two")
        self.assertEqual(self.choose(self.offers[2], other).version, "6.1.99-1")
        refused(Exit.SOURCE, "nor any other of 6.1", self.choose, other)
        refused(Exit.SOURCE, "is not in one, two", self.choose)

    def test_the_pinned_one_with_another_hash(self) -> None:
        refused(Exit.SOURCE, "expected 111", self.choose, Offer("6.1.90-1", NEWER, "one"))

    def test_versions_sort_as_in_debian(self) -> None:
        rows = ["6.1.9-1~bpo12+1", "6.1.9-1", "6.1.9-1+b1", "6.1.9-2", "6.1.10~rc1-1", "6.1.10-1",
                "6.1.10-10", "6.1.10a-1", "6.1.10+x-1", "1:1.0"]
        self.assertEqual(sorted(reversed(rows), key=fetch.version_key), rows)


class Suites(unittest.TestCase):
    """Which suites are looked through, with apt's part played by a table."""

    def setUp(self) -> None:
        self.state = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, self.state)

    def find(self, indices: dict[str, str | None]) -> tuple[Offer, list[str]]:
        seen: list[str] = []

        def suite() -> str:
            return (self.state / "sources.list").read_text().split()[3]

        def run(_: object, **__: object) -> mock.Mock:
            seen.append(suite())
            found = indices[suite()] is not None
            return mock.Mock(code=0 if found else 100, output="" if found else "E: no Release file")

        with mock.patch("wb.fetch.proc.run", run), \
                mock.patch("wb.fetch.proc.capture", lambda _: indices[suite()]):
            return fetch._find_offer(self.state, "mirror", PACKAGE, "6.1"), seen

    def test_the_first_has_it(self) -> None:
        offer, seen = self.find({"one": INDEX, "two": None})
        self.assertEqual((offer.suite, offer.version, seen), ("one", "6.1.90-1", ["one"]))

    def test_the_second_has_it(self) -> None:
        later = INDEX.replace("6.1.90-1", "6.1.89-1")
        for first in (None, "", later):
            offer, seen = self.find({"one": first, "two": INDEX})
            self.assertEqual((offer.suite, offer.version, seen), ("two", "6.1.90-1", ["one", "two"]))

    def test_none_has_it(self) -> None:
        later = INDEX.replace("6.1.90-1", "6.1.89-1")
        self.assertEqual(self.find({"one": later, "two": ""})[0], Offer("6.1.100-1", NEWEST, "one"))
        refused(Exit.SOURCE, "E: no Release file", self.find, {"one": None, "two": ""})
        refused(Exit.SOURCE, "nor any other", self.find, {"one": "", "two": ""})


class Get(unittest.TestCase):
    def setUp(self) -> None:
        tmp = Path(tempfile.mkdtemp(prefix="wb-test."))
        self.addCleanup(shutil.rmtree, tmp)
        self.settings = Settings(ROOT, tmp / "build", tmp, 1, 1, False)
        self.said = ""

    def get(self, line: Line, offer: Offer | None) -> fetch.Source:
        """With a download of `offer`; with None there must be none."""
        def download(_: Line, folder: Path) -> tuple[Path, Offer]:
            assert offer
            return folder / "x.tar.xz", offer

        def extract(_: Path, folder: Path) -> Path:
            for name in ("mm/filemap.c", "mm/page-writeback.c", "tools/testing/kunit/kunit.py",
                         "Kconfig"):
                (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / "tree" / name).touch()
            assert offer
            number = offer.version.partition("-")[0].split(".")[2]
            (folder / "tree/Makefile").write_text(
                f"VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = {number}\n")
            return folder / "tree"

        err = io.StringIO()
        with mock.patch("wb.fetch._fetch_debian", download), \
                mock.patch("wb.fetch._extract", extract), contextlib.redirect_stderr(err):
            source = fetch.get(self.settings, line)
        self.said = err.getvalue()
        return source

    def test_pinned(self) -> None:
        source = self.get(LINE, Offer("6.1.90-1", PINNED, "one"))
        self.assertEqual((source.title, source.path.name), ("6.1.90", "v6.1-6.1.90"))
        self.assertNotIn("not in the archive", self.said)
        self.assertEqual(self.get(LINE, None), source)
        self.assertEqual(self.said, "")

    def test_gone(self) -> None:
        source = self.get(LINE, Offer("6.1.100-1", NEWEST, "one"))
        self.assertEqual(source.title, "6.1.100, instead of 6.1.90-1")
        note = f"6.1.90-1 is not in the archive any more: this is 6.1.100-1, the newest of 6.1, " \
               f"SHA-256 {NEWEST}"
        self.assertIn(note, self.said)
        record = json.loads((self.settings.cache / "sources/v6.1.json").read_text())
        self.assertEqual(record["taken"]["sha256"], NEWEST)
        # It is kept, and each run says so again.
        self.assertEqual(self.get(LINE, None), source)
        self.assertIn(note, self.said)

    def test_gone_and_pinned_anew(self) -> None:
        self.get(LINE, Offer("6.1.100-1", NEWEST, "one"))
        package = Package(PACKAGE.name, "6.1.101-1", ("one",), NEWER, PACKAGE.tarball)
        line = Line("v6.1", "6.1.101", LINE.makefile, package, {}, {})
        source = self.get(line, Offer("6.1.101-1", NEWER, "one"))
        self.assertEqual(source.title, "6.1.101")

    def test_a_broken_record_is_none(self) -> None:
        self.get(LINE, Offer("6.1.100-1", NEWEST, "one"))
        (self.settings.cache / "sources/v6.1.json").write_text("[]")
        self.assertEqual(self.get(LINE, Offer("6.1.99-1", NEWER, "one")).version, "6.1.99")


class Lines(unittest.TestCase):
    known = lines.load(ROOT / "patches")

    def test_all_are_complete(self) -> None:
        self.assertEqual(list(self.known), ["v5.10", "v6.1", "v6.12", "v7.2"])
        for line in self.known.values():
            self.assertEqual(line.name, f"v{line.series}")
            self.assertTrue(line.version.startswith(f"{line.series}."))
            assert line.debian
            self.assertTrue(line.debian.version.startswith(f"{line.version}-"))
            self.assertRegex(line.debian.sha256, r"^[0-9a-f]{64}$")
            self.assertIn(f"linux-{line.version}.tar.xz", line.kernel_org["url"])
            self.assertIn("stock", line.variants)
            self.assertTrue(set(line.judged) <= line.variants.keys())

    def test_unknown(self) -> None:
        refused(Exit.USAGE, "no line 'v4.4': there are v5.10, v6.1", lines.get, ROOT / "patches", "v4.4")


if __name__ == "__main__":
    unittest.main()

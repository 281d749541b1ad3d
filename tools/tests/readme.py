# SPDX-License-Identifier: GPL-2.0
"""The parts of the README that a run writes, and that a run checks."""

from typing import Any

from wb import arches, cost, lines, report
from wb.errors import KIND, MEANING, Exit
from wb.judge import Verdict, short_rule

from .kernels import RESULTS, ROOT, results, verdicts_of

README = ROOT / "README.md"


def indented(text: str) -> str:
    return "".join(f"    {row}".rstrip() + "\n" for row in text.rstrip().splitlines())


def kunit_blocks() -> dict[str, str]:
    """Of the last `make kunit`, and of the tool."""
    verdicts = verdicts_of(results("kunit"))
    h2 = next(b for b in verdicts[0].scenarios["reuse"].breaks if short_rule(b.rule) == "H2")
    return {
        "kunit": indented(
            report.verdict_table(verdicts)
            + f"\n\n{report.claimed(verdicts)}"
            + f"\n\nverdict: {results('kunit')['verdict']}; results in ..."
        ),
        "relies": indented(report.relied_on(verdicts)),
        "results": report.hazard_table(verdicts) + "\n",
        "witness": indented("\n".join([f"{h2.rule}, {h2.witness}", "", *h2.diagram])),
        "codes": codes_block(),
    }


def codes_block() -> str:
    """Of the tool: the exit codes, and what a script does with each."""
    return "| code | kind | meaning |\n|---|---|---|\n" + "".join(
        f"| {c.value} | {KIND[c]} | {MEANING[c]} |\n" for c in Exit)


def cover_block() -> str:
    """Of the last `make kunit COVER=4` that was kept as cover.json."""
    fixed = verdicts_of(results("cover"))[-1]
    rows = [[s.name, s.stands_for, str(s.run)] for s in fixed.scenarios.values() if s.covered]
    return indented(report.table(["scenario", "interleavings", "run"], rows, (1, 2)))


def programs_block() -> str:
    """Of the last `make programs ACTORS=2,3` that was kept as programs-all.json."""
    variants: list[dict[str, Any]] = results("programs-all")["variants"]  # type: ignore[assignment]
    rows = []
    for v in variants:
        for s in v["sizes"]:
            found = list(s["programs"].values())
            rules = [short_rule(b["rule"]) for p in found for b in p["breaks"]]
            bounds = [p["extent"].removeprefix("bound ") for p in found if p["extent"] != "complete"]
            holds = f"holds ≤{min(bounds)}" if bounds else "holds (all)"
            rows.append([
                v["variant"], str(s["actors"]), str(len(found)),
                str(sum(p["extent"] == "complete" for p in found)),
                str(sum(bool(p["breaks"]) for p in found)),
                ", ".join(f"{r} {rules.count(r)}" for r in sorted(set(rules))) or holds,
            ])
    return indented(report.table(
        ["variant", "actors", "programs", "complete", "violating", "by rule"], rows, (1, 2, 3, 4)))


def matrix_of(line: lines.Line) -> list[Verdict]:
    """What runs of `make matrix LINE=...` have left, as a whole and in parts: those that
    JSON=build/results/matrix-<line>.<part>.json kept. The last one of a kernel counts."""
    stem = line.results("matrix").removesuffix(".json")
    paths = [p for p in (*RESULTS.glob(f"{stem}.json"), *RESULTS.glob(f"{stem}.*.json"))
             if results(p.stem)["as_expected"]]
    found: dict[tuple[str, str], Verdict] = {}
    for path in sorted(paths, key=lambda p: p.stat().st_mtime):
        for v in verdicts_of(results(path.stem)):
            found[v.name, v.arch] = v
    order = {name: i for i, name in enumerate(line.variants)}
    archs = list(arches.load(ROOT / "kconfig"))
    return sorted(found.values(), key=lambda v: (archs.index(v.arch), order[v.name]))


def matrix_blocks() -> dict[str, str]:
    """Of the last runs of `make matrix`: on User-Mode Linux all variants of all lines."""
    known = lines.load(ROOT / "patches")
    verdicts = {n: matrix_of(line) for n, line in known.items()}
    for n, line in known.items():
        if not set(line.variants) <= {v.name for v in verdicts[n] if v.arch == "um"} | {
                v.name for v in line.variants.values() if "um" in v.not_on}:
            return {}
    counts = [[n, str(len(found)), str(sum(s.schedules for v in found for s in v.scenarios.values()))]
              for n, found in verdicts.items()]
    counts.append(["all", *(str(sum(int(r[i]) for r in counts)) for i in (1, 2))])

    def rows(name: str, judged: bool) -> list[list[str]]:
        """Those of the variants that `make kunit` judges, or of all others."""
        return [report.matrix_row(v) for v in verdicts[name]
                if (v.name in known[name].judged) is judged]

    later = [[n, *row] for judged in (True, False) for n in known if n != lines.DEFAULT
             for row in rows(n, judged)]
    return {
        "matrix": indented(report.table(report.MATRIX, rows(lines.DEFAULT, True), (8, 9))),
        "alternatives": indented(report.table(report.MATRIX, rows(lines.DEFAULT, False), (8, 9))),
        "lines": indented(report.table(("line", *report.MATRIX), later, (9, 10))),
        "times": indented(report.table(("line", "kernels", "schedules"), counts, (1, 2))),
    }


def crashes_block(name: str = "witness") -> str:
    """Of the last `make witness`."""
    shown: list[dict[str, Any]] = results(name)["witnesses"]  # type: ignore[assignment]
    rows = []
    for s in shown:
        rows += [f"{s['hazard']} on {s['arch']}: {s['schedule']}",
                 *(f"  unfixed:      {line}" for line in s["lines"]),
                 f"  seed+recheck: {s['fixed']}"]
    return indented("\n".join(rows))


def stress_block() -> str:
    """Of the last `make stress`."""
    rows: list[dict[str, Any]] = results("stress")["stress"]  # type: ignore[assignment]
    return indented(report.table(
        ["arch", "variant", "case", "slow accesses", "seconds", "runs that hit"],
        [[r["arch"], r["variant"], r["case"], f"1 in {r['one_in']}" if r["one_in"] else "none",
          str(r["seconds"]), f"{r['hits']} of {r['runs']}"] for r in rows], (4,),
    ))


def cost_block() -> str:
    """Of the last `make cost LINE=v7.2 VARIANTS='stock proposal'`."""
    rows: list[dict[str, Any]] = results("cost-v7.2")["costs"]  # type: ignore[assignment]
    return indented(cost.table([cost.Cost(**r) for r in rows]))


def block(text: str, name: str) -> str:
    """What a text has between the marks of a block."""
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->\n")[0]


def with_blocks(text: str, blocks: dict[str, str]) -> str:
    for name, content in blocks.items():
        head, _, rest = text.partition(f"<!-- {name} -->\n")
        _, _, tail = rest.partition(f"<!-- /{name} -->\n")
        text = f"{head}<!-- {name} -->\n{content}<!-- /{name} -->\n{tail}"
    return text


def write() -> None:
    """Put what the last runs have shown into the README; of runs there were none of, nothing."""
    blocks = kunit_blocks() | matrix_blocks()
    for name, file, make in (("cover", "cover", cover_block), ("programs", "programs-all", programs_block),
                             ("cost", "cost-v7.2", cost_block),
                             ("crashes", "witness", crashes_block),
                             ("stress", "stress", stress_block)):
        if (RESULTS / f"{file}.json").is_file():
            blocks[name] = make()
    README.write_text(with_blocks(README.read_text(), blocks))

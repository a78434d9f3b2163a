"""docs/performance.md: the figures of one run, between two marks; what stands around them is written by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.plots import draw_growth, draw_ratios
from bench.results import Result, result_of, verdicts
from bench.tables import markdown

__all__ = ["write_page"]

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def write_page(report: Mapping[str, Any], page: Path = PAGE) -> None:
    """Put the figures of a run into the page, and its plots beside it."""
    results = [result_of(stored) for stored in report["results"]]
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    growing = [result for result in results if result.name.startswith("growth_")]
    others = [result for result in results if result not in growing]
    folder = page.parent / page.stem
    plots = draw_ratios(others, folder) + draw_growth(growing, folder)
    parts = [circumstances(report), summary(results)]
    parts += [f"![{title}]({path})" for title, path in plots]
    parts += ["## All figures", markdown(results)]
    page.write_text(f"{before}{BEGIN}\n\n" + "\n\n".join(parts).rstrip() + f"\n\n{END}{after}")


def circumstances(report: Mapping[str, Any]) -> str:
    machine, sizes = report["machine"], report["sizes"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    missing = "".join(
        f"\n- Not in the tables: {name} ({why[:80]})."
        for name, why in (report["left_out"] | report["failures"]).items()
    )
    if report["ended"] != "finished":
        missing += "\n- The run was ended before its last scenarios; what is not in the tables was not measured."
    return f"""\
- Command: `{report["command"]}`, {report["begun"]}, {report["seconds"]:,} seconds, commit {machine["commit"]}.
- Machine: {machine["processor"]}, {machine["cores"]} cores, {machine["memory_gib"]} GiB; {machine["system"]}.
- Python {machine["python"]}, SQLite {machine["sqlite"]}, {versions}.
- Sizes: reads over {sizes["calls"]:,} calls of 2 KB, rounds of {sizes["ingest"]:,} calls, a tree of \
{sizes["tree"]:,}, growth at {", ".join(f"{size:,}" for size in sizes["growth"])}; times are medians.
- Load averages (1, 5 and 15 minutes) before {report["load"]["before"]}, after {report["load"]["after"]}.{missing}"""


def summary(results: Sequence[Result]) -> str:
    """What was to be reached, and what was."""
    lines = ["## Targets", "", "| what | to be reached | measured | by processor time | |", "|---|---|---:|---:|---|"]
    for result in results:
        for each in verdicts(result):
            whose = f" ({each.target.of})" if each.target.of != "tracegraph" else ""
            unit = "" if each.target.server else f" {result.unit}"
            cpu = result.ratio(each.target.server, each.target.of, by_cpu=True)
            spent = "" if not cpu else f"{1 / cpu:.3g}x" if each.target.most < 1 else f"{cpu:.3g}x"
            lines.append(
                f"| {result.title}{whose} | {each.target.text}{unit} | {each.text}{unit} | {spent} | "
                f"{'reached' if each.reached else '**missed**'} |"
            )
    return "\n".join(lines)

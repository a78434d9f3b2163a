"""Plots of growth and of ratios, as SVG."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.contenders import FASTAPI, GENERIC, HANDWRITTEN, OURS, PHOENIX, WEAVE
from bench.results import Result

__all__ = ["draw_growth", "draw_ratios"]

SIZE = re.compile(r"^(?P<server>.*), (?P<calls>[\d,]+) calls$")
INK = "#7d8590"
"""Text and axes: read on white and on black, since a page may be either."""

COLOURS = {HANDWRITTEN: "#7d8590", FASTAPI: "#1a9e77", WEAVE: "#d98e04", PHOENIX: "#d6478a", GENERIC: "#3b82d6"}
LINES = ("#3b82d6", "#d98e04", "#1a9e77", "#d6478a", "#8b6fd6", "#c0553d", "#4aa3b5", "#7d8590")

TIMES = ("ms", "s", "calls/s", "spans/s")
"""Units of what is a ratio of times."""

Drawn = list[tuple[str, str]]
"""Titles of plots, and their paths below the parent of the folder they are in."""


@contextmanager
def figure(folder: Path, name: str, size: tuple[float, float]) -> Iterator[Any]:
    """Axes that become a file when the block ends: small, the same from the same figures, without a background."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.use("svg")
    style: Any = {
        "svg.hashsalt": "tracegraph",
        "svg.fonttype": "none",  # letters as text
        "font.family": "sans-serif",
        **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
        **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
        "axes.prop_cycle": cycler(color=LINES),
    }
    with mpl.rc_context(style):
        from matplotlib import pyplot as plt

        drawn, axes = plt.subplots(figsize=size, layout="constrained")
        yield axes
        folder.mkdir(parents=True, exist_ok=True)
        drawn.savefig(folder / name, metadata={"Date": None}, transparent=True)
        plt.close(drawn)


def draw_growth(results: Sequence[Result], folder: Path) -> Drawn:
    """Reads and ingest over the calls of the database; none where nothing grew."""
    drawn = []
    for unit, title, name in (
        ("ms", "Time of reads as a project grows", "growth-reads.svg"),
        ("calls/s", "Ingest as a project grows", "growth-ingest.svg"),
    ):
        lines = {each.title: points(each) for each in results if each.unit == unit}
        if not any(lines.values()):
            continue
        with figure(folder, name, (8, 4.5)) as axes:
            for label, line in lines.items():
                dashes = "--" if "PostgreSQL" in label else "-"
                axes.plot(*zip(*line, strict=True), dashes, marker="o", label=label.removeprefix("Growth").lstrip(": "))
            axes.set(xscale="log", xlabel="calls in the database", ylabel=unit, title=title)
            if unit == "ms":
                axes.set_yscale("log")
            else:
                axes.set_ylim(bottom=0)
            axes.grid(visible=True, which="major", alpha=0.3)
            axes.legend(fontsize="x-small", ncols=2, frameon=False)
        drawn.append((title, f"{folder.name}/{name}"))
    return drawn


def points(result: Result) -> list[tuple[int, float]]:
    """Calls and values of a result, smallest first; rows that name no size are left out."""
    found = ((SIZE.match(row.server), row.value) for row in result.rows)
    return sorted((int(match["calls"].replace(",", "")), value) for match, value in found if match)


def draw_ratios(results: Sequence[Result], folder: Path) -> Drawn:
    """How many times the time of ours each other server takes, a bar each; none where nothing was compared."""
    bars: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for result in results:
        for server in COLOURS if result.unit in TIMES else ():
            if ratio := result.ratio(server):
                bars[result.title].append((server, 1 / ratio))
    if not bars:
        return []
    count = sum(map(len, bars.values()))
    title = f"Times the time of {OURS}: right of the line others are slower"
    with figure(folder, "ratios.svg", (8, 1.2 + 0.16 * count + 0.1 * len(bars))) as axes:
        place, ticks, named = 0.0, [], set()
        for compared in bars.values():
            ticks.append(place + (len(compared) - 1) / 2)
            for server, times in compared:
                label = None if server in named else server
                axes.barh(place, times - 1, left=1, height=0.85, color=COLOURS[server], label=label)
                side = "left" if times >= 1 else "right"
                axes.annotate(
                    f" {times:.0f} " if times >= 100 else f" {times:.2g} ",
                    (times, place),
                    fontsize="xx-small",
                    va="center",
                    ha=side,
                )
                named.add(server)
                place += 1
            place += 0.8
        axes.set_yticks(ticks, [shortened(name) for name in bars], fontsize="x-small")
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.axvline(1, color=INK, linewidth=1)
        axes.set_title(title, fontsize="medium")
        axes.legend(fontsize="x-small", frameon=False)
    return [(title, f"{folder.name}/ratios.svg")]


def shortened(title: str) -> str:
    return title if len(title) <= 48 else f"{title[:47]}…"

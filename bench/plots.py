"""Plots of growth, as SVG. matplotlib comes with the dependency group ``bench``."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.results import Result

__all__ = ["draw_growth"]

SIZE = re.compile(r"^(?P<server>.*), (?P<calls>[\d,]+) calls$")
Line = list[tuple[int, float]]


def draw_growth(results: Sequence[Result], folder: Path) -> list[tuple[str, str]]:
    """Draw reads and ingest over the calls of the project; returns titles and paths below the parent of ``folder``."""
    if not results:
        return []
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "tracegraph"  # the same file from the same figures
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for unit, title in (("ms", "Time of reads as a project grows"), ("calls/s", "Ingest as a project grows")):
        lines: dict[str, Line] = defaultdict(list)
        for result in results:
            for row in result.rows if result.unit == unit else ():
                found = SIZE.match(row.server)
                assert found, f"{row.server!r} names no size"
                calls = int(found["calls"].replace(",", ""))
                lines[result.title.removeprefix("Growth").removeprefix(": ").strip()].append((calls, row.value))
        figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
        for label, points in lines.items():
            axes.plot(*zip(*sorted(points), strict=True), marker="o", label=label)
        axes.set(xscale="log", yscale="log" if unit == "ms" else "linear", xlabel="calls in the project", ylabel=unit)
        axes.set_title(title)
        axes.grid(visible=True, which="major", alpha=0.3)
        axes.legend(fontsize="small")
        name = f"growth-{'reads' if unit == 'ms' else 'ingest'}.svg"
        figure.savefig(folder / name, metadata={"Date": None})
        plt.close(figure)
        drawn.append((title, f"{folder.name}/{name}"))
    return drawn

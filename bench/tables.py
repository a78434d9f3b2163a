"""Results as tables, for the terminal and for the documentation."""

from collections.abc import Iterable

from bench.contenders import OURS
from bench.results import Result, Row, verdicts

__all__ = ["markdown", "terminal"]


def shown(value: float) -> str:
    """Three digits that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _cells(row: Row, unit: str) -> list[str]:
    spread = "" if row.low is None or row.high is None or row.samples == 1 else f"{shown(row.low)} - {shown(row.high)}"
    cpu = "" if row.cpu_ms is None else shown(row.cpu_ms)
    p99 = "" if row.p99_ms is None else shown(row.p99_ms)
    client = "" if row.client_share is None else f"{row.client_share:.2f}"
    return [row.server, f"{shown(row.value)} {unit}", spread, cpu, p99, client, row.answer]


HEAD = ["server", "measured", "quartiles", "server CPU, ms", "p99, ms", "client CPU", "answer"]


def terminal(result: Result) -> str:
    """A title, a line a server, a line a target."""
    lines = [HEAD, *(_cells(row, result.unit) for row in result.rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    table = "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
    reached = "".join(f"\n  {line}" for line in judged(result))
    note = f"\n  ({result.note})" if result.note else ""
    return f"{result.title}\n{table}{reached}{note}\n"


def judged(result: Result) -> list[str]:
    """A line a target."""
    lines = []
    for each in verdicts(result):
        whose = "" if each.target.of == OURS else f"{each.target.of}: "
        lines.append(f"{'reached' if each.reached else 'MISSED'}: {whose}{each.target.text}, measured {each.text}")
    return lines


def markdown(results: Iterable[Result]) -> str:
    """A table a result, with what was to be reached."""
    parts = []
    for result in results:
        cells = [HEAD, *(_cells(row, result.unit) for row in result.rows)]
        filled = [place for place in range(len(HEAD)) if any(line[place] for line in cells[1:])]
        lines = [f"### {result.title}", "", *(f"| {' | '.join(line[place] for place in filled)} |" for line in cells)]
        lines.insert(3, f"|---|{'---:|' * (len(filled) - 1)}")
        lines += ["", *(f"- {line}" for line in judged(result))]
        if result.note:
            lines += ["", result.note]
        parts.append("\n".join(lines).rstrip())
    return "\n\n".join(parts) + "\n"

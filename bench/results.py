"""What a run gives: results, each with a row for every server that was measured, and their JSON form."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from bench.contenders import OURS
from bench.load import percentile, quartiles

__all__ = ["Result", "Row", "Target", "json_of", "result_of", "row_of", "verdicts"]


@dataclass(slots=True)
class Row:
    """What one server did. ``cpu_ms`` is the server's processor time for one unit of work (a call, a request)."""

    server: str
    value: float
    """The median of what was measured, where that was more than one value."""

    low: float | None = None
    high: float | None = None
    """The quartiles, in the unit of the value: between them lies the middle half of what was measured."""

    cpu_ms: float | None = None
    p99_ms: float | None = None
    client_share: float | None = None
    """Processor seconds of all client processes for each second that passed; near 1 a client was the bottleneck."""

    samples: int = 1
    answer: str = ""
    """What each answer held."""


def row_of(
    server: str,
    values: Sequence[float],
    *,
    cpu_ms: float | None = None,
    milliseconds: Sequence[float] = (),
    client_share: float | None = None,
    answer: str = "",
) -> Row:
    """The row of these values; ``milliseconds`` are the times of single answers, where they are not the values."""
    low, high = quartiles(values)
    p99 = percentile(milliseconds, 0.99) if milliseconds else None
    return Row(server, median(values), low, high, cpu_ms, p99, client_share, len(values), answer)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached: at most this many times the time of another server, or at most this value of our own."""

    most: float
    server: str = ""
    by_cpu: bool = False
    of: str = OURS

    @property
    def text(self) -> str:
        whose = "processor time" if self.by_cpu else "time"
        if not self.server:
            return f"at most {self.most:g}"
        if self.most < 1:
            return f"{1 / self.most:g}x better than {self.server}" + (" (processor time)" if self.by_cpu else "")
        return f"at most {self.most:.3g}x the {whose} of {self.server}"


@dataclass(slots=True)
class Result:
    """One figure of one scenario. Values of ``unit`` ``.../s`` are better when higher, all others when lower."""

    name: str
    title: str
    unit: str
    rows: list[Row]
    targets: list[Target] = field(default_factory=list)
    note: str = ""

    def row(self, server: str) -> Row | None:
        return next((row for row in self.rows if row.server == server), None)

    def ratio(self, server: str, of: str = OURS, *, by_cpu: bool = False) -> float | None:
        """The time of ``of`` over that of ``server`` for the same work; None where one was not measured."""
        first, second = self.row(of), self.row(server)
        if first is None or second is None:
            return None
        if by_cpu:
            return first.cpu_ms / second.cpu_ms if first.cpu_ms is not None and second.cpu_ms else None
        above, below = (second.value, first.value) if self.unit.endswith("/s") else (first.value, second.value)
        return above / below if below else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a target was reached."""

    target: Target
    measured: float

    @property
    def reached(self) -> bool:
        return self.measured <= self.target.most

    @property
    def text(self) -> str:
        if self.target.server and self.target.most < 1:
            return f"{1 / self.measured:.3g}x"
        return f"{self.measured:.3g}x" if self.target.server else f"{self.measured:.3g}"


def verdicts(result: Result) -> list[Verdict]:
    """Of the targets whose servers were measured."""
    found = []
    for target in result.targets:
        if target.server:
            measured = result.ratio(target.server, target.of, by_cpu=target.by_cpu)
        else:
            row = result.row(target.of)
            measured = None if row is None else row.value
        if measured is not None:
            found.append(Verdict(target, measured))
    return found


def json_of(result: Result) -> dict[str, Any]:
    """With the ratios (our time over theirs) and whether targets were reached."""
    others = [row.server for row in result.rows if row.server != OURS]
    return {
        **asdict(result),
        "ratios": {
            server: {"time": result.ratio(server), "cpu": result.ratio(server, by_cpu=True)} for server in others
        },
        "verdicts": [
            {"target": verdict.target.text, "measured": verdict.measured, "reached": verdict.reached}
            for verdict in verdicts(result)
        ],
    }


def result_of(stored: Mapping[str, Any]) -> Result:
    """The result that ``json_of`` wrote."""
    rows, targets = [Row(**row) for row in stored["rows"]], [Target(**target) for target in stored["targets"]]
    return Result(stored["name"], stored["title"], stored["unit"], rows, targets, stored["note"])

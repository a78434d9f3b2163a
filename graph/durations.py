"""How long several things took."""

import strawberry

from graph.fields import column
from graph.scalars import BigInt
from resolvers.group_parts import Durations

__all__ = ["DurationStats", "duration_stats"]


@strawberry.type(
    description="How long several things took, of those that have ended, in milliseconds. Percentiles are linear "
    "between the nearest two."
)
class DurationStats:
    """``resolvers.group_parts.Durations``."""

    count: BigInt = column("How many have ended.")
    min_ms: float = column("The shortest.")
    mean_ms: float = column("The mean.")
    p50_ms: float = column("The median.")
    p90_ms: float = column("The 90th percentile.")
    p95_ms: float = column("The 95th percentile.")
    p99_ms: float = column("The 99th percentile.")
    max_ms: float = column("The longest.")


def duration_stats(found: Durations | None) -> DurationStats | None:
    """The numbers of ``found``; None for None."""
    if found is None:
        return None
    return DurationStats(
        count=BigInt(len(found.ordered)),
        min_ms=found.percentile_ms(0),
        mean_ms=found.mean_ms,
        p50_ms=found.percentile_ms(50),
        p90_ms=found.percentile_ms(90),
        p95_ms=found.percentile_ms(95),
        p99_ms=found.percentile_ms(99),
        max_ms=found.percentile_ms(100),
    )

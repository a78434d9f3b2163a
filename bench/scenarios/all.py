"""All scenarios by name, in the order in which they run."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from bench.results import Result
from bench.run import Run
from bench.scenarios import (
    bloat,
    executor,
    graphql,
    growth,
    ingest,
    live,
    memory,
    objects,
    otlp,
    rest,
    search,
    start,
    traces,
)

__all__ = ["SCENARIOS"]


class Scenario(NamedTuple):
    """What is run, and the seconds that it takes in a quick and in a full run with all servers on a quiet machine."""

    run: Callable[[Run], Iterable[Result]]
    quick: float
    full: float


SCENARIOS = {
    "ingest": Scenario(ingest.run, 45, 200),
    "stream": Scenario(rest.stream, 25, 90),
    "page": Scenario(rest.newest_page, 4, 30),
    "filter": Scenario(rest.filtered, 4, 30),
    "trace": Scenario(rest.tree, 4, 40),
    "read": Scenario(rest.single_read, 3, 15),
    "search": Scenario(search.full_text, 2, 16),
    "contains": Scenario(search.contains, 3, 24),
    "stats": Scenario(rest.stats, 3, 20),
    "objects": Scenario(objects.create_objects, 15, 25),
    "tables": Scenario(objects.create_tables, 15, 60),
    "entities": Scenario(graphql.entities, 3, 20),
    "executor": Scenario(executor.run, 8, 25),
    "wide": Scenario(graphql.wide, 15, 60),
    "subscriptions": Scenario(live.subscriptions, 6, 15),
    "mixed": Scenario(live.mixed, 15, 60),
    "memory": Scenario(memory.run, 15, 60),
    "traces": Scenario(traces.run, 12, 120),
    "size": Scenario(start.size, 30, 30),
    "bloat": Scenario(bloat.run, 12, 200),
    # From here on Phoenix takes part, which takes a while to start and to fill.
    "smallest": Scenario(graphql.smallest, 35, 100),
    "list": Scenario(graphql.list_of_calls, 10, 40),
    "nested": Scenario(graphql.nested_list, 10, 40),
    "tree": Scenario(graphql.tree, 5, 40),
    "otlp": Scenario(otlp.run, 45, 150),
    "start": Scenario(start.run, 40, 150),
    "growth": Scenario(growth.run, 30, 600),
}

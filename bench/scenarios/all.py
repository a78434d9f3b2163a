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
    "ingest": Scenario(ingest.run, 28, 200),
    "stream": Scenario(rest.stream, 20, 70),
    "page": Scenario(rest.newest_page, 2, 20),
    "filter": Scenario(rest.filtered, 2, 20),
    "trace": Scenario(rest.tree, 2, 30),
    "read": Scenario(rest.single_read, 2, 10),
    "search": Scenario(search.full_text, 2, 10),
    "contains": Scenario(search.contains, 2, 15),
    "stats": Scenario(rest.stats, 2, 15),
    "objects": Scenario(objects.create_objects, 2, 20),
    "tables": Scenario(objects.create_tables, 3, 40),
    "entities": Scenario(graphql.entities, 3, 20),
    "executor": Scenario(executor.run, 8, 25),
    "wide": Scenario(graphql.wide, 5, 30),
    "subscriptions": Scenario(live.subscriptions, 4, 15),
    "mixed": Scenario(live.mixed, 12, 60),
    "memory": Scenario(memory.run, 10, 60),
    "traces": Scenario(traces.run, 12, 120),
    "size": Scenario(start.size, 15, 15),
    "bloat": Scenario(bloat.run, 8, 200),
    # From here on Phoenix takes part, which takes a while to start and to fill.
    "smallest": Scenario(graphql.smallest, 25, 90),
    "list": Scenario(graphql.list_of_calls, 6, 30),
    "nested": Scenario(graphql.nested_list, 6, 30),
    "tree": Scenario(graphql.tree, 3, 30),
    "otlp": Scenario(otlp.run, 30, 120),
    "start": Scenario(start.run, 42, 150),
    "growth": Scenario(growth.run, 40, 1500),
}

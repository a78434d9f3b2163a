"""All scenarios by name, in the order in which they run."""

from collections.abc import Callable, Iterable

from bench.results import Result
from bench.run import Run
from bench.scenarios import graphql, growth, ingest, live, objects, otlp, rest, start

__all__ = ["SCENARIOS"]

SCENARIOS: dict[str, Callable[[Run], Iterable[Result]]] = {
    "ingest": ingest.run,
    "stream": rest.stream,
    "page": rest.newest_page,
    "filter": rest.filtered,
    "trace": rest.tree,
    "read": rest.single_read,
    "stats": rest.stats,
    "objects": objects.create_objects,
    "tables": objects.create_tables,
    "entities": graphql.entities,
    "wide": graphql.wide,
    "subscriptions": live.subscriptions,
    "mixed": live.mixed,
    # From here on Phoenix takes part, which takes a while to start and to fill.
    "smallest": graphql.smallest,
    "list": graphql.list_of_calls,
    "nested": graphql.nested_list,
    "tree": graphql.tree,
    "otlp": otlp.run,
    "start": start.run,
    "growth": growth.run,
}

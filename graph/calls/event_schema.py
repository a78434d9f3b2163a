"""The fields that occur in calls as events of HoneyHive."""

from typing import Annotated, cast

import strawberry

from graph.calls.event_filters import EventFilters, narrowed
from graph.calls.filters import Filter, filter_of
from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import ProjectPart
from graph.scalars import BigInt
from resolvers.calls.event_schema import event_schema
from resolvers.calls.pages import CallList

__all__ = ["ProjectEventSchema"]


@strawberry.type(description="A field that occurs in events.")
class EventField:
    """``resolvers.calls.event_schema.EventField``."""

    name: str = column(
        "The field as `EventFilterInput.field` takes it: `metadata.cost`. Objects are looked into, lists are not."
    )
    event_type: str = column("The type of the events: `model`, `tool`, `chain` or `session`.")
    count: BigInt = column("How many of the events looked into are of that type and have it, not null.")


@strawberry.type(description="The fields that the events of one name have.")
class EventFields:
    """``resolvers.calls.event_schema.EventFields``."""

    event_name: str = column("The name, as `Call.name` has it.")
    fields: list[EventField] = column("The fields, the most frequent first, then by name; at most `first`.")


@strawberry.type(description="What occurs in calls as events of HoneyHive: what event filters can name.")
class EventSchema:
    """``resolvers.calls.event_schema.EventSchema``."""

    fields: list[EventField] = column(
        "The fields, each once for each type of event, the most frequent first, then by name; at most `first`."
    )
    mappings: list[EventFields] = column(
        "The fields by the name of the event, the most frequent names first; 200 names."
    )
    datasets: list[str] = column("Ids of the datasets that the events name, in order; at most 1,000.")
    scanned: BigInt = column("How many events were looked into.")
    skipped: BigInt = column("How many were passed over since their payloads are larger than 1 MiB.")
    cut: bool = column("Whether there is more: fields, names or datasets that are not listed, or older events.")


SchemaSize = Annotated[int, strawberry.argument(description="How many fields to list, 1 to 1,000.")]
SchemaScan = Annotated[
    int, strawberry.argument(description="How many events to look into, the newest, 1 to 10,000; 64 MiB at most.")
]


@strawberry.type
class ProjectEventSchema(ProjectPart):
    """The part of Project about the fields of events."""

    @link(
        "The fields that occur in its newest calls, named as HoneyHive names them; `attributePaths` has them as "
        "queries do.",
        needs=("slug",),
    )
    async def event_schema(
        self,
        info: Info,
        filter: Filter = None,
        filters: EventFilters = None,
        first: SchemaSize = 500,
        scan: SchemaScan = 1_000,
    ) -> EventSchema:
        """Read some megabytes at a time."""
        chosen = CallList(self.slug, filter_of(filter), query=narrowed(None, filters))
        return cast("EventSchema", await event_schema(context_of(info), chosen, first, scan))

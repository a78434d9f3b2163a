"""Stored filters of events, as they are read."""

from typing import Any

import strawberry

from db.json_text import dump_json, parse_json
from graph.fields import column
from graph.scalars import JSON
from resolvers.calls.event_filters import EventFilterOperator, EventFilterType

__all__ = ["EventFilter", "event_filters_in"]


@strawberry.type(description="A condition on calls as events of HoneyHive, as `EventFilterInput` describes it.")
class EventFilter:
    """A member of the JSON list that ``resolvers.calls.event_filters.plain_filters`` gives."""

    field: str = column("What is compared, such as `event_type` or `metadata.cost`: see `EventFilterInput.field`.")
    operator: EventFilterOperator = column("How the field is compared.")
    value: JSON | None = column("What it is compared with: a text, a number, true, false or null.")
    type: EventFilterType | None = column("As what field and value are compared; null: as what the value is.")


def event_filters_in(text: str) -> list[EventFilter]:
    """The filters of a JSON list."""
    found: Any = parse_json(text)
    return [
        EventFilter(
            field=each["field"],
            operator=EventFilterOperator(each["operator"]),
            value=None if each["value"] is None else JSON(dump_json(each["value"])),
            type=EventFilterType(each["type"]) if "type" in each else None,
        )
        for each in found
    ]

"""The filters of events, as HoneyHive's clients write them."""

from typing import Annotated

import strawberry

from db.json_text import parse_json
from db.query.expression import And, Expression
from graph.enums import described_enum
from graph.fields import column
from graph.scalars import JSON
from resolvers.calls.event_filters import (
    EventFilter,
    EventFilterOperator,
    EventFilterType,
    filters_expression,
)

__all__ = ["EventFilterInput", "EventFilters", "event_filters", "narrowed"]

described_enum(
    EventFilterOperator,
    name="EventFilterOperator",
    description="How an event filter compares its field. Values may be added.",
    values={
        "EXISTS": "The field has a value that is not null; `value` is not read.",
        "NOT_EXISTS": "The field is missing or null; `value` is not read.",
        "IS": "The field equals the value; with null: it is missing or null.",
        "IS_NOT": "The opposite of `IS`: a missing field is different from every value.",
        "CONTAINS": "The field, as text, has the value in it, upper and lower case told apart; a list or an object is "
        "its compact JSON.",
        "NOT_CONTAINS": "The opposite of `CONTAINS`: a missing field contains nothing.",
        "GREATER_THAN": "The field is a number above the value, or writes one; a time that is later.",
        "LESS_THAN": "The field is a number below the value, or writes one; a time that is earlier.",
        "AFTER": "The field is a time after the value, itself excluded.",
        "BEFORE": "The field is a time before the value, itself excluded.",
    },
)

described_enum(
    EventFilterType,
    name="EventFilterType",
    description="As what an event filter compares. Values may be added.",
    values={
        "STRING": "As texts: the number 5 is `5`.",
        "NUMBER": "As numbers: texts that write one and true and false (1 and 0) as well; what is none never fits.",
        "BOOLEAN": "As true or false: 1 and 0 and the texts `true`, `false`, `1`, `0` as well.",
        "DATETIME": "As times: ISO 8601 text, in UTC where it names no zone, or Unix milliseconds.",
    },
)


@strawberry.input(
    description="A condition on a call as HoneyHive sees it, as an event: "
    '`{field: "metadata.cost", operator: GREATER_THAN, value: 0.01}`.'
)
class EventFilterInput:
    """``resolvers.calls.event_filters.EventFilter``."""

    field: str = column(
        "`event_id`, `session_id`, `parent_id`, `event_type` (`model`, `tool`, `chain` or `session`), `event_name`, "
        "`source`, `error`, `start_time`, `end_time`, `duration` (milliseconds), `evaluation_id` (of the experiment it "
        "was recorded in), `dataset_id`, `datapoint_id`, `project_id`, or a dotted path below `config`, `inputs`, "
        "`outputs`, `metadata`, `metrics`, `feedback` or `user_properties`: `metadata.run_id`. Keys with dots in them "
        'are found too: `metadata.a.b` is `{a: {b: ...}}` or `{"a.b": ...}`, the nested one first. The same fields '
        "can be named in `query` and `orderBy` with `event.` before them."
    )
    operator: EventFilterOperator = column("How the field is compared.")
    value: JSON | None = column(
        "What it is compared with: a text, a number, true, false or null; required unless the operator is one of the "
        "two of `EXISTS`. For a time: ISO 8601 text or Unix milliseconds.",
        default=None,
    )
    type: EventFilterType | None = column(
        "As what field and value are compared; null: as what the value is. `start_time` and `end_time` always are "
        "times.",
        default=None,
    )


EventFilters = Annotated[
    list[EventFilterInput] | None,
    strawberry.argument(
        description="Which calls, by conditions on them as events of HoneyHive: all must hold, together with `filter` "
        "and `query`; at most 100."
    ),
]


def event_filters(given: list[EventFilterInput] | None) -> list[EventFilter]:
    """The input as the domain's filters."""
    return [
        EventFilter(each.field, each.operator, None if each.value is None else parse_json(each.value), each.type)
        for each in given or ()
    ]


def narrowed(query: Expression | None, filters: list[EventFilterInput] | None) -> Expression | None:
    """``query`` and ``filters``; raises InvalidInputError for a filter that cannot be."""
    condition = filters_expression(event_filters(filters))
    if query is None or condition is None:
        return query or condition
    return And((query, condition))

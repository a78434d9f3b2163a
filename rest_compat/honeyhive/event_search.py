"""Searching and exporting events: what asks for a page, and what the page holds."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from graph.encoding import Spliced
from graph.json_text import dump_json, parse_json
from resolvers.calls.event_filters import EventFilterOperator, EventFilterType
from rest_compat.honeyhive.event import event_of
from rest_compat.honeyhive.event_ranges import EventRange, SearchRange, started_within
from rest_compat.honeyhive.models import Open, Strict
from rest_compat.registry import Data, Request, Stream, Variables, connection_of, first_page

__all__ = ["STREAM", "ExportEvents", "SearchEvents", "filter_inputs", "search_variables"]

FARTHEST = (1 << 31) - 1
"""The largest offset that the graph takes; no project has so many calls."""

Value = StrictStr | StrictBool | StrictInt | StrictFloat | None


class SearchFilter(Strict):
    """Seed 003, EventSearchFilter."""

    field: str
    operator: EventFilterOperator
    value: Value
    type: EventFilterType | None = None


class ExportFilter(Open):
    """Seed 003, SingleFilter. SDKs let ``type`` be missing, and ``value`` where it is not read."""

    field: str
    operator: EventFilterOperator
    value: Value = None
    type: EventFilterType | None = None


class SearchEvents(Strict):
    """Seed 003, SearchEventsRequest. ``ignore_order`` is read and does nothing: the order costs nothing."""

    filters: Sequence[SearchFilter] = ()
    dateRange: SearchRange | None = None  # noqa: N815 - the name in the document
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    page: Annotated[int, Field(ge=1)] = 1
    ignore_order: bool = False
    evaluation_id: str | None = None

    @property
    def offset(self) -> int:
        """How many events come on the pages before."""
        return min((self.page - 1) * self.limit, FARTHEST)

    @property
    def chosen(self) -> Sequence[str]:
        """The fields that are asked for; none of them means all."""
        return ()


class ExportEvents(Open):
    """Seed 003, LegacyExportEventsRequest."""

    filters: Sequence[ExportFilter] = ()
    dateRange: EventRange | None = None  # noqa: N815 - the name in the document
    projections: list[str] | None = None
    limit: Annotated[int, Field(ge=1, le=7500)] = 1000
    page: Annotated[int, Field(ge=1)] = 1
    ignore_order: bool | None = None
    evaluation_id: str | None = None

    @property
    def offset(self) -> int:
        """How many events come on the pages before."""
        return min((self.page - 1) * self.limit, FARTHEST)

    @property
    def chosen(self) -> Sequence[str]:
        """The fields that are asked for; none of them means all."""
        return self.projections or ()


def filter_inputs(filters: Sequence[SearchFilter | ExportFilter]) -> list[Variables]:
    """The variables of ``EventFilterInput``."""
    return [
        {
            "field": each.field,
            "operator": each.operator.name,
            "value": dump_json(each.value),
            "type": each.type and each.type.name,
        }
        for each in filters
    ]


_COLUMNS = frozenset({
    "project", "project_id", "org_id", "workspace_id", "tenant", "event_id", "session_id", "parent_id", "event_type",
    "event_name", "error", "start_time", "end_time", "duration",
})  # fmt: skip
"""Members of an event that need no payload."""


def search_variables(request: Request) -> Variables:
    """The variables of the first page."""
    body: SearchEvents | ExportEvents = request.body
    asked = {path.partition(".")[0] for path in body.chosen}
    others = asked - _COLUMNS - {"inputs", "outputs", "children_ids"}
    everything = not asked
    return {
        "project": request.project,
        "filter": {
            "experimentIds": None if body.evaluation_id is None else [body.evaluation_id],
            **started_within(body.dateRange),
        },
        "filters": filter_inputs(body.filters),
        **first_page(request),
        "count": True,
        "attributes": everything or bool(others) or "children_ids" in asked,
        "inputs": everything or "inputs" in asked,
        "output": everything or "outputs" in asked,
        "children": everything or "children_ids" in asked,
        "cost": everything or "metadata" in asked,
    }


def _line(call: Mapping[str, Any], request: Request) -> dict[str, Any]:
    event = event_of(call)
    body: SearchEvents | ExportEvents = request.body
    return _projected(event, body.chosen) if body.chosen else event


def _projected(event: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """The members that ``paths`` name, and its id; of a dotted path what is there in the section."""
    kept: dict[str, Any] = {"event_id": event["event_id"]}
    inside: dict[str, list[str]] = {}
    for path in paths:
        name, dot, rest = path.partition(".")
        if name in event and dot:
            inside.setdefault(name, []).append(rest)
        elif name in event:
            kept[name] = event[name]
    for name, rests in inside.items():
        section = event[name]
        if name not in kept and isinstance(section, Spliced):
            value = parse_json(section.text)
            kept[name] = _parts_of(value, rests) if isinstance(value, dict) else {}
    return kept


def _parts_of(section: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in paths:
        *above, last = [path] if path in section else path.split(".")
        value: Any = section
        for part in above:
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, dict) and last in value:
            place = found
            for part in above:
                place = place.setdefault(part, {})
            place[last] = value[last]
    return found


_connection = connection_of("calls")


def _counted(data: Data) -> dict[str, Any]:
    connection = _connection(data)
    return {"count": 0 if connection is None else connection["totalCount"]}


STREAM = Stream(_connection, _line, member="events", before=_counted, later={"count": False})
"""``ExportEventsResponse``: a page of events, and how many there are on all pages."""

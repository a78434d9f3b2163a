"""Results of experiment runs, and comparisons of two."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from resolvers.calls.event_filters import EventFilterOperator
from resolvers.errors import NotFoundError
from rest_compat.honeyhive.date_range import DateRangeParameter
from rest_compat.honeyhive.event import event_of
from rest_compat.honeyhive.event_search import ExportFilter, filter_inputs
from rest_compat.honeyhive.experiments import LAST_OFFSET, run_id_of, run_object
from rest_compat.honeyhive.models import Open, Strict
from rest_compat.honeyhive.refusals import failing
from rest_compat.honeyhive.run_filters import FiltersParameter
from rest_compat.registry import FIRST_PAGE, Data, Endpoint, Request, Stream, Variables, connection_of

__all__ = ["ENDPOINTS"]

AggregateFunction = Literal["average", "min", "max", "median", "p95", "p99", "p90", "sum", "count"]


class GetExperimentRunMetricsQuery(Open):
    """Seed 003."""

    dateRange: DateRangeParameter | None = None  # noqa: N815 - the parameter's name
    filters: FiltersParameter = ()


class GetExperimentRunResultQuery(Open):
    """Seed 003, LegacyGetExperimentRunCompareQuery as well."""

    aggregate_function: AggregateFunction = "average"
    filters: FiltersParameter = ()


class GetExperimentRunCompareQuery(GetExperimentRunResultQuery, Strict):
    """Seed 003."""


def _run(request: Request) -> Variables:
    return {
        "project": request.project,
        "runId": run_id_of(request.path["run_id"]),
        "filters": filter_inputs(request.query.filters),
    }


def _experiment(data: Data, request: Request) -> Mapping[str, Any]:
    """The run of the path. Raises NotFoundError."""
    found: Mapping[str, Any] | None = data["project"]["experiment"]
    if found is None:
        raise NotFoundError(f"There is no experiment {request.path['run_id']!r}", ["run_id"])
    return found


def _said(**members: Any) -> dict[str, Any]:
    """The members that have a value: the document has no null for these."""
    return {name: value for name, value in members.items() if value is not None}


def _number(measured: Mapping[str, Any]) -> float | bool | None:
    """A value as numbers and truth values are; None for a text."""
    value: float | None = measured["value"]
    return value if value is None or measured["label"] is None else bool(value)


# Metrics


def _metrics(request: Request) -> Variables:
    dates = request.query.dateRange
    return {**_run(request), "startedAfter": dates and dates.after, "startedUntil": dates and dates.until}


def _events(data: Data, request: Request) -> dict[str, Any]:
    """GetExperimentRunMetricsResponse: the events that have numbers or truth values as metrics."""
    events = []
    for node in _experiment(data, request)["eventMetrics"]["nodes"]:
        metrics = {each["name"]: _number(each) for each in node["metrics"] if each["value"] is not None}
        if metrics:
            events.append(
                {
                    "event_name": node["eventName"],
                    "event_type": node["eventType"],
                    "session_id": node["sessionId"],
                    "metadata": _said(datapoint_id=node["datapointId"]),
                    "metrics": metrics,
                }
            )
    return {"events": events, "totalEvents": len(events)}


# Results


def _result(request: Request) -> Variables:
    return {**_run(request), "aggregate": request.query.aggregate_function.upper()}


def _came_to(data: Data, request: Request) -> dict[str, Any]:
    """GetExperimentRunResultResponse."""
    run = _experiment(data, request)
    result = run["result"]
    return {
        "status": result["status"].lower(),
        "success": result["success"],
        "passed": result["passed"],
        "failed": result["failed"],
        "metrics": {
            "aggregation_function": request.query.aggregate_function,
            "details": [_detail(metric) for metric in result["metrics"] if _is_shown(metric)],
        },
        "datapoints": [_datapoint(node) for node in result["datapoints"]["nodes"]],
        "event_details": [_kind(kind) for kind in result["eventKinds"]],
        "run_object": run_object(run),
    }


def _is_shown(metric: Mapping[str, Any]) -> bool:
    """Whether a metric has numbers, or texts that are judged."""
    return bool(metric["values"] or metric["passed"] or metric["failed"])


def _detail(metric: Mapping[str, Any]) -> dict[str, Any]:
    """MetricDetail. Texts are left out of its values."""
    bounds = metric["passingRange"]
    return _said(
        metric_name=metric["name"],
        metric_type=_type(metric),
        event_name=metric["eventName"],
        event_type=metric["eventType"],
        aggregate=metric["aggregate"],
        values=metric["values"],
        passing_range=bounds and _said(min=bounds["min"], max=bounds["max"]),
        datapoints={"passed": metric["passed"], "failed": metric["failed"]},
    )


def _type(metric: Mapping[str, Any]) -> str:
    """How its values come about; by a client where the project has no metric of the name."""
    return metric["metricType"] or "CLIENT_SIDE"


def _datapoint(node: Mapping[str, Any]) -> dict[str, Any]:
    """DatapointResult."""
    return {
        "datapoint_id": node["datapointId"],
        "session_id": node["sessionId"],
        "passed": node["passed"],
        "metrics": [
            {
                "name": metric["name"],
                "event_name": metric["eventName"],
                "event_type": metric["eventType"],
                "value": _number(metric),
                "passed": metric["passed"],
            }
            for metric in node["metrics"]
            if metric["value"] is not None or metric["passed"] is not None
        ],
    }


def _kind(kind: Mapping[str, Any]) -> dict[str, Any]:
    """EventDetail."""
    return {"event_name": kind["eventName"], "event_type": kind["eventType"]}


# Comparisons


def _compared(request: Request) -> Variables:
    return {
        "project": request.project,
        "newRunId": run_id_of(request.path["new_run_id"]),
        "oldRunId": run_id_of(request.path["old_run_id"]),
        "aggregate": request.query.aggregate_function.upper(),
        "filters": filter_inputs(request.query.filters),
    }


def _comparison(data: Data, _request: Request) -> dict[str, Any]:
    """GetExperimentRunCompareResponse."""
    found = data["project"]["experimentComparison"]
    return {
        "metrics": [_metric(metric) for metric in found["metrics"] if _is_compared(metric)],
        "commonDatapoints": found["commonDatapoints"],
        "event_details": [{**_kind(kind), "presence": _presence(kind)} for kind in found["eventKinds"]],
        "old_run": run_object(found["oldExperiment"]),
        "new_run": run_object(found["newExperiment"]),
    }


def _is_compared(metric: Mapping[str, Any]) -> bool:
    """Whether a metric has numbers, or texts that are judged."""
    aggregates = (metric["oldAggregate"], metric["newAggregate"])
    return aggregates != (None, None) or bool(metric["improved"] or metric["degraded"])


def _metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    """MetricComparison, and beyond the document what the SDK reads."""
    return _said(
        metric_name=metric["name"],
        metric_type=_type(metric),
        event_name=metric["eventName"],
        event_type=metric["eventType"],
        old_aggregate=metric["oldAggregate"],
        new_aggregate=metric["newAggregate"],
        difference=metric["difference"],
        percentage_change=metric["percentageChange"],
        found_count=metric["foundCount"],
        improved_count=metric["improvedCount"],
        degraded_count=metric["degradedCount"],
        same_count=metric["sameCount"],
        improved=metric["improved"],
        degraded=metric["degraded"],
        same=metric["same"],
        old_values=metric["oldValues"],
        new_values=metric["newValues"],
    )


def _presence(kind: Mapping[str, Any]) -> str:
    if kind["inOld"] and kind["inNew"]:
        return "both"
    return "old" if kind["inOld"] else "new"


# Pairs of events


class GetExperimentRunCompareEventsQuery(Strict):
    """Seed 003."""

    event_name: str | None = None
    event_type: str | None = None
    filter: FiltersParameter = ()
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    page: Annotated[int, Field(ge=1)] = 1

    @property
    def offset(self) -> int:
        """How many pairs come on the pages before."""
        return (self.page - 1) * self.limit


class LegacyGetExperimentRunCompareEventsQuery(GetExperimentRunCompareEventsQuery):
    """Seed 003. ``run_id_1`` is the new run."""

    model_config = ConfigDict(extra="ignore")

    run_id_1: str
    run_id_2: str


def _pairs(request: Request) -> Variables:
    query: GetExperimentRunCompareEventsQuery = request.query
    named = {"event_name": query.event_name, "event_type": query.event_type}
    chosen = [
        ExportFilter(field=field, operator=EventFilterOperator.IS, value=value)
        for field, value in named.items()
        if value is not None
    ]
    if isinstance(query, LegacyGetExperimentRunCompareEventsQuery):
        new, old = query.run_id_1, query.run_id_2
    else:
        new, old = request.path["new_run_id"], request.path["old_run_id"]
    return {
        "project": request.project,
        "newRunId": run_id_of(new),
        "oldRunId": run_id_of(old),
        "filters": filter_inputs([*query.filter, *chosen]),
        "first": min(FIRST_PAGE, query.limit),
        "after": None,
        "offset": min(query.offset, LAST_OFFSET),
        "count": True,
    }


def _pair(node: Mapping[str, Any], _request: Request) -> dict[str, Any]:
    """ComparableEvent: the new run's event, and the old one's."""
    new, old = node["newCall"], node["oldCall"]
    return {
        "datapoint_id": node["datapointId"],
        "event_1": {} if new is None else event_of(new),
        "event_2": {} if old is None else event_of(old),
    }


_connection = connection_of("experimentEventPairs")


def _counted(data: Data) -> dict[str, Any]:
    connection = _connection(data)
    return {"totalEvents": 0 if connection is None else connection["totalCount"]}


STREAM = Stream(_connection, _pair, member="events", before=_counted, later={"count": False})
"""GetExperimentCompareEventsResponse."""

ENDPOINTS = [
    Endpoint(
        "/v1/runs/compare/events",
        "honeyhive/run_event_pairs",
        "The events of two runs in pairs, by datapoint.",
        method="GET",
        parameters=LegacyGetExperimentRunCompareEventsQuery,
        variables=_pairs,
        stream=STREAM,
        deprecated=True,
        refuse=failing("Error fetching event comparison"),
    ),
    Endpoint(
        "/v1/runs/{run_id}/metrics",
        "honeyhive/run_metrics",
        "The metrics of each event of a run.",
        method="GET",
        parameters=GetExperimentRunMetricsQuery,
        variables=_metrics,
        respond=_events,
        refuse=failing("Error fetching event metrics"),
    ),
    *(
        Endpoint(
            f"/v1/runs/{{run_id}}/{name}",
            "honeyhive/run_result",
            "What a run came to: which datapoints pass, and what each metric is brought to.",
            method="GET",
            parameters=GetExperimentRunResultQuery,
            variables=_result,
            respond=_came_to,
            refuse=failing("Error processing experiment result"),
        )
        # The SDK has both; the document the first.
        for name in ("result", "summary")
    ),
    Endpoint(
        "/v1/runs/{new_run_id}/compare/{old_run_id}",
        "honeyhive/run_comparison",
        "Two runs side by side.",
        method="GET",
        parameters=GetExperimentRunCompareQuery,
        variables=_compared,
        respond=_comparison,
        refuse=failing("Error processing experiment comparison"),
    ),
    Endpoint(
        "/v1/runs/{new_run_id}/compare-with/{old_run_id}",
        "honeyhive/run_comparison",
        "Two runs side by side.",
        method="GET",
        parameters=GetExperimentRunResultQuery,
        variables=_compared,
        respond=_comparison,
        deprecated=True,
        refuse=failing("Error processing experiment comparison"),
    ),
    Endpoint(
        "/v1/runs/{new_run_id}/compare/{old_run_id}/events",
        "honeyhive/run_event_pairs",
        "The events of two runs in pairs, by datapoint.",
        method="GET",
        parameters=GetExperimentRunCompareEventsQuery,
        variables=_pairs,
        stream=STREAM,
        refuse=failing("Error fetching event comparison"),
    ),
]

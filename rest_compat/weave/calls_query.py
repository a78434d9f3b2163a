"""Lists of calls: streamed, and counted."""

from collections.abc import Mapping
from typing import Any

from graph.written import Writers
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, connection_of, first_page
from rest_compat.weave.call_lines import call_writer
from rest_compat.weave.call_schema import call_schema, selection
from rest_compat.weave.models import Query, SortBy, Strict, order_by, query_json

__all__ = ["ENDPOINTS"]


class CallsFilter(Strict):
    """Seeds 000 and 001."""

    op_names: list[str] | None = None
    input_refs: list[str] | None = None
    output_refs: list[str] | None = None
    parent_ids: list[str] | None = None
    trace_ids: list[str] | None = None
    call_ids: list[str] | None = None
    thread_ids: list[str] | None = None
    turn_ids: list[str] | None = None
    trace_roots_only: bool | None = None
    wb_user_ids: list[str] | None = None
    wb_run_ids: list[str] | None = None


class CallsQueryReq(Strict):
    """Seeds 000 and 001; ``include_usernames`` and ``latest_only`` are what the SDKs from 0.52 on send.

    They ask for what is so here anyway: a user's id is the name, and a call is one row.
    """

    project_id: str
    filter: CallsFilter | None = None
    limit: int | None = None
    offset: int | None = None
    sort_by: list[SortBy] | None = None
    query: Query | None = None
    include_costs: bool | None = False
    include_feedback: bool | None = False
    include_storage_size: bool | None = False
    include_total_storage_size: bool | None = False
    columns: list[str] | None = None
    expand_columns: list[str] | None = None
    return_expanded_column_values: bool | None = True
    include_usernames: bool | None = False
    latest_only: bool | None = False


class CallsQueryStatsReq(Strict):
    """Seeds 000 and 001."""

    project_id: str
    filter: CallsFilter | None = None
    query: Query | None = None
    limit: int | None = None
    include_total_storage_size: bool | None = False
    expand_columns: list[str] | None = None


def filter_input(chosen: CallsFilter | None) -> Variables | None:
    """The ``filter`` argument of the connection."""
    if chosen is None:
        return None
    return {
        "opNames": chosen.op_names,
        "inputRefs": chosen.input_refs,
        "outputRefs": chosen.output_refs,
        "parentIds": chosen.parent_ids,
        "traceIds": chosen.trace_ids,
        "callIds": chosen.call_ids,
        "threadIds": chosen.thread_ids,
        "turnIds": chosen.turn_ids,
        "traceRootsOnly": chosen.trace_roots_only,
        "wbUserIds": chosen.wb_user_ids,
        "wbRunIds": chosen.wb_run_ids,
    }


def _page(request: Request) -> Variables:
    body: CallsQueryReq = request.body
    return {
        "project": body.project_id,
        "filter": filter_input(body.filter),
        "query": query_json(body.query),
        "orderBy": order_by(body.sort_by),
        **first_page(request),
        "expand": body.expand_columns or [],
        # Without this the refs are followed by the query and the order alone.
        "expanded": bool(body.expand_columns) and body.return_expanded_column_values is not False,
        "feedback": bool(body.include_feedback),
        **selection(
            body.columns,
            costs=bool(body.include_costs),
            storage_size=bool(body.include_storage_size),
            total_storage_size=bool(body.include_total_storage_size),
        ),
    }


_connection = connection_of("calls")


def _line(call: Mapping[str, Any], request: Request) -> dict[str, Any]:
    body: CallsQueryReq = request.body
    return call_schema({**call, **call.get("expanded", {})}, body.project_id, body.columns)


def _writers(request: Request) -> Writers:
    return {"Call": call_writer(request.body.columns)}


def _stats(request: Request) -> Variables:
    body: CallsQueryStatsReq = request.body
    return {
        "project": body.project_id,
        "filter": filter_input(body.filter),
        "query": query_json(body.query),
        "expand": body.expand_columns or [],
        "limit": body.limit,
        "totalStorageSize": bool(body.include_total_storage_size),
    }


def _stats_answer(data: Data, request: Request) -> dict[str, Any]:
    connection = _connection(data) or {"totalCount": 0, "totalStorageSizeBytes": 0}
    total = connection["totalStorageSizeBytes"] if request.body.include_total_storage_size else None
    return {"count": connection["totalCount"], "total_storage_size_bytes": total}


ENDPOINTS = [
    Endpoint(
        "/calls/stream_query",
        "weave/calls_page",
        "Calls by filter, query, sort, page; answered as JSON lines.",
        model=CallsQueryReq,
        variables=_page,
        stream=Stream(connection=_connection, line=_line),
        writers=_writers,
    ),
    Endpoint(
        "/calls/query",
        "weave/calls_page",
        "The same calls as one JSON document.",
        model=CallsQueryReq,
        variables=_page,
        stream=Stream(connection=_connection, line=_line, member="calls"),
        writers=_writers,
    ),
    Endpoint(
        "/calls/query_stats",
        "weave/calls_stats",
        "How many calls match, and on request their stored bytes.",
        model=CallsQueryStatsReq,
        variables=_stats,
        respond=_stats_answer,
    ),
]

"""Recording, reading, renaming and deleting calls."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from graph.encoding import Spliced
from graph.written import Written
from resolvers.errors import InvalidInputError
from rest_compat.json_fields import JSONAny, JSONObject
from rest_compat.registry import Data, Endpoint, Request, Variables
from rest_compat.weave.call_lines import call_writer
from rest_compat.weave.call_schema import call_schema, selection
from rest_compat.weave.models import Open, Strict, microseconds

__all__ = ["ENDPOINTS"]

# A whole number that both databases hold.
Step = Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)]


class StartedCall(Open):
    """StartedCallSchemaForInsert of seed 001."""

    project_id: str
    id: str | None = None
    op_name: str
    display_name: str | None = None
    trace_id: str | None = None
    parent_id: str | None = None
    thread_id: str | None = None
    turn_id: str | None = None
    started_at: datetime
    attributes: JSONObject
    inputs: JSONObject
    wb_user_id: str | None = None
    wb_run_id: str | None = None
    wb_run_step: Step | None = None


class EndedCall(Open):
    """EndedCallSchemaForInsert of seed 001."""

    project_id: str
    id: str
    ended_at: datetime
    exception: str | None = None
    output: JSONAny | None = None
    summary: JSONObject
    wb_run_step_end: Step | None = None


class CompletedCall(StartedCall):
    """A call that is over, as the newer SDKs send it to ``/v2/.../calls/complete``."""

    id: str
    trace_id: str
    ended_at: datetime
    exception: str | None = None
    output: JSONAny | None = None
    summary: JSONObject
    wb_run_step_end: Step | None = None


class CallStartReq(Strict):
    """Seed 000."""

    start: StartedCall


class CallEndReq(Strict):
    """Seed 000."""

    end: EndedCall


class CallBatchStartMode(Open):
    """Seed 000."""

    mode: Literal["start"] = "start"
    req: CallStartReq


class CallBatchEndMode(Open):
    """Seed 000."""

    mode: Literal["end"] = "end"
    req: CallEndReq


class CallCreateBatchReq(Strict):
    """Seed 000."""

    batch: list[CallBatchStartMode | CallBatchEndMode]


class CallsUpsertCompleteReq(Open):
    """What the SDKs from 0.52 on send."""

    batch: list[CompletedCall]


class CallReadReq(Strict):
    """Seed 000."""

    project_id: str
    id: str
    include_costs: bool | None = False
    include_storage_size: bool | None = False
    include_total_storage_size: bool | None = False


class CallUpdateReq(Strict):
    """Seed 000."""

    project_id: str
    call_id: str
    display_name: str | None = None
    wb_user_id: str | None = None


class CallsDeleteReq(Strict):
    """Seed 000."""

    project_id: str
    call_ids: list[str]
    wb_user_id: str | None = None


def start_input(start: StartedCall) -> Variables:
    """A start as the graph takes it."""
    return {
        "project": start.project_id,
        "callId": start.id,
        "opName": start.op_name,
        "displayName": start.display_name,
        "traceId": start.trace_id,
        "parentId": start.parent_id,
        "threadId": start.thread_id,
        "turnId": start.turn_id,
        "startedAt": microseconds(start.started_at),
        "attributes": start.attributes,
        "inputs": start.inputs,
        "wbUserId": start.wb_user_id,
        "wbRunId": start.wb_run_id,
        "wbRunStep": start.wb_run_step,
    }


def _outcome(end: EndedCall | CompletedCall) -> Variables:
    return {
        "endedAt": microseconds(end.ended_at),
        "output": end.output,
        "summary": end.summary,
        "exception": end.exception,
        "wbRunStepEnd": end.wb_run_step_end,
    }


def end_input(end: EndedCall) -> Variables:
    """An end as the graph takes it."""
    return {"project": end.project_id, "callId": end.id, **_outcome(end)}


def _batch_item(item: CallBatchStartMode | CallBatchEndMode) -> Variables:
    return {"start": start_input(item.req.start)} if item.mode == "start" else {"end": end_input(item.req.end)}


def _recorded(result: Data) -> dict[str, Any]:
    """CallStartRes for a start, CallEndRes, which is empty, for an end."""
    if result["traceId"] is None:
        return {}
    return {"id": result["callId"], "trace_id": result["traceId"]}


def _in_path(project_id: str, request: Request) -> str:
    """The project of an item, which must be the one in the path."""
    path = f"{request.path['entity']}/{request.path['project']}"
    if project_id != path:
        raise InvalidInputError(f"project_id {project_id!r} is not the project of the path, {path!r}", ["project_id"])
    return project_id


def _complete_items(request: Request) -> Variables:
    items = []
    for call in request.body.batch:
        _in_path(call.project_id, request)
        items.append({"complete": {**start_input(call), **_outcome(call)}})
    return {"items": items}


def _start_in_path(request: Request) -> Variables:
    _in_path(request.body.start.project_id, request)
    return {"input": start_input(request.body.start)}


def _end_in_path(request: Request) -> Variables:
    _in_path(request.body.end.project_id, request)
    return {"input": end_input(request.body.end)}


def _rename(request: Request) -> Variables:
    body: CallUpdateReq = request.body
    if body.display_name is None:
        raise InvalidInputError("One of [display_name] is required for call update", ["display_name"])
    return {"input": {"project": body.project_id, "callId": body.call_id, "displayName": body.display_name}}


def _read(request: Request) -> Variables:
    body: CallReadReq = request.body
    return {
        "project": body.project_id,
        "callId": body.id,
        **selection(
            None,
            costs=bool(body.include_costs),
            storage_size=bool(body.include_storage_size),
            total_storage_size=bool(body.include_total_storage_size),
        ),
    }


def _read_answer(data: Data, request: Request) -> dict[str, Any]:
    call = data["project"] and data["project"]["call"]
    if isinstance(call, Written):
        return {"call": Spliced(call[0].decode())}
    return {"call": call_schema(call, request.body.project_id) if call else None}


ENDPOINTS = [
    Endpoint(
        "/call/start",
        "weave/call_start",
        "Start a call; the server makes `id` and `trace_id` when they are missing.",
        model=CallStartReq,
        variables=lambda request: {"input": start_input(request.body.start)},
        respond=lambda data, _request: _recorded(data["callStart"]),
    ),
    Endpoint(
        "/call/end",
        "weave/call_end",
        "End a call: end time, output, exception, summary.",
        model=CallEndReq,
        variables=lambda request: {"input": end_input(request.body.end)},
    ),
    Endpoint(
        "/call/upsert_batch",
        "weave/calls_upsert",
        "A batch of starts and ends, in order; one result an item.",
        model=CallCreateBatchReq,
        variables=lambda request: {"items": [_batch_item(item) for item in request.body.batch]},
        respond=lambda data, _request: {"res": [_recorded(result) for result in data["callsUpsert"]["results"]]},
    ),
    Endpoint(
        "/v2/{entity}/{project}/calls/complete",
        "weave/calls_upsert",
        "A batch of calls that are over.",
        model=CallsUpsertCompleteReq,
        variables=_complete_items,
    ),
    Endpoint(
        "/v2/{entity}/{project}/call/start",
        "weave/call_start",
        "Start a call whose start is to be seen at once.",
        model=CallStartReq,
        variables=_start_in_path,
        respond=lambda data, _request: _recorded(data["callStart"]),
    ),
    Endpoint(
        "/v2/{entity}/{project}/call/end",
        "weave/call_end",
        "End such a call.",
        model=CallEndReq,
        variables=_end_in_path,
    ),
    Endpoint(
        "/call/update",
        "weave/call_update",
        "Change the display name of a call.",
        model=CallUpdateReq,
        variables=_rename,
    ),
    Endpoint(
        "/call/read",
        "weave/call_read",
        "One call by id; `call` is null when there is none.",
        model=CallReadReq,
        variables=_read,
        respond=_read_answer,
        writers=lambda _request: {"Call": call_writer()},
    ),
    Endpoint(
        "/calls/delete",
        "weave/calls_delete",
        "Delete calls with all their descendants.",
        model=CallsDeleteReq,
        variables=lambda request: {"input": {"project": request.body.project_id, "callIds": request.body.call_ids}},
        respond=lambda data, _request: {"num_deleted": data["callsDelete"]["deletedCount"]},
    ),
]

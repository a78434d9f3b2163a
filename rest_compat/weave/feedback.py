"""Giving, reading, replacing and purging feedback."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from graph.json_text import JSONText, dump_json
from rest_compat.json_fields import JSONObject
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, connection_of, first_page
from rest_compat.weave.feedback_schema import check_fields, feedback_schema, selection
from rest_compat.weave.models import Query, SortBy, Strict, order_by, query_json

__all__ = ["ENDPOINTS"]


class ScorerDetails(Strict):
    """What the SDKs from 0.52 on send beside the documented fields; most of it only for scorers of agents."""

    scorer_tags: list[str] = Field(default_factory=list)
    scorer_tag_reasons: dict[str, str] = Field(default_factory=dict)
    scorer_tag_confidences: dict[str, float] = Field(default_factory=dict)
    scorer_ratings: dict[str, float] = Field(default_factory=dict)
    scorer_rating_reasons: dict[str, str] = Field(default_factory=dict)
    scorer_rating_confidences: dict[str, float] = Field(default_factory=dict)
    scorer_trace_id: str = ""
    span_agent_name: str = ""
    span_agent_version: str = ""
    span_status_code: str = "UNSET"
    span_conversation_id: str = ""
    span_trace_id: str = ""


class FeedbackCreateReq(ScorerDetails):
    """Seeds 000 and 001."""

    id: str | None = None
    project_id: str
    weave_ref: str
    creator: str | None = None
    feedback_type: str
    payload: JSONObject
    annotation_ref: str | None = None
    runnable_ref: str | None = None
    call_ref: str | None = None
    trigger_ref: str | None = None
    queue_id: str | None = None
    wb_user_id: str | None = None


class FeedbackCreateBatchReq(Strict):
    """Seed 001."""

    batch: list[FeedbackCreateReq]


class FeedbackReplaceReq(FeedbackCreateReq):
    """Seeds 000 and 001."""

    feedback_id: str


class FeedbackPurgeReq(Strict):
    """Seeds 000, 001 and 002."""

    project_id: str
    query: Query


class FeedbackQueryReq(Strict):
    """Seeds 000 and 001."""

    project_id: str
    fields: list[str] | None = None
    query: Query | None = None
    sort_by: list[SortBy] | None = None
    limit: int | None = None
    offset: int | None = None


def _details(body: ScorerDetails) -> JSONText | None:
    """What is not at its default; null where that is nothing."""
    fields = ScorerDetails.model_fields
    said = {
        name: value
        for name, field in fields.items()
        if (value := getattr(body, name)) != field.get_default(call_default_factory=True)
    }
    return dump_json(said) if said else None


def _input(body: FeedbackCreateReq) -> Variables:
    return {
        "project": body.project_id,
        "targetRef": body.weave_ref,
        "feedbackType": body.feedback_type,
        "payload": body.payload,
        "feedbackId": body.id,
        "creator": body.creator,
        "annotationRef": body.annotation_ref,
        "runnableRef": body.runnable_ref,
        "callRef": body.call_ref,
        "triggerRef": body.trigger_ref,
        "queueId": body.queue_id,
        "details": _details(body),
        "wbUserId": body.wb_user_id,
    }


def _created(result: Data) -> dict[str, Any]:
    return {
        "id": result["feedbackId"],
        "created_at": result["createdAt"],
        "wb_user_id": result["wbUserId"],
        "payload": result["payload"],
    }


def _purge(request: Request) -> Variables:
    body: FeedbackPurgeReq = request.body
    return {"input": {"project": body.project_id, "queryJson": query_json(body.query)}}


def _page(request: Request) -> Variables:
    body: FeedbackQueryReq = request.body
    check_fields(body.fields)
    return {
        "project": body.project_id,
        "query": query_json(body.query),
        "orderBy": order_by(body.sort_by),
        **first_page(request),
        **selection(body.fields),
    }


def _row(node: Mapping[str, Any], request: Request) -> dict[str, Any]:
    return feedback_schema(node, request.body.project_id, request.body.fields)


ENDPOINTS = [
    Endpoint(
        "/feedback/create",
        "weave/feedback_create",
        "Give feedback on a call or an object.",
        model=FeedbackCreateReq,
        variables=lambda request: {"input": _input(request.body)},
        respond=lambda data, _request: _created(data["feedbackCreate"]),
    ),
    Endpoint(
        "/feedback/batch/create",
        "weave/feedback_create_batch",
        "Give several pieces of feedback, all of them or none.",
        model=FeedbackCreateBatchReq,
        variables=lambda request: {"items": [_input(item) for item in request.body.batch]},
        respond=lambda data, _request: {"res": [_created(item) for item in data["feedbackCreateBatch"]["results"]]},
    ),
    Endpoint(
        "/feedback/query",
        "weave/feedback_page",
        "Feedback by query, sort, page; `fields` picks columns and paths into the payload.",
        model=FeedbackQueryReq,
        variables=_page,
        stream=Stream(connection=connection_of("feedback"), line=_row, member="result"),
    ),
    Endpoint(
        "/feedback/purge",
        "weave/feedback_purge",
        "Delete feedback for good, by a query that a field narrows.",
        model=FeedbackPurgeReq,
        variables=_purge,
    ),
    Endpoint(
        "/feedback/replace",
        "weave/feedback_replace",
        "Purge one piece of feedback by id and give another, both or neither.",
        model=FeedbackReplaceReq,
        variables=lambda request: {"feedbackId": request.body.feedback_id, "input": _input(request.body)},
        respond=lambda data, _request: _created(data["feedbackReplace"]),
    ),
]

"""Evaluating models, and how evaluations stand."""

from typing import Any

from rest_compat.registry import Data, Endpoint, Request, Variables
from rest_compat.weave.models import Strict

__all__ = ["ENDPOINTS"]


class EvaluateModelReq(Strict):
    """Seed 001."""

    project_id: str
    evaluation_ref: str
    model_ref: str
    wb_user_id: str | None = None


class EvaluationStatusReq(Strict):
    """Seed 001."""

    project_id: str
    call_id: str


def _input(request: Request) -> Variables:
    body: EvaluateModelReq = request.body
    return {
        "input": {
            "project": body.project_id,
            "evaluationRef": body.evaluation_ref,
            "modelRef": body.model_ref,
            "wbUserId": body.wb_user_id,
        }
    }


def _status(data: Data, _request: Request) -> dict[str, Any]:
    # Nothing was ever written to a project that is not there.
    found = (data["project"] and data["project"]["evaluationStatus"]) or {"__typename": "EvaluationNotFound"}
    match found["__typename"]:
        case "EvaluationRunning":
            counts = {"completed_rows": found["completedRows"], "total_rows": found["totalRows"]}
            return {"status": {"code": "running", **counts}}
        case "EvaluationFailed":
            return {"status": {"code": "failed", "error": found["error"]}}
        case "EvaluationComplete":
            return {"status": {"code": "complete", "output": found["output"]}}
        case _:
            return {"status": {"code": "not_found"}}


ENDPOINTS = [
    Endpoint(
        "/evaluations/evaluate_model",
        "weave/model_evaluate",
        "Begin to evaluate a model in the background; answers the evaluation's call.",
        model=EvaluateModelReq,
        variables=_input,
        respond=lambda data, _request: {"call_id": data["modelEvaluate"]["callId"]},
    ),
    Endpoint(
        "/evaluations/status",
        "weave/evaluation_status",
        "How an evaluation stands: not found, running with its rows, failed, or complete with its summary.",
        model=EvaluationStatusReq,
        variables=lambda request: {"project": request.body.project_id, "callId": request.body.call_id},
        respond=_status,
    ),
]

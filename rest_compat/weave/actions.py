"""Actions."""

from rest_compat.registry import Endpoint, Request, Variables
from rest_compat.weave.models import Strict

__all__ = ["ENDPOINTS"]


class ActionsExecuteBatchReq(Strict):
    """Seed 001."""

    project_id: str
    action_ref: str
    call_ids: list[str]
    wb_user_id: str | None = None


def _input(request: Request) -> Variables:
    body: ActionsExecuteBatchReq = request.body
    return {
        "input": {
            "project": body.project_id,
            "actionRef": body.action_ref,
            "callIds": body.call_ids,
            "wbUserId": body.wb_user_id,
        }
    }


ENDPOINTS = [
    Endpoint(
        "/actions/execute_batch",
        "weave/actions_execute",
        "Run an action on calls, with its results as feedback on them.",
        model=ActionsExecuteBatchReq,
        variables=_input,
    ),
]

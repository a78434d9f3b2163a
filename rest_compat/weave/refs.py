"""Reading what refs point to."""

from rest_compat.registry import Endpoint
from rest_compat.weave.models import Strict

__all__ = ["ENDPOINTS"]


class RefsReadBatchReq(Strict):
    """Seed 000."""

    refs: list[str]


ENDPOINTS = [
    Endpoint(
        "/refs/read_batch",
        "weave/refs_read",
        "Values of a list of refs, in the order asked; null for what is deleted.",
        model=RefsReadBatchReq,
        variables=lambda request: {"uris": request.body.refs},
        respond=lambda data, _request: {"vals": [found and found["value"] for found in data["refs"]]},
    ),
]

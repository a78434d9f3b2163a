"""How Weave's API says no: ``{"reason": ...}`` with a status, or ``detail`` for a malformed body."""

from collections.abc import Sequence

from starlette.responses import Response

from resolvers.errors import RefusalCode
from rest_compat.bodies import InvalidBodyError
from rest_compat.dialects import Problem, encode
from rest_compat.registry import Endpoint
from rest_compat.weave.endpoints import ENDPOINTS

__all__ = ["STATUS", "WeaveDialect"]

STATUS = {
    RefusalCode.INVALID_INPUT: 400,
    RefusalCode.INVALID_NAME: 422,
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.DELETED: 404,
    RefusalCode.CONFLICT: 409,
    RefusalCode.TOO_LARGE: 413,
    # No 5xx: clients send again what fails so, and it would be as slow.
    RefusalCode.TOO_SLOW: 400,
    RefusalCode.FORBIDDEN: 403,
    RefusalCode.NOT_CONFIGURED: 501,
    RefusalCode.UNAVAILABLE: 503,
    RefusalCode.PROVIDER_FAILED: 502,
}

_BODY_FIELDS = {"queryJson": "query", "orderBy": "sort_by"}
"""Arguments of the graph under the name that the body has for them."""


class WeaveDialect:
    """W&B Weave."""

    endpoints: Sequence[Endpoint] = ENDPOINTS
    project = ""

    def invalid(self, error: InvalidBodyError) -> Response:
        """HTTPValidationError of seed 000."""
        return _json(422, {"detail": error.errors})

    def refused(self, problem: Problem) -> Response:
        """``reason`` with a status; a query that cannot be is a malformed body to Weave."""
        if problem.code is RefusalCode.INVALID_QUERY:
            argument, *path = problem.field
            loc = ["body", _BODY_FIELDS.get(str(argument), argument), *path]
            return _json(422, {"detail": [{"type": "query_invalid", "loc": loc, "msg": problem.message}]})
        return _json(STATUS[problem.code], {"reason": problem.message, **problem.details})

    def too_large(self, limit: int) -> Response:
        """The status that makes the SDK split its batch."""
        return _json(413, {"reason": f"Request too large: at most {limit} bytes"})

    def unsupported(self, message: str) -> Response:
        """Only exports of spans have types to choose from."""
        return _json(415, {"reason": message})

    def failed(self) -> Response:
        """What happened is in the log."""
        return _json(500, {"reason": "Internal server error"})


def _json(status: int, content: object) -> Response:
    return Response(encode(content), status, media_type="application/json")

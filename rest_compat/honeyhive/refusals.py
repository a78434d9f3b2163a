"""Refusals of endpoints whose documents say 400 of everything that cannot be answered, with a phrase of their own."""

import json
from collections.abc import Callable

from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from rest_compat.dialects import encode

__all__ = ["failing", "taken"]


def failing(phrase: str) -> Callable[[HTTPRequest, Response], Response]:
    """An ``Endpoint.refuse`` for a documented 400: what is not there is a 400 too, and messages begin with ``phrase``.

    Statuses that no document speaks of (413, 500) stay as they are.
    """

    def refuse(_http: HTTPRequest, answer: Response) -> Response:
        if answer.status_code not in {400, 404}:
            return answer
        said = json.loads(bytes(answer.body))
        content = {**said, "message": f"{phrase}: {said['message']}"}
        return Response(encode(content), 400, media_type="application/json")

    return refuse


def taken(_http: HTTPRequest, answer: Response) -> Response:
    """An ``Endpoint.refuse`` where the document knows no 409: a name that is taken is a 400."""
    if answer.status_code != 409:
        return answer
    return Response(answer.body, 400, media_type="application/json")

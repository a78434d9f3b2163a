"""Bodies of requests, within limits."""

from io import BytesIO

from starlette.requests import Request
from starlette.types import Message

__all__ = ["BodyTooLargeError", "check_length", "counted", "read_body"]


class BodyTooLargeError(Exception):
    """The body has more bytes than ``limit``."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


async def read_body(http: Request, limit: int) -> bytes:
    """The whole body; more than ``limit`` bytes are not read."""
    check_length(http, limit)
    body = BytesIO()  # which gives away what it holds: joining chunks would have them twice
    async for chunk in http.stream():
        body.write(chunk)
        if body.tell() > limit:
            raise BodyTooLargeError(limit)
    return body.getvalue()


def check_length(http: Request, limit: int) -> None:
    """Refuse a body whose header says that it is too long."""
    declared = http.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLargeError(limit)


def counted(http: Request, limit: int) -> Request:
    """The request, whose body cannot be read past ``limit`` bytes."""
    total = 0

    async def receive() -> Message:
        nonlocal total
        message = await http.receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise BodyTooLargeError(limit)
        return message

    return Request(http.scope, receive)

# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""How the program tells what it saw: JSON values that do not change from run to run."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Captured", "plain", "refused", "seen"]


class Captured(logging.Handler):
    """Keeps each record of WARNING or above once, however many loggers it passes."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self.seen: set[int] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{record.name} {record.levelname}: {record.getMessage()}"
        # The SDK reports to its maker's error service, which is none of the server's business.
        if id(record) not in self.seen and "sentry.io" not in line:
            self.seen.add(id(record))
            self.lines.append(line)


def plain(value: Any) -> Any:
    """The value as JSON would hold it: the SDK's traced containers become dicts and lists, refs their URI."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "uri"):
        return value.uri() if callable(value.uri) else value.uri
    return type(value).__name__


def error(exception: str | None) -> list[str] | None:
    """Type and message of an exception as the SDK records it, without its traceback."""
    if exception is None:
        return None
    recorded = json.loads(exception)
    return [recorded["type"], recorded["message"]]


def seen(call: Any) -> dict[str, Any]:
    """The facts of a call read back that do not change from run to run."""
    status = call.summary["weave"]["status"]
    return {
        "op": call.func_name,
        "name": call.display_name,
        "inputs": plain(call.inputs),
        "output": plain(call.output),
        "error": error(call.exception),
        "status": str(getattr(status, "value", status)),
        "ended": call.ended_at is not None and call.ended_at >= call.started_at,
    }


def refused(action: Callable[[], Any]) -> str:
    """The name of the exception that the action ends in."""
    try:
        action()
    except Exception as error:  # noqa: BLE001 -- which one it is differs, and is the fact
        return type(error).__name__
    return "nothing raised"

"""The completion that the chunks of a stream add up to."""

from typing import Any

from db.json_text import JSONValue

__all__ = ["Accumulated"]

_SAID_ONCE = {"role", "id", "type", "index"}
"""Text that some providers repeat in every chunk; all other text comes in pieces."""


class Accumulated:
    """Chunks of a chat completion, put together as they come."""

    def __init__(self) -> None:
        self._fields: dict[str, JSONValue] = {}
        self._choices: dict[int, dict[str, JSONValue]] = {}

    def add(self, chunk: dict[str, JSONValue]) -> None:
        """Take the next chunk."""
        # The last value that says something counts: usage comes with the last chunk, and is null before.
        self._fields.update({name: value for name, value in chunk.items() if name != "choices" and value is not None})
        for part in chunk.get("choices") or ():
            if not isinstance(part, dict):
                continue
            index = part.get("index", 0)
            choice = self._choices.setdefault(
                index, {"index": index, "message": {"role": "assistant", "content": None}, "finish_reason": None}
            )
            for name, value in part.items():
                if name == "delta":
                    _merge(choice["message"], value if isinstance(value, dict) else {})
                elif value is not None:
                    choice[name] = value

    def completion(self) -> dict[str, JSONValue] | None:
        """What has come so far, in the shape of an answer that is not streamed; None before the first chunk."""
        if not self._fields and not self._choices:
            return None
        choices = [self._choices[index] for index in sorted(self._choices)]
        return {**self._fields, "object": "chat.completion", "choices": choices}


def _merge(into: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        known = into.get(name)
        if value is None:
            into.setdefault(name, None)
        elif isinstance(value, str) and isinstance(known, str) and name not in _SAID_ONCE:
            into[name] = known + value
        elif isinstance(value, dict) and isinstance(known, dict):
            _merge(known, value)
        elif isinstance(value, list):
            into[name] = _merged_list(known if isinstance(known, list) else [], value)
        else:
            into[name] = value


def _merged_list(known: list[Any], items: list[Any]) -> list[Any]:
    """Items with an ``index`` go on where an earlier chunk left them: calls of tools."""
    by_index = {item["index"]: item for item in known if isinstance(item, dict) and "index" in item}
    merged = list(known)
    for item in items:
        if isinstance(item, dict) and item.get("index") in by_index:
            _merge(by_index[item["index"]], item)
        else:
            merged.append(item)
            if isinstance(item, dict) and "index" in item:
                by_index[item["index"]] = item
    return merged

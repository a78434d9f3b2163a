"""Calls as Weave's ``CallSchema``, written straight from their rows (``graph.written``).

What is written is what ``rest_compat.weave.call_schema`` makes of the same calls as GraphQL gives them, byte for byte.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from graph.encoding import encode
from graph.scalars import format_time
from graph.written import Writer
from resolvers.calls.read import CallStatus
from rest_compat.weave.call_schema import PLAIN, beside, name_of, roots_of, with_derived

__all__ = ["call_writer"]

Fragment = orjson.Fragment

_STATUSES = frozenset(map(str, CallStatus))
_NEEDED = ("callId", "projectSlug", "opName", "traceId", "startedAt", "status", "displayName", "latencyMs")
_EMPTY = Fragment("{}")
_COLUMNS = [name for name in PLAIN if name != "deleted_at"]
"""Of a call that was deleted nothing is shown."""


def call_writer(columns: Collection[str] | None = None) -> Writer:
    """Writes calls with these columns of CallSchema, or with all."""
    roots = roots_of(columns)

    def write(rows: Sequence[Any], places: Mapping[str, int]) -> list[bytes]:
        return _lines(rows, _picker(tuple(places.items()), roots), places)

    return write


@lru_cache(maxsize=256)
def _picker(places: tuple[tuple[str, int], ...], roots: frozenset[str] | None) -> Callable[[Any], Any]:
    """What takes the values that a line is made of out of a row with a None behind it, for those not asked for."""
    at = dict(places)
    if not at.keys() >= set(_NEEDED):
        raise ValueError("the operation does not select what every line needs")
    fields = [PLAIN[name] if roots is None or name in roots else "" for name in _COLUMNS]
    derived = ("status", "latencyMs", "displayName", "opName", "storageSizeBytes")
    return itemgetter(*(at.get(field, -1) for field in (*fields, *derived)))


def _lines(rows: Sequence[Any], pick: Callable[[Any], Any], places: Mapping[str, int]) -> list[bytes]:
    no_attributes, no_inputs = "attributes" not in places, "inputs" not in places
    lines: list[bytes] = []
    trace_names: dict[str, str] = {}
    named: str | None
    for (
        call_id, project, op_name, display_name, trace_id, parent_id, thread_id, turn_id, started_at, attributes,
        inputs, ended_at, exception, output, summary, user_id, run_id, step, step_end,
        status, latency, name, full_name, size,
    ) in (pick((*row, None)) for row in rows):  # fmt: skip
        if status not in _STATUSES or op_name is None or trace_id is None or started_at is None:
            raise ValueError("a call without what every call has")
        if not ((no_attributes or attributes is not None) and (no_inputs or inputs is not None)):
            raise ValueError("a call without the payloads that every call has")
        if name:
            named = f'"display_name":{encode(name).decode()}'
        elif (named := trace_names.get(full_name)) is None:
            named = trace_names[full_name] = f'"trace_name":{encode(name_of(full_name)).decode()}'
        took = "" if latency is None else f'"latency_ms":{int(latency)},'
        if summary is not None and '"weave"' in summary:
            derived = {"status": status} | ({} if latency is None else {"latency_ms": int(latency)})
            derived |= {"display_name": name} if name else {"trace_name": name_of(full_name)}
            told = with_derived(summary, derived)
        else:
            told = beside("{}" if summary is None else summary, f'{{"status":"{status}",{took}{named}}}')
        line = {
            "id": call_id,
            "project_id": project,
            "op_name": op_name,
            "display_name": display_name,
            "trace_id": trace_id,
            "parent_id": parent_id,
            "thread_id": thread_id,
            "turn_id": turn_id,
            "started_at": format_time(started_at),
            "attributes": _EMPTY if attributes is None else Fragment(attributes),
            "inputs": _EMPTY if inputs is None else Fragment(inputs),
            "ended_at": None if ended_at is None else format_time(ended_at),
            "exception": exception,
            "output": None if output is None else Fragment(output),
            "summary": Fragment(told),
            "wb_user_id": user_id,
            "wb_run_id": run_id,
            "wb_run_step": step,
            "wb_run_step_end": step_end,
            "deleted_at": None,
            "storage_size_bytes": size,
            "total_storage_size_bytes": None,
        }
        try:
            lines.append(orjson.dumps(line))
        except orjson.JSONEncodeError:  # a lone surrogate
            lines.append(encode(line))
    return lines

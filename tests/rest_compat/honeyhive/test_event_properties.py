"""Filters find an event as what it reads as: SQL on both databases against a plain look at the exported events."""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples

OPERATORS = [
    "exists", "not exists", "is", "is not", "contains", "not contains", "greater than", "less than", "after", "before",
]  # fmt: skip
SECTIONS = ["config", "inputs", "outputs", "metadata", "metrics", "feedback", "user_properties"]
COLUMNS = ["event_type", "event_name", "source", "error", "event_id", "parent_id", "start_time", "end_time", "duration"]
TIMES = {"start_time", "end_time"}

# ---- what is recorded

WORDS = [
    "", "a", "A", "ü", "7", "0.5", "-1e2", "true", "1", "abc", "x y", "null", "\u0000", "'; --", "model",
    "1767225600000", "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00.250+01:00", "2026-01-01 00:00",
    "2026-13-01",
]  # fmt: skip
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.sampled_from([0.5, 7.25, 1767225600000, 2**62]),
    st.sampled_from(WORDS),
)
keys = st.sampled_from(["a", "b", "a.b", "b.c", "c", "0", "n"])
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(keys, inner, max_size=2)),
    max_leaves=4,
)
sections = st.dictionaries(keys, values, max_size=3)
events = st.fixed_dictionaries(
    {"event_type": st.sampled_from(["model", "tool", "chain", "session"]), "inputs": sections},
    optional={
        "event_name": st.sampled_from(["ask", "Ask", "tell"]),
        "source": st.sampled_from(["sdk", "unknown"]),
        "error": st.sampled_from(["boom", "ValueError: no", '{"type": "E", "message": "m"}']),
        "start_time": st.integers(1767225599990, 1767225600010),
        "duration": st.sampled_from([0, 5, 0.5, 7]),
        **{name: sections for name in SECTIONS if name != "inputs"},
    },
)
calls = st.fixed_dictionaries(
    {"attributes": st.dictionaries(keys, values, max_size=2), "inputs": sections},
    optional={
        "kind": st.sampled_from(["llm", "retriever", "agent", "guardrail"]),
        "output": values,
        "exception": st.sampled_from(["boom", '{"type": "KeyError", "message": "k"}']),
        "tokens": st.integers(1, 9),
    },
)

# ---- what is asked

paths = st.builds(
    lambda section, parts: ".".join([section, *parts]),
    st.sampled_from([*SECTIONS, "metadata", "inputs", "outputs"]),
    st.lists(
        st.sampled_from(["a", "b", "c", "n", "0", "result", "total_tokens", "model", r"a\.b"]), min_size=1, max_size=3
    ),
)
filters = st.fixed_dictionaries(
    {
        "field": st.one_of(paths, paths, st.sampled_from(COLUMNS)),
        "operator": st.sampled_from(OPERATORS),
        "value": scalars,
        "type": st.sampled_from([None, "string", "number", "boolean", "datetime"]),
    }
)

# ---- the rules, in plain Python


def text_of(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def number_of(value: Any) -> float | None:
    match value:
        case bool():
            return int(value)
        case int() | float():
            return value
        case str() if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", value):
            return json.loads(value)  # type: ignore[no-any-return]
        case _:
            return None


def truth_of(value: Any) -> bool | None:
    known = {"true": True, "1": True, "false": False, "0": False}
    if isinstance(value, str):
        return known.get(value)
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def moment_of(value: Any) -> float | None:
    """Unix milliseconds."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and number_of(value) is None:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
    return number_of(value)


def ways_of(parts: list[str]) -> Iterator[list[str]]:
    for size in range(len(parts) - 1, -1, -1):
        for cut in combinations(range(1, len(parts)), size):
            ends = (*cut, len(parts))
            yield [".".join(parts[start:end]) for start, end in zip((0, *cut), ends, strict=True)]


def member_of(event: dict[str, Any], field: str) -> Any:
    section, *parts = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", field)]
    if not parts:
        return event.get(section)
    for way in ways_of(parts):
        value = event[section]
        for part in way:
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                break
        else:
            return value
    return None


class RefusedError(Exception):
    """The filter cannot be."""


def needed(value: Any) -> Any:
    if value is None:
        raise RefusedError
    return value


def holds(event: dict[str, Any], asked: dict[str, Any]) -> bool:
    operator = asked["operator"]
    if operator.startswith("not ") or operator == "is not":
        positive = {"not exists": "exists", "is not": "is", "not contains": "contains"}[operator]
        return not holds(event, {**asked, "operator": positive})
    held, value, kind = member_of(event, asked["field"]), asked["value"], asked["type"]
    timed = asked["field"] in TIMES or kind == "datetime"
    if operator == "exists":
        return held is not None
    if value is None:
        if operator == "is":
            return held is None
        raise RefusedError
    if operator == "contains":
        if asked["field"] in TIMES and held is not None:
            held = f"{datetime.fromtimestamp(held / 1000, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        return held is not None and text_of(value) in text_of(held)
    if operator in {"after", "before"} or (timed and operator != "is"):
        return ordered(operator in {"after", "greater than"}, moment_of(held), needed(moment_of(value)))
    if operator in {"greater than", "less than"}:
        if isinstance(value, bool):
            raise RefusedError
        return ordered(operator == "greater than", number_of(held), needed(number_of(value)))
    if timed:
        return bool(needed(moment_of(value)) == moment_of(held))
    kind = kind or {bool: "boolean", str: "string"}.get(type(value), "number")
    if kind == "boolean":
        known = truth_of(value.strip().lower() if isinstance(value, str) else value)
        return needed(known) is truth_of(held)
    if kind == "number":
        if isinstance(value, bool):
            raise RefusedError
        return bool(needed(number_of(value)) == number_of(held))
    return held is not None and text_of(held) == text_of(value)


def ordered(above: bool, held: float | None, value: float) -> bool:
    if held is None:
        return False
    return held > value if above else held < value


# ---- the property


def recorded(session: str, told: list[dict[str, Any]], called: list[dict[str, Any]]) -> tuple[Any, Any]:
    """The bodies of HoneyHive's and of Weave's batch."""
    batch = [{"session_id": session, "event_id": str(uuid.uuid4()), **event} for event in told]
    upserts = []
    for number, call_ in enumerate(called):
        call = {"project_id": "default/default", "id": f"{session}-{number}"}
        weave = {"weave": {"kind": call_["kind"]}} if "kind" in call_ else {}
        start = {
            **call,
            "trace_id": session,
            "op_name": f"op{number}",
            "started_at": f"2026-01-01T00:00:00.00{number}Z",
            "attributes": {**call_["attributes"], **weave},
            "inputs": call_["inputs"],
        }
        upserts.append({"mode": "start", "req": {"start": start}})
        usage = {"usage": {"m": {"prompt_tokens": call_["tokens"]}}} if "tokens" in call_ else {}
        end = {
            **call,
            "ended_at": "2026-01-01T00:00:01Z",
            "output": call_.get("output"),
            "exception": call_.get("exception"),
            "summary": usage,
        }
        upserts.append({"mode": "end", "req": {"end": end}})
    return {"events": batch}, {"batch": upserts}


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    told=st.lists(events, max_size=4),
    called=st.lists(calls, max_size=2),
    asked=st.lists(st.lists(filters, min_size=1, max_size=2), min_size=3, max_size=8),
)
def test_filters_find_events_as_what_they_read_as(
    shared_client: httpx.AsyncClient, portal: BlockingPortal, told: Any, called: Any, asked: Any
) -> None:
    session = str(uuid.uuid4())
    batch, upserts = recorded(session, told, called)

    async def post(path: str, body: Any) -> httpx.Response:
        return await shared_client.post(path, json=body)

    def export(*chosen: dict[str, Any]) -> httpx.Response:
        inside = {"field": "session_id", "operator": "is", "value": session, "type": "string"}
        response: httpx.Response = portal.call(post, "/v1/events/export", {"filters": [inside, *chosen]})
        return response

    if told:
        assert (answer := portal.call(post, "/v1/events/batch", batch)).status_code == 200, answer.text
    if called:
        assert (answer := portal.call(post, "/call/upsert_batch", upserts)).status_code == 200, answer.text
    everything = export().json()
    assert everything["count"] == len(everything["events"]) == len(told) + len(called)
    for chosen in asked:
        answer = export(*chosen)
        try:
            found = [e["event_id"] for e in everything["events"] if all(holds(e, each) for each in chosen)]
            for each in chosen:
                holds({name: {} for name in SECTIONS}, each)
        except RefusedError:
            assert answer.status_code == 400, chosen
        else:
            assert answer.status_code == 200, (chosen, answer.text)
            assert [event["event_id"] for event in answer.json()["events"]] == found, chosen

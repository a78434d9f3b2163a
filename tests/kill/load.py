"""Clients that write everything the server keeps, and remember what it acknowledged.

Each `Writer` is a thread with a connection of its own. It records an item after the answer 200 and not before, so what
it holds at the end is exactly what a server may not lose. `assert_nothing_lost` reads it back through REST.
"""

import base64
import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.processes import SECONDS

__all__ = ["PROJECT", "Acknowledged", "Load", "assert_nothing_lost", "digest"]

PROJECT = "team/durable"
STARTED = "2026-01-02T03:04:05.678901Z"
ENDED = "2026-01-02T03:04:06.678901Z"
CALLS = 40  # in a batch


def digest(content: bytes) -> str:
    """The content address that Weave gives these bytes."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().translate({45: "X", 95: "Y", 61: None})


@dataclass
class Acknowledged:
    """What was acknowledged, by kind."""

    started: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: dict[str, Any] = field(default_factory=dict)
    spans: list[str] = field(default_factory=list)
    objects: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[Any]] = field(default_factory=dict)
    feedback: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    unknown: list[list[str]] = field(default_factory=list)
    """Batches whose answer never came: each must be there as a whole or not at all."""


class Writer(threading.Thread):
    """Writes in rounds, one request of each kind, until the server is gone or the load has enough."""

    def __init__(self, url: str, number: int, load: "Load") -> None:
        super().__init__(name=f"writer-{number}")
        self._client = httpx.Client(base_url=url, timeout=SECONDS)
        self._number = number
        self._load = load
        self._open: list[str] = []
        self.failure: str | None = None

    def run(self) -> None:
        kinds: Sequence[Callable[[Acknowledged, int], None]] = (
            self._calls,
            self._complete,
            self._single,
            self._spans,
            self._object,
            self._feedback,
            self._table,
            self._file,
        )
        count = 0
        with self._client:
            while not self._load.finished(count):
                try:
                    kinds[(count + self._number) % len(kinds)](self._load.acknowledged, count)
                except (httpx.TransportError, AssertionError) as error:
                    # Once there is enough the server is killed: what was under way then was not acknowledged.
                    if not (isinstance(error, httpx.TransportError) and self._load.enough.is_set()):
                        self.failure = f"{type(error).__name__}: {error}"
                        self._load.enough.set()
                    return
                count += 1
                self._load.count_one()

    def _post(self, path: str, body: Any = None, **more: Any) -> Any:
        answer = self._client.post(path, json=body, **more)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.text[:500]}"
        return answer.json()

    def _start(self, call_id: str, count: int) -> dict[str, Any]:
        return {
            "project_id": PROJECT,
            "id": call_id,
            "trace_id": str(uuid.UUID(int=self._number)),
            "op_name": f"writer-{self._number}",
            "started_at": STARTED,
            "attributes": {"round": count},
            "inputs": {"text": f"{call_id} " * 40},
        }

    def _calls(self, acknowledged: Acknowledged, count: int) -> None:
        """A batch of starts, with the ends of the batch before it."""
        ids = [str(uuid.uuid4()) for _ in range(CALLS)]
        starts = [self._start(call_id, count) for call_id in ids]
        ends = [
            {"project_id": PROJECT, "id": call_id, "ended_at": ENDED, "output": {"of": call_id}, "summary": {}}
            for call_id in self._open
        ]
        batch = [{"mode": "start", "req": {"start": start}} for start in starts]
        batch += [{"mode": "end", "req": {"end": end}} for end in ends]
        try:
            self._post("/call/upsert_batch", {"batch": batch})
        except httpx.TransportError:
            acknowledged.unknown.append(ids)
            raise
        acknowledged.started |= {call_id: start["inputs"] for call_id, start in zip(ids, starts, strict=True)}
        acknowledged.ended |= {call_id: {"of": call_id} for call_id in self._open}
        self._open = ids

    def _complete(self, acknowledged: Acknowledged, count: int) -> None:
        ids = [str(uuid.uuid4()) for _ in range(CALLS)]
        batch = [
            {**self._start(call_id, count), "ended_at": ENDED, "output": [call_id], "summary": {}} for call_id in ids
        ]
        try:
            self._post(f"/v2/{PROJECT}/calls/complete", {"batch": batch})
        except httpx.TransportError:
            acknowledged.unknown.append(ids)
            raise
        acknowledged.started |= {call_id: call["inputs"] for call_id, call in zip(ids, batch, strict=True)}
        acknowledged.ended |= {call_id: [call_id] for call_id in ids}

    def _single(self, acknowledged: Acknowledged, count: int) -> None:
        """A start, and its end in a request of its own: with those of other writers they may be written as one."""
        call_id = str(uuid.uuid4())
        start = self._start(call_id, count)
        self._post("/call/start", {"start": start})
        acknowledged.started[call_id] = start["inputs"]
        end = {"project_id": PROJECT, "id": call_id, "ended_at": ENDED, "output": call_id, "summary": {}}
        self._post("/call/end", {"end": end})
        acknowledged.ended[call_id] = call_id

    def _spans(self, acknowledged: Acknowledged, count: int) -> None:
        ids = [uuid.uuid4().hex[:16] for _ in range(CALLS)]
        times = {"startTimeUnixNano": "1767225600000000000", "endTimeUnixNano": "1767225601000000000"}
        spans = [
            {"traceId": f"{self._number + 1:032x}", "spanId": span_id, "name": f"round-{count}", **times}
            for span_id in ids
        ]
        body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
        try:
            self._post("/otel/v1/traces", body, headers={"project_id": PROJECT})
        except httpx.TransportError:
            acknowledged.unknown.append(ids)
            raise
        acknowledged.spans += ids

    def _object(self, acknowledged: Acknowledged, count: int) -> None:
        value = {"writer": self._number, "count": count}
        name = f"object-{self._number}"
        answer = self._post("/obj/create", {"obj": {"project_id": PROJECT, "object_id": name, "val": value}})
        acknowledged.objects[f"weave:///{PROJECT}/object/{name}:{answer['digest']}"] = value

    def _feedback(self, acknowledged: Acknowledged, count: int) -> None:
        payload = {"writer": self._number, "count": count}
        feedback = {
            "project_id": PROJECT,
            "weave_ref": f"weave:///{PROJECT}/call/{uuid.UUID(int=self._number)}",
            "feedback_type": "durability",
            "payload": payload,
        }
        acknowledged.feedback[self._post("/feedback/create", feedback)["id"]] = payload

    def _table(self, acknowledged: Acknowledged, count: int) -> None:
        """A table, and the same with a row appended."""
        rows = [{"writer": self._number, "count": count, "row": row} for row in range(5)]
        base = self._post("/table/create", {"table": {"project_id": PROJECT, "rows": rows}})["digest"]
        acknowledged.tables[base] = rows
        more = {"writer": self._number, "count": count, "row": "appended"}
        update = {"project_id": PROJECT, "base_digest": base, "updates": [{"append": {"row": more}}]}
        acknowledged.tables[self._post("/table/update", update)["digest"]] = [*rows, more]

    def _file(self, acknowledged: Acknowledged, count: int) -> None:
        content = f"{self._number} {count} ".encode() * 40_000
        files = {"file": (f"file-{count}", content)}
        answer = self._post("/file/create", data={"project_id": PROJECT}, files=files)
        assert answer["digest"] == digest(content), answer
        acknowledged.files[answer["digest"]] = content


class Load:
    """Writers against one or more servers at once."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        writers: int,
        rounds: int | None = None,
        until: int = 0,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Each writer ends after `rounds` requests, or, without that, when its server is gone.

        When `until` requests have been acknowledged in all, the writer that got the last answer calls `then` before
        anything else: at that moment the others' requests are at every stage of their way.
        """
        self.acknowledged = Acknowledged()
        self.enough = threading.Event()
        self._rounds = rounds
        self._until = until
        self._then = then
        self._count = 0
        self._lock = threading.Lock()
        self._writers = [Writer(urls[number % len(urls)], number, self) for number in range(writers)]

    def start(self) -> None:
        for writer in self._writers:
            writer.start()

    def join(self) -> None:
        """Wait for the writers; raises AssertionError where one was refused."""
        for writer in self._writers:
            writer.join(SECONDS)
        assert [writer.failure for writer in self._writers if writer.failure] == []
        assert not any(writer.is_alive() for writer in self._writers)

    def finished(self, count: int) -> bool:
        return self._rounds is not None and count >= self._rounds

    def count_one(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == self._until:
                self.enough.set()
                self._then()


def assert_nothing_lost(client: httpx.Client, acknowledged: Acknowledged) -> None:
    """Every acknowledged write is read back through REST, value for value."""

    def post(path: str, body: Any) -> httpx.Response:
        answer = client.post(path, json={"project_id": PROJECT, **body})
        assert answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.text[:500]}"
        return answer

    lines = post("/calls/stream_query", {"columns": ["inputs", "output", "ended_at"]}).text.splitlines()
    calls = {call["id"]: call for call in map(json.loads, lines)}
    assert {call_id: calls[call_id]["inputs"] for call_id in acknowledged.started if call_id in calls} == (
        acknowledged.started
    )
    assert {call_id: calls[call_id].get("output") for call_id in acknowledged.ended} == acknowledged.ended
    assert {span_id for span_id in acknowledged.spans if calls.get(span_id, {}).get("ended_at") is None} == set()
    for batch in acknowledged.unknown:
        assert sum(call_id in calls for call_id in batch) in {0, len(batch)}, f"half a batch was kept: {batch}"

    refs = list(acknowledged.objects)
    for first in range(0, len(refs), 500):
        some = refs[first : first + 500]
        values = client.post("/refs/read_batch", json={"refs": some}).json()["vals"]
        assert dict(zip(some, values, strict=True)) == {ref: acknowledged.objects[ref] for ref in some}

    found = post("/feedback/query", {"fields": ["id", "payload"]}).json()["result"]
    payloads = {row["id"]: row["payload"] for row in found}
    assert {row: payloads.get(row) for row in acknowledged.feedback} == acknowledged.feedback

    for table, rows in acknowledged.tables.items():
        assert [row["val"] for row in post("/table/query", {"digest": table}).json()["rows"]] == rows, table
    for file, content in acknowledged.files.items():
        assert post("/file/content", {"digest": file}).content == content, file

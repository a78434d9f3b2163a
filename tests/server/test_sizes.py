"""The sizes that the server is built for, against the real process; `make test` runs them smaller, `-m big` in full."""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, make_url
from sqlalchemy.engine import Engine

from tests.conftest import running_app
from tests.processes import ServerProcess, started

PROJECT = "team/sizes"
MIB = 1 << 20


def sizes(small: int, full: int) -> pytest.MarkDecorator:
    """Parametrises `size`: the small one always, the full one where big tests run."""
    return pytest.mark.parametrize("size", [small, pytest.param(full, marks=pytest.mark.big)])


def digest(content: bytes) -> str:
    """Weave's content address of these bytes (findings/weave.md)."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().translate({45: "X", 95: "Y", 61: None})


def table_digest(rows: Iterable[Any]) -> str:
    whole = hashlib.sha256()
    for row in rows:
        whole.update(digest(json.dumps(row, sort_keys=True).encode()).encode())
    return whole.hexdigest()


def database_bytes(url: str) -> int:
    """How much the database holds, free pages left out."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database))) as connection:
            pages, free, size = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
            return int((pages - free) * size)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0])


@sizes(2 * MIB, 20 * MIB)
def test_a_large_call_comes_back_byte_for_byte(database_url: str, size: int) -> None:
    # Escapes, key order, a number with a last zero, one past 64 bits, text outside ASCII: all stays as it was sent.
    item = r'{"z":1.50,"t":"line \n \"quoted\" \u00e9 é 😀","a":12345678901234567890,"n":null}'
    inputs = '{"z":0,"list":[' + ",".join([item] * (size // len(item.encode()))) + '],"a":{}}'
    output = json.dumps("x" * size)
    call = (
        f'{{"project_id":"{PROJECT}","id":"large","trace_id":"t","op_name":"op","attributes":{{}},"summary":{{}},'
        '"started_at":"2026-01-01T00:00:00Z","ended_at":"2026-01-01T00:00:01Z",'
        f'"inputs":{inputs},"output":{output}}}'
    )
    with started(database_url) as server, server.client() as client:
        answer = client.post(f"/v2/{PROJECT}/calls/complete", content=f'{{"batch":[{call}]}}')
        assert answer.status_code == 200, answer.text[:500]
        read = client.post("/call/read", json={"project_id": PROJECT, "id": "large"}).content
        listed = client.post("/calls/stream_query", json={"project_id": PROJECT}).content
        for got in (read, listed):
            assert f'"inputs":{inputs}'.encode() in got
            assert f'"output":{output}'.encode() in got
        few = client.post("/calls/stream_query", json={"project_id": PROJECT, "columns": ["op_name"]}).content
        assert len(few) < 1000
        assert server.stop() == 0


@sizes(5_000, 100_000)
def test_a_large_table_is_paged_at_its_end_and_appended_to(database_url: str, size: int) -> None:
    rows = [{"index": number, "text": f"row {number} " * 5} for number in range(size)]
    with started(database_url) as server:

        def page(of: str, **arguments: Any) -> list[Any]:
            answer = server.post("/table/query", {"project_id": PROJECT, "digest": of, **arguments})
            return [row["val"] for row in answer["rows"]]

        def length(of: str) -> int:
            count: int = server.post("/table/query_stats", {"project_id": PROJECT, "digest": of})["count"]
            return count

        empty = database_bytes(database_url)
        made = server.post("/table/create", {"table": {"project_id": PROJECT, "rows": rows}})
        assert made["digest"] == table_digest(rows)
        assert made["row_digests"][-1] == digest(json.dumps(rows[-1], sort_keys=True).encode())
        assert length(made["digest"]) == size
        assert page(made["digest"], limit=3, offset=size - 2) == rows[-2:]
        assert page(made["digest"], limit=2, offset=size // 2) == rows[size // 2 : size // 2 + 2]
        assert page(made["digest"], limit=2, sort_by=[{"field": "index", "direction": "desc"}]) == rows[:-3:-1]

        full = database_bytes(database_url)
        grown, base = rows, made["digest"]
        for number in range(3):
            added = [{"index": size + number, "text": "appended"}]
            updates = [{"append": {"row": row}} for row in added]
            base = server.post("/table/update", {"project_id": PROJECT, "base_digest": base, "updates": updates})[
                "digest"
            ]
            grown = grown + added
            assert base == table_digest(grown)
        assert length(base) == size + 3
        assert page(base, limit=10, offset=size - 1) == grown[size - 1 :]
        assert length(made["digest"]) == size
        # Three appends together store far less than a tenth of what the table took: its rows are shared, not copied.
        assert database_bytes(database_url) - full < (full - empty) / 10

        again = server.post("/table/create_from_digests", {"project_id": PROJECT, "row_digests": made["row_digests"]})
        assert again["digest"] == made["digest"]
        with server.client() as client:
            streamed = client.post("/table/query_stream", json={"project_id": PROJECT, "digest": made["digest"]}).text
        assert [json.loads(line)["val"] for line in streamed.splitlines()] == rows


async def test_refs_are_read_in_a_bounded_number_of_statements(database_url: str) -> None:
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    async with running_app(database_url) as client:

        async def post(path: str, body: Any) -> Any:
            answer = await client.post(path, json=body)
            assert answer.status_code == 200, answer.text[:500]
            return answer.json()

        rows = [{"a": {"b": [number, number + 1]}} for number in range(2000)]
        table = (await post("/table/create", {"table": {"project_id": PROJECT, "rows": rows}}))["digest"]
        refs, values = [], []
        for number in range(100):
            value = {"number": number, "deep": {"list": [{"x": number}]}, "rows": f"weave:///{PROJECT}/table/{table}"}
            obj = {"project_id": PROJECT, "object_id": f"object-{number % 10}", "val": value}
            made = await post("/obj/create", {"obj": obj})
            uri = f"weave:///{PROJECT}/object/object-{number % 10}:{made['digest']}"
            refs += [uri, f"{uri}/key/deep/key/list/index/0/key/x", f"{uri}/key/number"]
            values += [value, number, number]
        wanted = [(refs[each % 300], values[each % 300]) for each in range(5000)]
        event.listen(Engine, "before_cursor_execute", count)
        try:
            read = await post("/refs/read_batch", {"refs": [ref for ref, _ in wanted]})
        finally:
            event.remove(Engine, "before_cursor_execute", count)
    assert read["vals"] == [value for _, value in wanted]
    assert len(statements) <= 10, statements


async def test_rows_by_ref_are_read_in_a_bounded_number_of_statements(database_url: str) -> None:
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    rows = [{"index": number, "label": {"of": f"row {number}"}} for number in range(5000)]
    async with running_app(database_url) as client:
        made = (await client.post("/table/create", json={"table": {"project_id": PROJECT, "rows": rows}})).json()
        table = f"weave:///{PROJECT}/table/{made['digest']}"
        obj = {"project_id": PROJECT, "object_id": "dataset", "val": {"rows": table}}
        dataset = (await client.post("/obj/create", json={"obj": obj})).json()["digest"]
        base = f"weave:///{PROJECT}/object/dataset:{dataset}/attr/rows/id"
        refs = [f"{base}/{row}/key/label/key/of" for row in made["row_digests"]]
        event.listen(Engine, "before_cursor_execute", count)
        try:
            read = (await client.post("/refs/read_batch", json={"refs": refs})).json()
        finally:
            event.remove(Engine, "before_cursor_execute", count)
    assert read["vals"] == [f"row {number}" for number in range(5000)]
    # By 500 keys a statement at most, and once for the object and its table.
    assert len(statements) <= 20, statements


@sizes(5 * MIB + 1, 50 * MIB)
def test_a_large_file_comes_back(database_url: str, size: int) -> None:
    content = hashlib.sha256(b"file").digest() * (size // 32) + b"x" * (size % 32)
    with started(database_url) as server, server.client() as client:
        made = client.post("/file/create", data={"project_id": PROJECT}, files={"file": ("large.bin", content)}).json()
        assert made == {"digest": digest(content)}
        for path in ("/file/content", "/files/content"):
            answer = client.post(path, json={"project_id": PROJECT, "digest": made["digest"]})
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.content == content
        assert server.stop() == 0


def fill(server: ServerProcess, size: int, payload: int = 1024) -> None:
    """Calls whose ids and times rise together, in batches of up to 1,000 that arrive out of order."""
    text = "payload " * (payload // 8)
    first_start = datetime(2026, 1, 1, tzinfo=UTC)
    with server.client() as client:
        for batch in sorted(range(0, size, 1000), key=lambda first: hashlib.md5(str(first).encode()).digest()):
            calls = [
                {
                    "project_id": PROJECT,
                    "id": f"call-{number:07}",
                    "trace_id": f"trace-{number // 10}",
                    "op_name": "op",
                    "started_at": (first_start + timedelta(milliseconds=number)).isoformat(),
                    "ended_at": "2026-01-02T00:00:00Z",
                    "attributes": {},
                    "inputs": {"number": number, "text": text},
                    "output": number,
                    "summary": {},
                }
                for number in range(batch, min(batch + 1000, size))
            ]
            answer = client.post(f"/v2/{PROJECT}/calls/complete", json={"batch": calls})
            assert answer.status_code == 200, answer.text[:500]


def streamed(server: ServerProcess, **arguments: Any) -> Iterator[dict[str, Any]]:
    with (
        server.client() as client,
        client.stream("POST", "/calls/stream_query", json={"project_id": PROJECT, **arguments}) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/jsonl")
        for line in answer.iter_lines():
            yield json.loads(line)


def peak_bytes(server: ServerProcess) -> int:
    """The most memory that the process has held since `forget_peak`."""
    for line in Path(f"/proc/{server.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def forget_peak(server: ServerProcess) -> None:
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")


@sizes(10_000, 200_000)
def test_a_stream_is_whole_in_order_and_bounded_in_memory(database_url: str, size: int) -> None:
    with started(database_url) as server:
        fill(server, size)
        # Once before measuring, so that caches and pools are filled.
        assert [call["output"] for call in streamed(server, limit=100)] == list(range(100))

        forget_peak(server)
        assert [call["output"] for call in streamed(server, limit=size // 10)] == list(range(size // 10))
        tenth = peak_bytes(server)
        forget_peak(server)
        for number, call in enumerate(streamed(server)):
            assert (call["id"], call["inputs"]["number"]) == (f"call-{number:07}", number)
        assert number == size - 1
        assert peak_bytes(server) < tenth * 1.2

        backwards = streamed(server, sort_by=[{"field": "started_at", "direction": "desc"}], columns=["output"])
        assert [call["output"] for call in backwards] == list(range(size - 1, -1, -1))
        stats = server.post("/calls/query_stats", {"project_id": PROJECT})
        assert stats["count"] == size
        assert server.stop() == 0


def test_writes_go_on_while_a_stream_is_being_read(database_url: str) -> None:
    with started(database_url) as server:
        fill(server, 3000, payload=16_384)
        stream = streamed(server)
        assert next(stream)["id"] == "call-0000000"
        # The stream waits for its reader here, far from its end: what is written ahead of it is in it, what is deleted
        # ahead of it is not.
        late = {"project_id": PROJECT, "id": "late", "op_name": "op", "started_at": "2026-02-01T00:00:00Z"}
        server.post("/call/start", {"start": {**late, "trace_id": "t", "attributes": {}, "inputs": {}}})
        server.post("/calls/delete", {"project_id": PROJECT, "call_ids": ["call-0002999"]})
        rest = [call["id"] for call in stream]
        assert rest == [f"call-{number:07}" for number in range(1, 2999)] + ["late"]

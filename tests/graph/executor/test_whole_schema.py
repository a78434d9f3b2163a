"""Over the whole schema and stored data, the compiled executor answers what graphql-core answers."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLArgument, GraphQLField, execute, parse
from hypothesis import HealthCheck, Phase, given, settings
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from db.engines import Database
from graph.encoding import encode
from graph.live import LiveExecutor
from graph.schema import schema
from resolvers.callers import LOCAL
from resolvers.context import Context
from tests.conftest import running_app
from tests.examples import examples
from tests.graph.executor.documents import VARIABLES, documents
from tests.graph.executor.errors import Errors, errors_of

PROJECT = "team/app"


class WritingExecutor(LiveExecutor):
    """As for what is sent to a client."""

    writes_json = True


CALL = f"weave:///{PROJECT}/call/call-1"

# Values that lead somewhere, values that lead nowhere, and values that are refused.
VALUES: dict[str, list[Any]] = {
    "slug": [PROJECT, PROJECT, PROJECT, "team/none"],
    "callId": ["call-0", "call-1", "none"],
    "traceId": ["trace-0", "none"],
    "threadId": ["thread-0", "none"],
    "sessionId": ["none"],
    "objectId": ["model", "none"],
    "name": ["model"],
    "digest": ["none"],
    "uri": [CALL, "weave:///team/app/object/model:latest", "no ref"],
    "id": ["bad"],
    "ids": [["bad"], []],
    "uris": [["weave:///team/app/object/model:v0"], []],
    "digests": [["none"], []],
    "paths": [["inputs.model"], []],
    "version": ["latest", "v0", "v9"],
    "first": [0, 1, 2, 3],
    "offset": [0, 1],
    "after": ["bad"],
    "unwritten": [True],
    "representations": [
        [{"__typename": "Call", "ref": CALL}, {"__typename": "Trace", "projectSlug": PROJECT, "traceId": "trace-0"}],
        [{"__typename": "Call", "ref": "bad"}, {"__typename": "Nothing"}, {"__typename": "Project", "slug": PROJECT}],
    ],
}


def literal(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    return json.dumps(value)


def values_of(_field: GraphQLField, argument: str, _definition: GraphQLArgument) -> list[str]:
    return [literal(value) for value in VALUES.get(argument, ())]


def start(number: int, model: str) -> dict[str, Any]:
    return {
        "project_id": PROJECT,
        "id": f"call-{number}",
        "trace_id": f"trace-{number // 4}",
        "parent_id": f"call-{number - 1}" if number % 4 else None,
        "thread_id": f"thread-{number // 4}",
        "turn_id": f"call-{number // 4 * 4}",
        "op_name": "op",
        "started_at": f"2026-01-01T00:00:00.{number:06}Z",
        "attributes": {"n": number},
        "inputs": {"model": model, "n": 1.0},
    }


async def fill(url: str) -> None:
    async with running_app(url) as client:
        versions = [{"project_id": PROJECT, "object_id": "model", "val": {"n": number}} for number in (1, 2)]
        digests = [(await client.post("/obj/create", json={"obj": version})).json()["digest"] for version in versions]
        model = f"weave:///{PROJECT}/object/model:{digests[1]}"
        usage = {"usage": {"gpt-4o": {"prompt_tokens": 10, "completion_tokens": 5, "requests": 1}}}
        for number in range(12):
            await client.post("/call/start", json={"start": start(number, model)})
            if number % 3:
                ended = "2026-01-01T00:00:01Z"
                end = {"project_id": PROJECT, "id": f"call-{number}", "ended_at": ended, "summary": usage}
                await client.post("/call/end", json={"end": {**end, "output": model, "exception": None}})
            ref = f"weave:///{PROJECT}/call/call-{number}"
            feedback = {"weave_ref": ref, "feedback_type": "wandb.note.1", "payload": {"note": f"n{number}"}}
            await client.post("/feedback/create", json={"project_id": PROJECT, **feedback})
        prices = {"gpt-4o": {"prompt_token_cost": 1, "completion_token_cost": 2}}
        await client.post("/cost/create", json={"project_id": PROJECT, "costs": prices})
        await client.post("/table/create", json={"table": {"project_id": PROJECT, "rows": [{"a": 1}, {"a": 2}]}})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("whole")
    url = f"sqlite:///{folder / 'tracegraph.db'}"
    asyncio.run(fill(url))
    database = Database(url)
    yield database
    asyncio.run(database.close())


def answer(database: Database, document: str, executor_class: Any) -> tuple[bytes, Errors]:
    async def run() -> Any:
        context = Context(database, LOCAL)
        result = execute(
            schema._schema,
            parse(document),
            variable_values=VARIABLES,
            context_value=context,
            executor_class=executor_class,
        )
        result = await result if asyncio.iscoroutine(result) else result
        # What an error left behind settles in the background.
        while settling := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(settling)
        return result

    result: Any = asyncio.run(run())
    data = encode(result.data)
    result.data = json.loads(data)
    return data, errors_of(result)


@settings(
    max_examples=examples(60),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(documents(schema._schema, values_of, skip={"Query": {"_service"}}, depth=5))
def test_any_document_gives_what_graphql_core_gives(database: Database, document: str) -> None:
    expected = answer(database, document, StrawberryGraphQLCoreExecutionContext)
    assert answer(database, document, LiveExecutor) == expected
    assert answer(database, document, WritingExecutor) == expected

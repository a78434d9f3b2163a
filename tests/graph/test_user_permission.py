"""What a user did in projects that the caller may not read does not show, however it is reached."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from db.engines import Database
from graph.schema import schema
from resolvers.callers import Caller
from resolvers.context import Context
from tests.conftest import running_app
from tests.graph.test_users import APP, LAB, SITE, call, comment, end, record


class Restricted(Caller):
    """May read one project."""

    def may_read(self, slug: str) -> bool:
        return slug == APP


@pytest.fixture
async def restricted(database_url: str) -> AsyncIterator[Context]:
    """The context of a caller who may read one of three projects, each with calls and feedback of ann."""
    async with running_app(database_url) as client:
        await fill(client)
    database = Database(database_url)
    yield Context(database, Restricted("ann"))
    await database.close()


async def fill(client: httpx.AsyncClient) -> None:
    for number, project in enumerate((APP, SITE, LAB)):
        await record(client, [call(number, "ann", project, thread_id="t"), call(number + 5, "only", LAB)])
        await end(client, project, number, "no")
        await comment(client, project, number, "ann")


async def asked(context: Context, document: str) -> Any:
    result = await schema.execute(document, context_value=context.fresh())
    return result.data, [error.message for error in result.errors or ()]


FIELDS = """id callCount errorCount lastSeen projects { totalCount nodes { slug } } usage { totalTokens } cost { total }
    calls { totalCount totalStorageSizeBytes nodes { projectSlug } } traces { totalCount nodes { projectSlug } }
    threads { totalCount nodes { projectSlug } } feedback { totalCount nodes { projectSlug } }"""
SEEN = {
    "id": "ann",
    "callCount": 1,
    "errorCount": 1,
    "lastSeen": "2026-01-01T00:00:00Z",
    "projects": {"totalCount": 1, "nodes": [{"slug": APP}]},
    "usage": None,
    "cost": None,
    "calls": {"totalCount": 1, "totalStorageSizeBytes": 16, "nodes": [{"projectSlug": APP}]},
    "traces": {"totalCount": 1, "nodes": [{"projectSlug": APP}]},
    "threads": {"totalCount": 1, "nodes": [{"projectSlug": APP}]},
    "feedback": {"totalCount": 1, "nodes": [{"projectSlug": APP}]},
}


async def test_a_user_shows_as_far_as_the_caller_may_read(restricted: Context) -> None:
    document = f"""{{ user(id: "ann") {{ {FIELDS} }} viewer {{ {FIELDS} }} hidden: user(id: "only") {{ id }}
        _entities(representations: [{{__typename: "User", id: "ann"}}, {{__typename: "User", id: "only"}}]) {{
            ... on User {{ callCount calls {{ totalCount }} }} }} }}"""
    data, errors = await asked(restricted, document)
    assert errors == []
    assert data["user"] == SEEN
    assert data["viewer"] == SEEN
    assert data["hidden"] is None
    counts = [{"callCount": count, "calls": {"totalCount": count}} for count in (1, 0)]
    assert data["_entities"] == counts


@pytest.mark.parametrize("field", ["callCount", "calls { totalCount }", "cost { total }", "traces { totalCount }"])
async def test_a_project_that_may_not_be_read_is_refused(restricted: Context, field: str) -> None:
    name, _, rest = field.partition(" ")
    _, errors = await asked(restricted, f'{{ user(id: "ann") {{ {name}(project: "lab/bench") {rest} }} }}')
    assert errors == ["No right to read project 'lab/bench'"]
    data, _ = await asked(restricted, '{ project(slug: "lab/bench") { user(id: "ann") { id } } }')
    assert data == {"project": None}

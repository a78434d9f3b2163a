"""The stories, told: each answer is as documented, and together they have every documented field."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from tests.contract.honeyhive_story import HONEYHIVE_STORY
from tests.contract.story import Story, Told
from tests.contract.weave_story import WEAVE_STORY

pytestmark = pytest.mark.anyio

NEVER_WRITTEN = {
    # A cost counts tokens as `prompt_tokens` and `completion_tokens`, whichever of the two words the usage had: Weave's
    # servers do so, and its clients add up what they find.
    "weave": {("LLMCostSchema", "input_tokens"), ("LLMCostSchema", "output_tokens")},
    "honeyhive": {
        # No document says which numbers these are; `GET /v1/runs/{run_id}/result` has what its metrics come to.
        ("ExperimentRunObject", "metrics"),
        # What fails is refused, and no result.
        ("GetExperimentRunResultResponse", "error"),
        # A session has no parent, and members without a value are left out.
        ("PostSessionStartResponse", "parent_id"),
    },
}


class Heard(NamedTuple):
    story: Story
    told: list[Told]


@pytest.fixture(params=[WEAVE_STORY, HONEYHIVE_STORY], ids=lambda story: str(story.name))
async def heard(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Heard]:
    """Every example of a story and its answer."""
    story: Story = request.param
    async with story.client(database_url) as client:
        yield Heard(story, [told async for told in story.run(client)])


async def test_every_endpoint_is_in_the_story_and_every_request_succeeds(heard: Heard) -> None:
    failed = [
        (told.example.path, told.response.status_code, told.response.text)
        for told in heard.told
        if told.response.status_code != told.endpoint.status
    ]
    assert failed == []
    called = {(told.endpoint.method, told.endpoint.path) for told in heard.told}
    assert called == {(endpoint.method, endpoint.path) for endpoint in heard.story.endpoints}


async def test_answers_are_what_the_documents_describe(heard: Heard) -> None:
    documents = heard.story.documents
    documented = {(operation["method"], operation["path"]): operation["answer"] for operation in documents.operations}
    found = []
    for told in heard.told:
        answers = documented.get((told.endpoint.method, told.endpoint.path))
        if not answers:
            continue  # of newer SDKs than the documents, or without a body
        assert told.media in answers
        found += [
            f"{told.example.path} {fault}"
            for value in told.values()
            for fault in documents.misfits(answers[told.media], value)
        ]
    assert found == []


async def test_every_documented_field_is_written(heard: Heard) -> None:
    documents = heard.story.documents
    documented = {(operation["method"], operation["path"]): operation["answer"] for operation in documents.operations}
    seen = {
        field
        for told in heard.told
        for schema in [documented.get((told.endpoint.method, told.endpoint.path), {}).get(told.media)]
        if schema is not None
        for value in told.values()
        for field in documents.written(schema, value)
    }
    wanted = {
        field
        for operation in documents.operations
        for schema in operation["answer"].values()
        for field in documents.fields_of(schema)
    }
    assert wanted - seen == NEVER_WRITTEN[heard.story.name]

"""The story of examples.py, called: each answer is as documented, and together they have every documented field."""

from collections.abc import AsyncIterator

import pytest

from rest_compat.weave.endpoints import ENDPOINTS
from tests.conftest import running_app
from tests.contract.examples import Told, provider_answer, run_examples, standing_clock, templated
from tests.contract.weave import OPERATIONS, fields_of, misfits, written
from tests.fake_provider import KEY, running_provider

pytestmark = pytest.mark.anyio

SAID_ONCE = {
    # A cost counts tokens as `prompt_tokens` and `completion_tokens`, whichever of the two words the usage had: Weave's
    # servers do so, and its clients add up what they find.
    ("LLMCostSchema", "input_tokens"),
    ("LLMCostSchema", "output_tokens"),
}


@pytest.fixture
async def story(database_url: str) -> AsyncIterator[list[Told]]:
    """Every example and its answer."""
    with running_provider() as provider, standing_clock():
        provider.answer = provider_answer
        settings = {"provider_base_url": provider.url, "provider_api_key": KEY, "provider_retries": 0}
        async with running_app(database_url, **settings) as client:
            yield [told async for told in run_examples(client)]


async def test_every_endpoint_is_in_the_story_and_every_request_succeeds(story: list[Told]) -> None:
    assert [(told.example.path, told.response.status_code) for told in story if told.response.status_code != 200] == []
    called = {(told.example.method, templated(told.example.path)) for told in story}
    assert called == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


async def test_answers_are_what_the_documents_describe(story: list[Told]) -> None:
    documented = {(operation["method"], operation["path"]): operation["answer"] for operation in OPERATIONS}
    found = []
    for told in story:
        answers = documented.get((told.example.method, told.example.path))
        if answers is None:
            continue  # of newer SDKs than the documents
        assert told.media in answers
        found += [
            f"{told.example.path} {fault}" for value in told.values() for fault in misfits(answers[told.media], value)
        ]
    assert found == []


async def test_every_documented_field_is_written(story: list[Told]) -> None:
    documented = {(operation["method"], operation["path"]): operation["answer"] for operation in OPERATIONS}
    seen = {
        field
        for told in story
        for schema in [documented.get((told.example.method, told.example.path), {}).get(told.media)]
        if schema is not None
        for value in told.values()
        for field in written(schema, value)
    }
    wanted = {
        field for operation in OPERATIONS for schema in operation["answer"].values() for field in fields_of(schema)
    }
    assert wanted - seen == SAID_ONCE

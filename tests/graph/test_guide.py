"""docs/graph.md: each of its questions is asked on both databases, and answered as the page says."""

import json
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest

from tests.conftest import running_app
from tests.graph.guide import GUIDE, Question, ask, questions, write_demo


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def demo(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application, on a database of each kind, that holds the demo of the page."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('guide') / 'tracegraph.db'}"
    else:
        url = request.getfixturevalue("shared_postgres_url")
    await write_demo(url)
    if request.param == "postgresql":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")  # as autovacuum does a minute later
    async with running_app(url) as client:
        yield client


def test_the_page_has_all_its_questions_in_the_form_that_is_read() -> None:
    found = questions()
    assert len(found) >= 20
    text = GUIDE.read_text("utf-8")
    assert text.count("\n## ") == text.count("\n```graphql\n") == len(found)
    assert len({question.title for question in found}) == len(found)


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.title)
async def test_a_question_is_answered_as_the_page_says(demo: httpx.AsyncClient, question: Question) -> None:
    assert await ask(demo, question) == json.loads(question.answer)

"""docs/graph.md: each of its questions is asked on both databases, and answered as the page says."""

import json
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest

from tests.conftest import running_app
from tests.graph.guide import GUIDE, Question, ask, questions, write_demo


@pytest.fixture(scope="module")
async def demo(module_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application, on a database of each kind, that holds the demo of the page."""
    await write_demo(module_database_url)
    if module_database_url.startswith("postgresql"):
        with psycopg.connect(module_database_url, autocommit=True) as connection:
            connection.execute("ANALYZE")  # as autovacuum does a minute later
    async with running_app(module_database_url) as client:
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

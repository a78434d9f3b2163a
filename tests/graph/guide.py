"""The questions of docs/graph.md: their queries and answers, on the demo of a fixed seed and time.

``python -m tests.graph.guide`` asks each question and writes the answers into the page.
"""

import asyncio
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from db.engines import Database
from db.migrate import migrate
from resolvers.callers import LOCAL
from resolvers.context import Context, now
from server.demo.arguments import Plan
from server.demo.fill import fill
from tests.conftest import running_app

GUIDE = Path(__file__).parents[2] / "docs" / "graph.md"
PLAN = Plan("demo/agent", seed=1, end=1_795_176_000_000_000)  # 2026-11-20T12:00:00Z
WIDTH = 116
_QUESTION = re.compile(r"^## (.+?)\n(.*?)^```graphql\n(.*?)^```\n\n^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Question:
    title: str
    query: str
    answer: str


def questions() -> list[Question]:
    return [Question(title, query, answer) for title, _, query, answer in _QUESTION.findall(GUIDE.read_text("utf-8"))]


async def write_demo(database_url: str) -> None:
    """Fill an empty database with what the page asks about."""
    migrate(database_url)
    database = Database(database_url)
    try:
        await fill(Context(database, LOCAL), PLAN, now())
    finally:
        await database.close()


async def ask(client: httpx.AsyncClient, question: Question) -> Any:
    """The data of the answer, which must have no errors."""
    response = await client.post("/graphql", json={"query": question.query})
    body = response.json()
    assert "errors" not in body, f"{question.title}: {body['errors']}"
    return body["data"]


def laid_out(value: Any, indent: int = 0, before: int = 0) -> str:
    """JSON with what fits on a line on one line; ``before`` are the columns that are taken on the first."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or before + len(line) < WIDTH:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, list):
        items = [inner + laid_out(item, indent + 2, indent + 2) for item in value]
        opening, closing = "[", "]"
    else:
        keys = {name: f"{inner}{json.dumps(name)}: " for name in value}
        items = [key + laid_out(value[name], indent + 2, len(key)) for name, key in keys.items()]
        opening, closing = "{", "}"
    return opening + "\n" + ",\n".join(items) + f"\n{' ' * indent}" + closing


async def rewrite() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/guide.db"
        await write_demo(url)
        async with running_app(url) as client:
            text = GUIDE.read_text("utf-8")
            for question in questions():
                answer = laid_out(await ask(client, question)) + "\n"
                asked = f"```graphql\n{question.query}```\n\n```json\n"
                text = text.replace(f"{asked}{question.answer}```", f"{asked}{answer}```")
            GUIDE.write_text(text, "utf-8")


if __name__ == "__main__":
    asyncio.run(rewrite())
    sys.stdout.write(f"{len(questions())} answers are written into {GUIDE.name}\n")

"""docs/rest.md and docs/rest-honeyhive.md, made from the registry and the stories.

`python -m tests.contract.rest_docs weave` prints the one, with `honeyhive` the other.
"""

import asyncio
import json
import re
import sys
import tempfile
from collections import defaultdict
from itertools import count
from typing import Any

from rest_compat.registry import Endpoint
from tests.contract.honeyhive_story import HONEYHIVE_STORY
from tests.contract.story import Story, Told
from tests.contract.weave_story import CALL, PROJECT, WEAVE_STORY

__all__ = ["render"]

WEAVE_INTRODUCTION = """\
# The REST API of Weave

The server speaks the REST API of W&B Weave: its published SDKs work with it unchanged. Each endpoint runs one GraphQL
operation on the graph that `/graphql` serves; `rest_compat/operations/` holds the documents.

**Answers.** 200 with the documented body. A stream is `application/jsonl`, a JSON value a line; every refusal comes
before its 200. A malformed body (no JSON, a missing or unknown field, a wrong type, a query that cannot be) is a 422
with `{"detail": [{"loc", "msg", "type"}]}`. Other refusals are `{"reason": "..."}`: 400 where what was asked cannot be,
403 where the caller may not, 404 for what is not there (with `deleted_at` where it was), 409 for what is there and
differs, 413 for a body past the limit, 501 for what the settings do not provide for, 502 where the provider of language
models failed. A request that is refused writes nothing.

`/docs/rest` of a running server lists the endpoints, `/docs/rest/openapi.json` describes their bodies;
[HoneyHive's](rest-honeyhive.md) have a page of their own.

This page is made from the registry and from the story in `tests/contract/weave_story.py` by `make docs`: the answers
are those that the server gave.

## From REST to GraphQL

With the header `X-Explain: graphql` any request is answered with the GraphQL request that does the same, and is not
run. `POST /rest/explain` does so for a request that is given as a body, of which only `path` is required (`method` is
POST where it is missing, and `headers` may be given). What it answers can be sent to `/graphql` as it is.
"""

EXPLAINED = {"path": "/call/update", "body": {"project_id": PROJECT, "call_id": CALL, "display_name": "Capital"}}

HONEYHIVE_INTRODUCTION = """\
# The REST API of HoneyHive

The server speaks the REST API of HoneyHive: its published SDK works with it unchanged, with `HH_API_URL` set to the
server and any `HH_API_KEY`. Each endpoint runs one GraphQL operation on the graph that `/graphql` serves. What stands
behind them, and the rules that HoneyHive's documents leave open, are in [honeyhive.md](honeyhive.md).

**Answers.** 200 with the documented body (201 where a queue was made). Whatever is refused is
`{"message": "...", "errorCode": "..."}`: 400 where the request is malformed (no JSON, a wrong type, and in bodies of
`/v1` an unknown field) or cannot be, 404 for what is not there (400 where the documents know no 404), 409 for what is
there and differs, 413 for a body past the limit, 501 for what the settings do not provide for, 502 where the provider
of language models failed. A request that is refused writes nothing.

This page is made from the registry and from the story in `tests/contract/honeyhive_story.py` by `make docs`: the
answers are those that the server gave. `X-Explain: graphql` explains these requests too ([rest.md](rest.md)).
"""

WIDTH = 110
_MADE_ID = re.compile(r"(?!01941f29-7c00)[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def render(story: Story, introduction: list[str], told: list[Told]) -> str:
    """The page as Markdown, with a line end at its end."""
    first = {(item.endpoint.method, item.endpoint.path): item for item in reversed(told)}
    rows = map(_row, story.endpoints)
    table = ["## Endpoints", "", "| Endpoint | What it does | Operation |", "|---|---|---|", *rows]
    sections = [_section(endpoint, first[endpoint.method, endpoint.path]) for endpoint in story.endpoints]
    return _with_stable_ids("\n".join([*introduction, *table, "", *sections]))


def _heading(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _row(endpoint: Endpoint) -> str:
    anchor = re.sub(r"[^a-z0-9_ -]", "", _heading(endpoint).lower()).replace(" ", "-")
    return f"| [`{_heading(endpoint)}`](#{anchor}) | {_summary(endpoint)} | `{endpoint.operation}` |"


def _summary(endpoint: Endpoint) -> str:
    return f"{endpoint.summary} Deprecated." if endpoint.deprecated else endpoint.summary


def _section(endpoint: Endpoint, told: Told) -> str:
    source = f"../rest_compat/operations/{endpoint.operation}.graphql"
    lines = [f"### `{_heading(endpoint)}`", "", f"{_summary(endpoint)} Runs [`{endpoint.operation}`]({source}).", ""]
    example = told.example
    said = [f"{example.method} {example.path}"] if example.path != endpoint.path else []
    said += [f"{name}: {value}" for name, value in example.headers.items()]
    if example.form:
        fields = {name: value for name, value in example.form.items() if name != "file"}
        said += ["content-type: multipart/form-data", *(f"{name}={value}" for name, value in fields.items())]
        lines += _block("\n".join([*said, "file=@notes.txt"]), "text")
    else:
        lines += _block("\n".join(said), "text") if said else []
        lines += _block(_shown(example.body), "json") if example.body is not None else []
    if not told.response.content:
        return "\n".join([*lines, "answers without a body.", ""])
    lines += ["answers" + ("" if told.media == "application/json" else f", as `{told.media}`,"), ""]
    values = told.values()
    shown = "\n".join(map(_shown, values)) if values else told.response.text
    return "\n".join([*lines, *_block(shown, "json" if values else "text")])


def _block(text: str, language: str) -> list[str]:
    return [f"```{language}", text, "```", ""]


def _shown(value: Any, indent: str = "", taken: int = 0) -> str:
    """JSON on one line where it fits behind ``taken`` characters, else with a member a line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + taken + len(flat) <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        heads = [f"{json.dumps(key, ensure_ascii=False)}: " for key in value]
        items = [head + _shown(item, deeper, len(head)) for head, item in zip(heads, value.values(), strict=True)]
        opening, closing = "{", "}"
    else:
        items = [_shown(item, deeper) for item in value]
        opening, closing = "[", "]"
    return f"{opening}\n{deeper}" + f",\n{deeper}".join(items) + f"\n{indent}{closing}"


def _with_stable_ids(page: str) -> str:
    """The page with the ids that the server made numbered in their order."""
    numbers = count(1)
    known: defaultdict[str, str] = defaultdict(lambda: f"01941f29-7c00-7000-9000-{next(numbers):012x}")

    def numbered(match: re.Match[str]) -> str:
        return known[match[0]]

    return _MADE_ID.sub(numbered, page)


async def _page(name: str) -> str:
    story = {"weave": WEAVE_STORY, "honeyhive": HONEYHIVE_STORY}[name]
    with tempfile.TemporaryDirectory() as folder:
        async with story.client(f"sqlite:///{folder}/tracegraph.db") as client:
            introduction = [HONEYHIVE_INTRODUCTION]
            if story is WEAVE_STORY:
                explanation = (await client.post("/rest/explain", json=EXPLAINED)).json()
                explained = [*_block(_shown(EXPLAINED), "json"), "answers", "", *_block(_shown(explanation), "json")]
                introduction = [WEAVE_INTRODUCTION, *explained]
            return render(story, introduction, [told async for told in story.run(client)])


if __name__ == "__main__":
    print(asyncio.run(_page(sys.argv[1])), end="")

"""docs/rest.md, made from the registry and the story of examples.py: `python -m tests.contract.rest_docs` prints it."""

import asyncio
import json
import re
import tempfile
from collections import defaultdict
from itertools import count
from typing import Any

from rest_compat.registry import Endpoint
from rest_compat.weave.endpoints import ENDPOINTS
from tests.conftest import running_app
from tests.contract.examples import CALL, PROJECT, Told, provider_answer, run_examples, standing_clock, templated
from tests.fake_provider import KEY, running_provider

__all__ = ["render"]

INTRODUCTION = """\
# The REST API

The server speaks the REST API of W&B Weave: its published SDKs work with it unchanged. Each endpoint runs one GraphQL
operation on the graph that `/graphql` serves; `rest_compat/operations/` holds the documents.

**Answers.** 200 with the documented body. A stream is `application/jsonl`, a JSON value a line; every refusal comes
before its 200. A malformed body (no JSON, a missing or unknown field, a wrong type, a query that cannot be) is a 422
with `{"detail": [{"loc", "msg", "type"}]}`. Other refusals are `{"reason": "..."}`: 400 where what was asked cannot be,
403 where the caller may not, 404 for what is not there (with `deleted_at` where it was), 409 for what is there and
differs, 413 for a body past the limit, 501 for what the settings do not provide for, 502 where the provider of language
models failed. A request that is refused writes nothing.

`/docs/rest` of a running server lists the endpoints, `/docs/rest/openapi.json` describes their bodies.

This page is made from the registry and from the story in `tests/contract/examples.py` by `make docs`: the answers are
those that the server gave.

## From REST to GraphQL

With the header `X-Explain: graphql` any request is answered with the GraphQL request that does the same, and is not
run. `POST /rest/explain` does so for a request that is given as a body, of which only `path` is required (`method` is
POST where it is missing, and `headers` may be given). What it answers can be sent to `/graphql` as it is.
"""

EXPLAINED = {"path": "/call/update", "body": {"project_id": PROJECT, "call_id": CALL, "display_name": "Capital"}}

WIDTH = 110
_MADE_ID = re.compile(r"(?!01941f29-7c00)[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def render(told: list[Told], explanation: Any) -> str:
    """The page as Markdown, with a line end at its end."""
    first = {(item.example.method, templated(item.example.path)): item for item in reversed(told)}
    explained = [*_block(_shown(EXPLAINED), "json"), "answers", "", *_block(_shown(explanation), "json")]
    table = ["## Endpoints", "", "| Endpoint | What it does | Operation |", "|---|---|---|", *map(_row, ENDPOINTS)]
    sections = [_section(endpoint, first[endpoint.method, endpoint.path]) for endpoint in ENDPOINTS]
    return _with_stable_ids("\n".join([INTRODUCTION, *explained, *table, "", *sections]))


def _heading(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _row(endpoint: Endpoint) -> str:
    anchor = re.sub(r"[^a-z0-9_ -]", "", _heading(endpoint).lower()).replace(" ", "-")
    return f"| [`{_heading(endpoint)}`](#{anchor}) | {endpoint.summary} | `{endpoint.operation}` |"


def _section(endpoint: Endpoint, told: Told) -> str:
    source = f"../rest_compat/operations/{endpoint.operation}.graphql"
    lines = [f"### `{_heading(endpoint)}`", "", f"{endpoint.summary} Runs [`{endpoint.operation}`]({source}).", ""]
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


async def _page() -> str:
    with running_provider() as provider, tempfile.TemporaryDirectory() as folder, standing_clock():
        provider.answer = provider_answer
        settings = {"provider_base_url": provider.url, "provider_api_key": KEY, "provider_retries": 0}
        async with running_app(f"sqlite:///{folder}/tracegraph.db", **settings) as client:
            explanation = (await client.post("/rest/explain", json=EXPLAINED)).json()
            return render([told async for told in run_examples(client)], explanation)


if __name__ == "__main__":
    print(asyncio.run(_page()), end="")

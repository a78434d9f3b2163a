"""Stories: requests in an order in which they can be run on an empty project, so that every endpoint is called."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx

from rest_compat.registry import Endpoint
from tests.conftest import running_app
from tests.contract.documents import Documents
from tests.fake_provider import KEY, running_provider

__all__ = ["Example", "Story", "Told", "standing_clock"]


@dataclass(frozen=True)
class Example:
    """A request: a JSON body, or the fields of a form, or none."""

    path: str
    body: Any = None
    method: str = "POST"
    form: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    keep: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    """Where in the answer there is what later requests name: ``$NAME`` stands for it in their paths and bodies."""

    async def send(self, client: httpx.AsyncClient) -> httpx.Response:
        """The answer to it."""
        if self.form:
            fields = {name: value for name, value in self.form.items() if name != "file"}
            files = {"file": ("notes.txt", self.form["file"].encode())}
            return await client.post(self.path, data=fields, files=files, headers=self.headers)
        content = None if self.body is None else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", **self.headers}
        return await client.request(self.method, self.path, content=content, headers=headers)

    def naming(self, kept: Mapping[str, str]) -> "Example":
        """It with what was kept."""
        if not kept:
            return self
        path = reduce(lambda path, name: path.replace(f"${name}", kept[name]), kept, self.path)
        text = json.dumps(self.body)
        return replace(self, path=path, body=json.loads(reduce(lambda t, n: t.replace(f"${n}", kept[n]), kept, text)))


@dataclass(frozen=True)
class Told:
    """An example and the answer to it."""

    example: Example
    endpoint: Endpoint
    response: httpx.Response

    @property
    def media(self) -> str:
        """The type of the answer."""
        return self.response.headers["content-type"].partition(";")[0]

    def values(self) -> list[Any]:
        """The answer, or the lines of it; none where it is no JSON."""
        match self.media:
            case "application/json":
                return [self.response.json()]
            case "application/jsonl":
                return [json.loads(line) for line in self.response.text.splitlines()]
            case _:
                return []


NOW = 1767227400_000000000
"""When the story plays: 2026-01-01T00:30:00Z, in nanoseconds."""


@contextmanager
def standing_clock() -> Iterator[None]:
    """The times that the server sets are all ``NOW``, and its ids are in the order in which it made them, so that its
    answers are the same each time."""
    numbers = count(1)
    with patch("time.time_ns", lambda: NOW), patch("uuid.uuid4", lambda: UUID(int=next(numbers), version=4)):
        yield


@cache
def _paths(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))


@dataclass(frozen=True, eq=False)
class Story:
    """What is told of one API."""

    name: str
    documents: Documents
    endpoints: Sequence[Endpoint]
    examples: Sequence[Example]
    provider_answer: Callable[[dict[str, Any]], Any]
    """What the provider of language models says."""

    def endpoint_of(self, method: str, path: str) -> Endpoint:
        """The entry of the registry that answers such a request."""
        path = path.partition("?")[0]
        return next(
            endpoint
            for endpoint in self.endpoints
            if endpoint.method == method and _paths(endpoint.path).fullmatch(path)
        )

    def example_of(self, endpoint: Endpoint) -> Example:
        """The first example of an endpoint."""
        return next(each for each in self.examples if self.endpoint_of(each.method, each.path) is endpoint)

    async def run(self, client: httpx.AsyncClient) -> AsyncIterator[Told]:
        """Each example and its answer, one after another."""
        kept: dict[str, str] = {}
        for written in self.examples:
            example = written.naming(kept)
            told = Told(example, self.endpoint_of(example.method, example.path), await example.send(client))
            for name, path in written.keep.items():
                kept[name] = str(reduce(lambda value, key: value[key], path, told.response.json()))
            yield told

    @asynccontextmanager
    async def client(self, database_url: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client of an application that the story can be told to."""
        with running_provider() as provider, standing_clock():
            provider.answer = self.provider_answer
            settings = {"provider_base_url": provider.url, "provider_api_key": KEY, "provider_retries": 0}
            async with running_app(database_url, **settings) as client:
                yield client

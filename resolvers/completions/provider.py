"""The provider of language models: any server with OpenAI's HTTP API.

The client library is loaded only where a provider is configured: it takes most of a second to import.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from db.json_text import JSONValue
from resolvers.errors import ProviderFailedError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["OPENAI", "Provider", "RequestOptions"]

log = logging.getLogger("tracegraph.provider")

OPENAI = "https://api.openai.com/v1"
"""Where a key alone leads."""

MOST_AT_ONCE = 16
"""Requests of one process that the provider answers at one moment; others wait."""

SHORTEST_SECRET = 8
"""Characters from which on a key is looked for in messages; replacing a shorter one would garble them."""


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What goes beside the body. ``timeout`` is seconds, at most those of the settings count."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None


class Provider:
    """A client of one provider, for all requests of a process. Every failure is a ProviderFailedError."""

    def __init__(self, base_url: str, api_key: str, *, timeout: float, retries: int = 2) -> None:
        self.base_url = base_url or OPENAI
        self._api_key = api_key
        self._timeout = timeout
        self._retries = retries
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._loaded: AsyncOpenAI | None = None
        self._loading = asyncio.Lock()

    async def complete(self, body: Mapping[str, JSONValue], options: RequestOptions) -> dict[str, JSONValue]:
        """The answer to a request for a chat completion."""
        return await self._post("/chat/completions", body, options)

    async def create_image(self, body: Mapping[str, JSONValue], options: RequestOptions) -> dict[str, JSONValue]:
        """The answer to a request for images."""
        return await self._post("/images/generations", body, options)

    async def stream(
        self, body: Mapping[str, JSONValue], options: RequestOptions
    ) -> AsyncGenerator[dict[str, JSONValue], None]:
        """The chunks of a chat completion, as they come."""
        client = await self._client()
        from openai import AsyncStream

        async with self._slots:
            with self._failures():
                chunks = await client.post(
                    "/chat/completions",
                    cast_to=object,
                    body={**body, "stream": True},
                    options=self._options(options),
                    stream=True,
                    stream_cls=AsyncStream[object],
                )
                async with chunks:
                    async for chunk in chunks:
                        if isinstance(chunk, dict):
                            yield chunk

    async def _post(self, path: str, body: Mapping[str, JSONValue], options: RequestOptions) -> dict[str, JSONValue]:
        client = await self._client()
        async with self._slots:
            with self._failures():
                answer = await client.post(path, cast_to=object, body=dict(body), options=self._options(options))
        if not isinstance(answer, dict):
            raise ProviderFailedError(f"The provider answered with no JSON object but {str(answer)[:200]!r}")
        return cast("dict[str, JSONValue]", answer)

    def _options(self, options: RequestOptions) -> Any:
        timeout = self._timeout if options.timeout is None else min(options.timeout, self._timeout)
        return {"headers": dict(options.headers), "params": dict(options.query), "timeout": timeout}

    async def _client(self) -> "AsyncOpenAI":
        async with self._loading:
            if self._loaded is None:
                make = await asyncio.to_thread(_load)
                # The library wants some key, servers without authentication want none.
                key = self._api_key or "none"
                self._loaded = make(base_url=self.base_url, api_key=key, max_retries=self._retries)
        return self._loaded

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what the library raises into ProviderFailedError, without the key that some providers repeat."""
        from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

        try:
            yield
        except APITimeoutError as error:
            raise ProviderFailedError("The provider did not answer in time") from error
        except APIConnectionError as error:
            # The address and the reason are for whoever runs the server, not for its clients.
            log.warning("cannot reach the provider at %s: %s", self.base_url, error.__cause__ or error)
            raise ProviderFailedError("The provider cannot be reached") from error
        except APIStatusError as error:
            raise ProviderFailedError(self._redacted(f"The provider refused: {_reason(error)}")) from None
        except (OpenAIError, ValueError) as error:
            raise ProviderFailedError(self._redacted(f"The provider failed: {error}")) from None

    def _redacted(self, message: str) -> str:
        return message.replace(self._api_key, "***") if len(self._api_key) >= SHORTEST_SECRET else message

    async def close(self) -> None:
        """Close its connections."""
        if self._loaded is not None:
            await self._loaded.close()


def _load() -> "Callable[..., AsyncOpenAI]":
    from openai import AsyncOpenAI

    return AsyncOpenAI


def _reason(error: Any) -> str:
    """Status and message of an answer with an error status."""
    body = error.body
    said = body.get("message") if isinstance(body, dict) else body
    return f"{error.status_code} {said or error.message}"[:2000]

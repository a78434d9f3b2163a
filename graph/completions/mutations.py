"""Asking a language model, for a whole answer or for one in chunks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import strawberry

from db.json_text import dump_json
from graph.completions.types import (
    CompletionChunk,
    CompletionCreateInput,
    CompletionCreatePayload,
    completion_request,
    json_of,
)
from graph.context import Info, context_of
from graph.scalars import JSON
from graph.user_errors import user_errors
from resolvers.completions import create
from resolvers.errors import Refusal

__all__ = ["CompletionMutations", "CompletionSubscriptions"]


@strawberry.type
class CompletionMutations:
    """The part of Mutation about completions."""

    @strawberry.mutation(
        description="Ask a language model of the server's provider, and record the question with its answer and usage."
    )
    async def completion_create(self, info: Info, input: CompletionCreateInput) -> CompletionCreatePayload:
        """One completion."""
        try:
            answered = await create.completion_create(context_of(info), completion_request(input))
        except Refusal as refusal:
            return CompletionCreatePayload(
                project=input.project, response=None, error=None, call_id=None, user_errors=user_errors(refusal)
            )
        return CompletionCreatePayload(
            project=input.project,
            response=cast("JSON", dump_json(answered.response)),
            error=answered.error,
            call_id=answered.call_id,
            user_errors=[],
        )


@strawberry.type
class CompletionSubscriptions:
    """The part of Subscription about completions."""

    @strawberry.subscription(
        description="`completionCreate` in chunks: ask a language model, and get the answer as it is made. The first "
        "event has the call's id and no chunk. Ending the subscription ends the answer; what came is recorded."
    )
    async def completion_stream(
        self, info: Info, input: CompletionCreateInput
    ) -> AsyncGenerator[CompletionChunk, None]:
        """One completion. A refusal is an error before the first event."""
        chunks = await create.completion_stream(context_of(info), completion_request(input))

        async def events() -> AsyncGenerator[CompletionChunk, None]:
            async with aclosing(chunks):
                async for part in chunks:
                    yield CompletionChunk(call_id=part.call_id, chunk=json_of(part.chunk), error=part.error)

        return events()  # not a generator itself, so that refusals come first

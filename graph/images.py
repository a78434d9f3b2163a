"""Asking a model for images."""

from typing import cast

import strawberry

from db.json_text import dump_json
from graph.calls.types import Call
from graph.context import Info, context_of
from graph.fields import column, link
from graph.rows import load_call
from graph.scalars import JSON
from graph.user_errors import UserError, user_errors
from resolvers import images
from resolvers.errors import Refusal

__all__ = ["ImageMutations"]


@strawberry.input(description="Images that are wanted of the server's provider.")
class ImageCreateInput:
    """``resolvers.images.ImageRequest``."""

    project: str = column("Slug of the project, `entity/name`, that the call is recorded in.")
    model: str = column("The model, by the provider's name for it.")
    prompt: str = column("What the images show.")
    n: int | None = column("How many, at most 100; the provider's default where missing.", default=None)
    track: bool = column("Whether a call is recorded.", default=True)
    wb_user_id: str | None = column("User in whose name it is recorded; the caller's where missing.", default=None)


@strawberry.type(description="What the provider answered.")
class ImageCreatePayload:
    """An answer, a failure of the provider, or a refusal of ours."""

    project: strawberry.Private[str]
    response: JSON | None = column(
        'The answer as the provider gave it; `{"error": ...}` where it failed, null where nothing was asked.'
    )
    error: str | None = column("What the provider, or the way to it, failed with; the call is recorded with it.")
    call_id: str | None = column("Id of the recorded call; null where none is.")
    user_errors: list[UserError] = column("Why nothing was asked; empty where the provider was.")

    @link("The recorded call, whose output has the images as files; null where none is.")
    async def call(self, info: Info) -> Call | None:
        """Read only where it is asked for."""
        return await load_call(info, self.project, self.call_id)


@strawberry.type
class ImageMutations:
    """The part of Mutation about images."""

    @strawberry.mutation(
        description="Ask a model of the server's provider for images, and record question, answer and usage."
    )
    async def image_create(self, info: Info, input: ImageCreateInput) -> ImageCreatePayload:
        """Images of one prompt."""
        request = images.ImageRequest(input.project, input.model, input.prompt, input.n, input.track, input.wb_user_id)
        try:
            answered = await images.image_create(context_of(info), request)
        except Refusal as refusal:
            return ImageCreatePayload(
                project=input.project, response=None, error=None, call_id=None, user_errors=user_errors(refusal)
            )
        return ImageCreatePayload(
            project=input.project,
            response=cast("JSON", dump_json(answered.response)),
            error=answered.error,
            call_id=answered.call_id,
            user_errors=[],
        )

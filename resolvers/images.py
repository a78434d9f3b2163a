"""Images that a model of the provider draws."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from db.json_text import JSONText, JSONValue, dump_json
from resolvers.calls.record import record_calls
from resolvers.completions.create import Answered, Record
from resolvers.completions.provider import RequestOptions
from resolvers.completions.requests import provider_of
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError, ProviderFailedError
from resolvers.files import file_create
from resolvers.ids import new_id

__all__ = ["IMAGE_OP", "ImageRequest", "image_create"]

IMAGE_OP = "weave.image_generation_create"
MOST_IMAGES = 100


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Images that are wanted; ``n`` of them, as many as the provider likes where it is None."""

    project: str
    model: str
    prompt: str
    n: int | None = None
    track: bool = True
    wb_user_id: str | None = None


async def image_create(context: Context, request: ImageRequest) -> Answered:
    """Images, recorded as a call whose output has each image's bytes as a file, so that traces stay small.

    The answer is the provider's, as it came. Otherwise as ``completion_create``.
    """
    context.caller.require_write(request.project)
    provider = provider_of(context)
    for name in ("model", "prompt"):
        if not getattr(request, name):
            raise InvalidInputError(f"An image needs a {name}, not ''", [name])
    if request.n is not None and not 1 <= request.n <= MOST_IMAGES:
        raise InvalidInputError(f"n must be 1 to {MOST_IMAGES}, not {request.n}", ["n"])
    body: dict[str, JSONValue] = {"model": request.model, "prompt": request.prompt}
    if request.n is not None:
        body["n"] = request.n
    started_at = now()
    error = None
    try:
        answer = await provider.create_image(body, RequestOptions())
    except ProviderFailedError as failure:
        error = failure.message
        answer = {"error": error}
    if not request.track:
        return Answered(answer, error, None)
    call = Record(request.project, IMAGE_OP, request.model, dump_json(body), JSONText("{}"), request.wb_user_id)
    call_id = new_id()
    output = await _with_files(context, request.project, answer)
    await record_calls(context, [call.start(context, call_id, started_at), call.end(call_id, output, error)])
    return Answered(answer, error, call_id)


async def _with_files(context: Context, project: str, answer: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """The answer with a Weave ``Content`` in place of each image's base64 text."""
    images = answer.get("data")
    if not isinstance(images, list):
        return dict(answer)
    return {**answer, "data": [await _with_file(context, project, image) for image in images]}


async def _with_file(context: Context, project: str, image: JSONValue) -> JSONValue:
    text = image.get("b64_json") if isinstance(image, dict) else None
    if not isinstance(text, str):
        return image
    # Off the event loop: an image has megabytes.
    decoded = await asyncio.to_thread(_decode, text)
    if decoded is None:
        return image
    content, metadata = decoded
    files = {
        "content": await file_create(context, project, "content", content),
        "metadata.json": await file_create(context, project, "metadata.json", metadata),
    }
    kind = {"type": "weave.type_wrappers.Content.content.Content"}
    return {**image, "b64_json": {"_type": "CustomWeaveType", "weave_type": kind, "files": files}}


def _decode(text: str) -> tuple[bytes, bytes] | None:
    """The bytes of an image and their metadata; None where the text is no base64."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return content, dump_json(_metadata(content, _type_of(content))).encode()


_MAGIC = ((b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"RIFF", "webp"))


def _type_of(content: bytes) -> str:
    """What the bytes begin like; PNG, which providers draw by default, for anything unknown."""
    return next((name for magic, name in _MAGIC if content.startswith(magic)), "png")


def _metadata(content: bytes, kind: str) -> dict[str, JSONValue]:
    """What Weave's SDK wants to know of a Content to make it again."""
    digest = hashlib.sha256(content).hexdigest()
    return {
        "size": len(content),
        "mimetype": f"image/{kind}",
        "digest": digest,
        "filename": f"image.{kind}",
        "content_type": "base64",
        "input_type": "str",
        "encoding": "base64",
        "extension": f".{kind}",
    }

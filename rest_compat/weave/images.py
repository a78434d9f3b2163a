"""Images."""

from rest_compat.registry import Data, Endpoint, Request, Variables
from rest_compat.weave.models import Open

__all__ = ["ENDPOINTS"]


class ImageGenerationRequestInputs(Open):
    """Seed 001."""

    model: str
    prompt: str
    n: int | None = None


class ImageGenerationCreateReq(Open):
    """Seed 001."""

    project_id: str
    inputs: ImageGenerationRequestInputs
    wb_user_id: str | None = None
    track_llm_call: bool | None = True


def _input(request: Request) -> Variables:
    body: ImageGenerationCreateReq = request.body
    return {
        "input": {
            "project": body.project_id,
            "model": body.inputs.model,
            "prompt": body.inputs.prompt,
            "n": body.inputs.n,
            "track": body.track_llm_call is not False,
            "wbUserId": body.wb_user_id,
        }
    }


def _created(data: Data, _request: Request) -> dict[str, object]:
    payload = data["imageCreate"]
    return {"response": payload["response"], "weave_call_id": payload["callId"]}


ENDPOINTS = [
    Endpoint(
        "/image/create",
        "weave/image_create",
        "Ask a model for images, and record the question and its answer as a call.",
        model=ImageGenerationCreateReq,
        variables=_input,
        respond=_created,
    ),
]

"""Storing and reading files."""

from pydantic import ConfigDict
from starlette.responses import Response, StreamingResponse

from resolvers.errors import RefusalCode
from rest_compat.dialects import Problem, RefusedError
from rest_compat.forms import FileField
from rest_compat.registry import Data, Endpoint, Request, Variables
from rest_compat.weave.models import Open, Strict

__all__ = ["ENDPOINTS"]


class FileCreateBody(Open):
    """Seed 000; ``expected_digest`` is what the SDKs from 0.52 on send."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    project_id: str
    file: FileField
    expected_digest: str | None = None


class FileContentReadReq(Strict):
    """Seed 000."""

    project_id: str
    digest: str


def _create(request: Request) -> Variables:
    body: FileCreateBody = request.body
    return {
        "input": {
            "project": body.project_id,
            "name": body.file.filename,
            "content": body.file.file,
            "expectedDigest": body.expected_digest,
        }
    }


def _content(data: Data, request: Request) -> Response:
    file = data["project"] and data["project"]["file"]
    if not file:
        raise RefusedError(Problem(RefusalCode.NOT_FOUND, f"File {request.body.digest} not found"))
    content = file["content"]
    headers = {"content-length": str(content.size_bytes)}
    return StreamingResponse(content.chunks(), media_type="application/octet-stream", headers=headers)


def _endpoints(prefix: str) -> list[Endpoint]:
    """Seed 000 says ``/file``, the older SDKs ``/files``."""
    return [
        Endpoint(
            f"{prefix}/create",
            "weave/file_create",
            "Store a file (multipart); answers its digest.",
            model=FileCreateBody,
            form=True,
            variables=_create,
            respond=lambda data, _request: {"digest": data["fileCreate"]["digest"]},
        ),
        Endpoint(
            f"{prefix}/content",
            "weave/file_content",
            "Bytes of a file by digest.",
            model=FileContentReadReq,
            variables=lambda request: {"project": request.body.project_id, "digest": request.body.digest},
            respond=_content,
        ),
    ]


ENDPOINTS = [*_endpoints("/file"), *_endpoints("/files")]

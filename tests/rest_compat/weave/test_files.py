"""Files over REST: forms in, bytes out."""

import base64
import hashlib

import httpx
import pytest

from tests.conftest import running_app

PROJECT = "team/app"
CONTENT = bytes(range(256)) * 5000  # more than a chunk


def digest_of(content: bytes) -> str:
    """The digest that the SDKs compute."""
    text = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
    return text.replace("-", "X").replace("_", "Y").rstrip("=")


async def create(client: httpx.AsyncClient, content: bytes, path: str = "/file/create") -> httpx.Response:
    return await client.post(path, data={"project_id": PROJECT}, files={"file": ("a.bin", content)})


@pytest.mark.parametrize("prefix", ["/file", "/files"])
async def test_bytes_come_back(client: httpx.AsyncClient, prefix: str) -> None:
    for content in (CONTENT, b""):
        made = await create(client, content, f"{prefix}/create")
        assert made.json() == {"digest": digest_of(content)}
        read = await client.post(f"{prefix}/content", json={"project_id": PROJECT, "digest": digest_of(content)})
        assert read.status_code == 200
        assert read.headers["content-type"] == "application/octet-stream"
        assert read.content == content


async def test_what_is_not_there_or_no_form_is_refused(client: httpx.AsyncClient) -> None:
    missing = await client.post("/file/content", json={"project_id": PROJECT, "digest": "nope"})
    assert (missing.status_code, missing.json()) == (404, {"reason": "File nope not found"})
    no_file = await client.post("/file/create", data={"project_id": PROJECT}, files={"other": b"x"})
    assert no_file.status_code == 422
    assert no_file.json()["detail"][0]["loc"] == ["body", "file"]
    text = await client.post("/file/create", data={"project_id": PROJECT, "file": "x"}, files={"other": b"x"})
    assert text.status_code == 422
    no_form = await client.post("/file/create", json={"project_id": PROJECT})
    assert no_form.json()["detail"][0]["msg"] == "Expected multipart/form-data, not 'application/json'"
    broken = await client.post(
        "/file/create", content=b"--x\r\nnonsense", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code == 422


async def test_an_upload_past_the_limit_is_refused(sqlite_url: str) -> None:
    async with running_app(sqlite_url, max_upload_bytes=4096) as client:
        refused = await create(client, b"x" * 5000)
        assert (refused.status_code, refused.json()) == (413, {"reason": "Request too large: at most 4096 bytes"})
        missing = await client.post("/file/content", json={"project_id": PROJECT, "digest": digest_of(b"x" * 5000)})
        assert missing.status_code == 404

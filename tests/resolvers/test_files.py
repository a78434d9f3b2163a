import io
import tempfile

import pytest
from sqlalchemy import func, select

from db.files import CHUNK_BYTES, file_chunks
from resolvers.context import Context
from resolvers.errors import ConflictError, NotFoundError
from resolvers.files import file_chunks_of, file_create, files_by_digest

PROJECT = "team/project"
HELLO = "LPJNulXwow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"


async def chunks(context: Context, digest: str, project: str = PROJECT) -> list[bytes]:
    return [chunk async for chunk in file_chunks_of(context, project, digest)]


async def stored_chunks(context: Context) -> int:
    count = select(func.count()).select_from(file_chunks)
    return await context.database.read(lambda connection: int(connection.execute(count).scalar_one()))


async def test_a_file_comes_back_in_chunks(context: Context) -> None:
    content = bytes(range(256)) * (CHUNK_BYTES // 128) + b"end"
    with tempfile.SpooledTemporaryFile(1000) as upload:
        upload.write(content)
        digest = await file_create(context, PROJECT, "big.bin", upload)
    pieces = await chunks(context, digest)
    assert [len(piece) for piece in pieces] == [CHUNK_BYTES, CHUNK_BYTES, 3]
    assert b"".join(pieces) == content


async def test_the_same_content_is_kept_once_under_its_first_name(context: Context) -> None:
    assert await file_create(context, PROJECT, "first.txt", b"hello") == HELLO
    assert await file_create(context, PROJECT, "second.txt", io.BytesIO(b"hello")) == HELLO
    assert await file_create(context, "other/project", "third.txt", b"hello") == HELLO
    assert await stored_chunks(context) == 2
    keys = [("other/project", HELLO), (PROJECT, "unknown"), (PROJECT, HELLO)]
    found = await files_by_digest(context, keys, columns=frozenset({"name", "size_bytes"}))
    assert [file and (file.name, file.size_bytes) for file in found] == [("third.txt", 5), None, ("first.txt", 5)]


async def test_an_empty_file_is_one(context: Context) -> None:
    digest = await file_create(context, PROJECT, "empty", b"")
    assert digest == "47DEQpj8HBSaXYTImWX5JCeuQeRkm5NMpJWZG3hSuFU"
    assert await chunks(context, digest) == []


async def test_an_unknown_file_is_not_found_before_the_first_chunk(context: Context) -> None:
    await file_create(context, "other/project", "there", b"hello")
    with pytest.raises(NotFoundError) as refusal:
        await chunks(context, HELLO)
    assert refusal.value.message == f"File {HELLO!r} not found in project 'team/project'"


async def test_an_expected_digest_that_differs_is_a_conflict_and_writes_nothing(context: Context) -> None:
    with pytest.raises(ConflictError) as refusal:
        await file_create(context, PROJECT, "a.txt", b"hello", expected_digest="wrong")
    assert refusal.value.message == f"Expected digest 'wrong' of file 'a.txt', but it is {HELLO!r}"
    assert await stored_chunks(context) == 0
    assert await file_create(context, PROJECT, "a.txt", b"hello", expected_digest=HELLO) == HELLO

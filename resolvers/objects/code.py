"""The code of ops: the files that a version's value names."""

from collections.abc import Sequence

from sqlalchemy import Connection

from db.files import select_small_files
from db.json_text import parse_json
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.picks import OBJECTS, values_at

__all__ = ["LONGEST_CODE", "file_texts", "main_file", "version_files"]

LONGEST_CODE = 256 << 10
"""Bytes of a file that is read as code."""


async def version_files(context: Context, keys: Sequence[tuple[str, ...]]) -> list[dict[str, str]]:
    """Digests of the files of each version by their names, in the value's order; empty where it names none."""
    texts = await values_at(context, keys, held=OBJECTS, parts=("files",))
    return [_files(parse_json(text)) if isinstance(text, str) else {} for text in texts]


def _files(value: object) -> dict[str, str]:
    members = value.items() if isinstance(value, dict) else ()
    return {name: digest for name, digest in members if isinstance(digest, str)}


def main_file(files: dict[str, str]) -> str | None:
    """The digest of the file that holds the code: ``obj.py``, or else the only one."""
    if "obj.py" in files:
        return files["obj.py"]
    return next(iter(files.values())) if len(files) == 1 else None


async def file_texts(context: Context, keys: Sequence[tuple[str, str]]) -> list[str | None]:
    """The text of files by (project, digest); None for what is not there, is no text in UTF-8, or is larger than
    256 KiB."""

    def read(connection: Connection, project: str, digests: list[str]) -> dict[str, str]:
        found = {}
        for digest, content in select_small_files(connection, project, digests, LONGEST_CODE).items():
            try:
                found[digest] = content.decode()
            except UnicodeDecodeError:
                continue
        return found

    return await read_by_key(context, keys, read)

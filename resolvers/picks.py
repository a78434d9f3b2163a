"""Values at paths inside what calls, objects and rows hold, and previews of them, many at once.

Only what stands at the path is read from the database: a list of calls with 20 MB of output each costs what is shown.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection, func

from db.calls.reads import SHOWN
from db.calls.tables import JSON_COLUMNS, calls
from db.feedback import feedback
from db.json_text import JSONText
from db.objects.tables import objects
from db.picks import Held, Key, Preview, select_previews, select_values
from db.query.fields import Field, Fields, FieldType
from db.tables.reads import ROW_FIELDS
from db.tables.tables import table_rows
from resolvers.context import Context
from resolvers.errors import InvalidInputError, Refusal, TooLargeError
from resolvers.queries import refusing_queries

__all__ = [
    "FEEDBACK",
    "LONGEST_PREVIEW",
    "OBJECTS",
    "ROWS",
    "Preview",
    "held_in_call",
    "parts_of",
    "previews_at",
    "values_at",
]

V = TypeVar("V")

LONGEST_PREVIEW = 10_000
MOST_BYTES = 64 << 20
"""Of the values that one field gives to all nodes of a list."""

CALL_ROOTS = Fields([Field(name, FieldType.JSON, calls.c[name]) for name in JSON_COLUMNS])

_SIZES = {
    "attributes": calls.c.start_size,
    "inputs": calls.c.start_size,
    "output": calls.c.end_size,
    "summary": calls.c.end_size,
}
_CALLS = {
    name: Held(calls.c.project_id, (calls.c.id,), calls.c[name], calls.c[f"{name}_query"], _SIZES[name], SHOWN)
    for name in JSON_COLUMNS
}
OBJECTS = Held(
    objects.c.project_id,
    (objects.c.kind, objects.c.object_id, objects.c.digest),
    objects.c.val,
    objects.c.val_query,
    objects.c.size_bytes,
)
ROWS = Held(
    table_rows.c.project_id,
    (table_rows.c.digest,),
    table_rows.c.val,
    table_rows.c.val_query,
    table_rows.c.size_bytes,
)


FEEDBACK = Held(
    feedback.c.project_id,
    (feedback.c.id,),
    feedback.c.payload,
    feedback.c.payload_query,
    func.length(feedback.c.payload),
)


def held_in_call(path: str) -> tuple[Held, tuple[str, ...]]:
    """Where a path into a call leads: what holds the value, and the path inside it.

    Raises InvalidInputError for a path that begins with no payload.
    """
    with refusing_queries("path", InvalidInputError):
        field = CALL_ROOTS.resolve(path)
    return _CALLS[field.name], field.parts


def parts_of(path: str | None) -> tuple[str, ...]:
    """A path into the value of an object or a row; none is the value itself. Raises InvalidInputError."""
    if path is None:
        return ()
    with refusing_queries("path", InvalidInputError):
        return ROW_FIELDS.resolve(path).parts


async def values_at(
    context: Context, keys: Sequence[Key], *, held: Held, parts: tuple[str, ...]
) -> list[JSONText | Refusal | None]:
    """The JSON text at ``parts`` of each (project, key), in the order of ``keys``.

    None where nothing, or null, is there or may be seen. Of more than 64 MiB together the last are refused.
    """
    found = await _read(
        context,
        keys,
        lambda connection, project, wanted: select_values(connection, held, project, wanted, parts, MOST_BYTES),
    )
    refused = TooLargeError(
        f"The values at {'.'.join(parts) or 'this place'!r} of this list pass {MOST_BYTES >> 20} MiB: ask for fewer "
        "nodes, or for previews"
    )
    return [refused if key in found and found[key] is None else found.get(key) for key in keys]


async def previews_at(
    context: Context, keys: Sequence[Key], *, held: Held, parts: tuple[str, ...], length: int
) -> list[Preview | None]:
    """How what stands at ``parts`` of each (project, key) begins; None as above. One statement a project and chunk."""
    if not 1 <= length <= LONGEST_PREVIEW:
        raise InvalidInputError(f"length must be from 1 to {LONGEST_PREVIEW}, not {length}", ["length"])
    found = await _read(
        context,
        keys,
        lambda connection, project, wanted: select_previews(connection, held, project, wanted, parts, length),
    )
    return [found.get(key) for key in keys]


async def _read(
    context: Context, keys: Sequence[Key], read: Callable[[Connection, str, list[Key]], Mapping[Key, V]]
) -> dict[Key, V]:
    by_project: defaultdict[str, dict[Key, None]] = defaultdict(dict)
    for project, *key in keys:
        if context.caller.may_read(project):
            by_project[project][tuple(key)] = None

    def read_all(connection: Connection) -> dict[Key, V]:
        return {
            (project, *key): value
            for project, wanted in by_project.items()
            for key, value in read(connection, project, list(wanted)).items()
        }

    return await context.read(read_all) if by_project else {}

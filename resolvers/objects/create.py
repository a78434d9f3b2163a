"""Creating versions of objects and ops."""

import re
from typing import NamedTuple

from sqlalchemy import Connection

from db.json_text import JSONText, dump_json, parse_json
from db.objects.writes import publish
from db.projects import lock
from db.refs import Edge, insert_edges
from db.text import utf8_size
from resolvers.aside import aside
from resolvers.context import Context, now
from resolvers.digests import check_expected, value_digest
from resolvers.errors import InvalidInputError, InvalidNameError
from resolvers.objects.builtin import as_builtin
from resolvers.objects.classes import ObjectClasses, kind_of, object_classes
from resolvers.objects.kinds import ObjectKind
from resolvers.refs import refs_in

__all__ = ["ObjectCreated", "check_object_id", "object_create"]

LONGEST_NAME = 128
_FORBIDDEN = re.compile(r"[^\w._-]")


class ObjectCreated(NamedTuple):
    """The version that is now the latest of its name."""

    project: str
    kind: str
    object_id: str
    digest: str
    version_index: int


class _Incoming(NamedTuple):
    """A value, ready to be stored."""

    val: JSONText
    digest: str
    kind: str
    classes: ObjectClasses
    refs: list[str]
    size: int


def check_object_id(object_id: str) -> str:
    """``object_id`` if it may name an object: letters, digits, ``.``, ``_`` and ``-``, 128 of them at most.

    Raises InvalidNameError or InvalidInputError naming it otherwise.
    """
    if found := _FORBIDDEN.findall(object_id):
        characters = ", ".join(map(repr, dict.fromkeys(found)))
        raise InvalidNameError(f"Invalid object name {object_id!r}: it contains {characters}", ["objectId"])
    if not object_id:
        raise InvalidNameError(f"Invalid object name {object_id!r}: it is empty", ["objectId"])
    if len(object_id) > LONGEST_NAME:
        message = f"Invalid object name {object_id!r}: {len(object_id)} characters, at most {LONGEST_NAME}"
        raise InvalidInputError(message, ["objectId"])
    return object_id


async def object_create(
    context: Context,
    project: str,
    object_id: str,
    val: JSONText,
    *,
    builtin_object_class: str | None = None,
    set_base_object_class: str | None = None,
    wb_user_id: str | None = None,
    expected_digest: str | None = None,
    kind: ObjectKind | None = None,
) -> ObjectCreated:
    """Publish ``val`` under a name; it becomes the latest version, a new one where the name has not had it before.

    With ``builtin_object_class`` (``set_base_object_class`` is its older name) ``val`` is checked against that class
    and stored with its defaults and class names. Without ``kind`` the value says whether it is an op. Raises
    InvalidNameError, InvalidInputError, and ConflictError where ``expected_digest`` is another than the value has.
    """
    context.caller.require_write(project)
    check_object_id(object_id)
    incoming = await aside(_prepare, val, builtin_object_class or set_base_object_class, size=len(val))
    if kind is not None:
        incoming = incoming._replace(kind=kind.value)
    check_expected(expected_digest, incoming.digest, f"object {object_id!r}")
    at = now()

    def write(connection: Connection) -> int:
        change_seq = lock(connection, project, at)
        index = publish(
            connection,
            {
                "project_id": project,
                "kind": incoming.kind,
                "object_id": object_id,
                "digest": incoming.digest,
                "base_object_class": incoming.classes.base,
                "leaf_object_class": incoming.classes.leaf,
                "val": incoming.val,
                "size_bytes": incoming.size,
                "wb_user_id": wb_user_id,
                "created_at": at,
                "published_seq": change_seq,
                "deleted_at": None,
            },
        )
        source = f"{object_id}:{incoming.digest}"
        insert_edges(connection, project, (Edge(incoming.kind, source, "value", ref) for ref in incoming.refs))
        return index

    index = await context.database.write(write)
    return ObjectCreated(project, incoming.kind, object_id, incoming.digest, index)


def _prepare(val: JSONText, class_name: str | None) -> _Incoming:
    value = parse_json(val)
    classes = object_classes(value)
    if class_name is not None:
        if not isinstance(value, dict):
            message = f"Only a JSON object can be of class {class_name!r}, not {str(val)[:80]}"
            raise InvalidInputError(message, ["val"])
        if classes is None:
            value = as_builtin(class_name, value)
            val = dump_json(value)
            classes = object_classes(value)
        elif classes.leaf != class_name:
            message = f"The value is of class {classes.leaf!r}, not of class {class_name!r}"
            raise InvalidInputError(message, ["builtinObjectClass"])
    classes = classes or ObjectClasses(None, None)
    return _Incoming(val, value_digest(value), kind_of(value), classes, refs_in(val), utf8_size(val))

"""Paths of calls that cross a ref: ``inputs.model.name``, where ``inputs.model`` is the ref of an object.

The value at an expanded path is what its ref points to: an object or op of the same project by its digest, or a row of
a table (``.../attr/rows/id/DIGEST``). Anything else there is itself: a value that is no ref, a ref into another project
or to what is not there.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, select

from db.objects.tables import objects
from db.query.derived import after_colon, before_colon, last_segment
from db.query.expression import QueryError
from db.query.fields import Field, FieldType, Hook, split_path
from db.query.json import json_node
from db.query.steps import Named, Step, in_steps
from db.query.templates import apply
from db.tables.tables import table_rows

__all__ = ["MAX_CROSSINGS", "refs_hook"]

MAX_CROSSINGS = 10
"""Refs that one path may lead through; each is a look-up for every call that is compared."""

_ROW = "/id/"


def refs_hook(project_id: str, payloads: Mapping[str, ColumnElement[Any]], expand: Sequence[str]) -> Hook:
    """The hook for calls of one project: paths strictly below one of ``expand`` are read through its ref.

    ``payloads`` has the JSON text of each field that may hold refs; paths of ``expand`` elsewhere lead to none.
    """
    split = {split_path(path) for path in expand}
    crossings = sorted((parts for parts in split if parts[0] in payloads), key=len)

    def resolve(path: str) -> Field | None:
        parts = split_path(path)
        crossed = [refs for refs in crossings if len(refs) < len(parts) and parts[: len(refs)] == refs]
        if not crossed:
            return None
        if len(crossed) > MAX_CROSSINGS:
            raise QueryError(
                f"the path {path!r} leads through {len(crossed)} refs, at most {MAX_CROSSINGS} are followed"
            )
        begins = [1, *map(len, crossed)]
        steps = [_followed(project_id, parts[begin:end]) for begin, end in pairwise(begins)]
        text = in_steps({"n": payloads[parts[0]]}, *chain.from_iterable(steps))
        return Field(path, FieldType.JSON, text, parts=parts[begins[-1] :])

    return resolve


def _followed(project_id: str, parts: Sequence[str]) -> list[Step]:
    """From JSON text to that of what the ref at ``parts`` in it points to, or else of what is there itself.

    Many small steps: what stands in one of them is nested least.
    """
    scheme = f"weave:///{project_id}/"

    def node(given: Named) -> Named:
        return {"n": json_node(given["n"], parts)}

    def ref(given: Named) -> Named:
        return {"n": cast(given["n"], Text), "ref": apply("json_string", given["n"])}

    def tail(given: Named) -> Named:
        return {**given, "tail": last_segment(given["ref"])}

    def names(given: Named) -> Named:
        return {**given, "name": before_colon(given["tail"]), "digest": after_colon(given["tail"])}

    def targets(given: Named) -> Named:
        return {"n": given["n"], "version": _version(project_id, scheme, given), "row": _row(project_id, scheme, given)}

    def target(given: Named) -> Named:
        return {"n": func.coalesce(given["version"], given["row"], given["n"])}

    return [node, ref, tail, names, targets, target]


def _version(project_id: str, scheme: str, given: Named) -> ColumnElement[Any]:
    """JSON text of the object or op that the ref names; null where there is none."""
    c = objects.c
    return (
        select(func.coalesce(c.val_query, c.val))
        .where(
            c.project_id == project_id,
            c.object_id == given["name"],
            c.digest == given["digest"],
            c.deleted_at.is_(None),
            literal(scheme, Text()) + c.kind + "/" + given["tail"] == given["ref"],
        )
        .scalar_subquery()
    )


def _row(project_id: str, scheme: str, given: Named) -> ColumnElement[Any]:
    """JSON text of the row of a table that the ref names; null where there is none."""
    c = table_rows.c
    ref, tail = given["ref"], given["tail"]
    edge = func.substr(ref, func.length(ref) - func.length(tail) - len(_ROW) + 1, len(_ROW))
    return (
        select(func.coalesce(c.val_query, c.val))
        .where(
            c.project_id == project_id,
            c.digest == tail,
            func.substr(ref, 1, len(scheme)) == scheme,
            edge == _ROW,
        )
        .scalar_subquery()
    )

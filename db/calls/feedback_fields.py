"""What queries and sorts of calls can name of the feedback on them: ``feedback.[TYPE].payload.PATH``.

A condition holds where feedback of that type fulfils it, one of them at least; the fields of one type that stand in one
comparison are of the same feedback. A sort takes the newest feedback of the type. ``*`` is any type.
"""

import re
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.sql.selectable import NamedFromClause

from db.calls.tables import calls
from db.feedback import feedback
from db.query.expression import QueryError
from db.query.fields import Field, FieldType, Hook, Related, camel, split_path

__all__ = ["feedback_hook"]

_PATH = re.compile(r"feedback\.\[([^\]]+)\]\.(.+)", re.DOTALL)
_TEXTS = ("runnable_ref", "trigger_ref")
_SPELLINGS = {camel(name): name for name in _TEXTS}
ANY_TYPE = "*"


def feedback_hook(project_id: str) -> Hook:
    """The hook for calls of one project."""

    @cache  # two fields of a type share their rows
    def rows_of(feedback_type: str) -> tuple[NamedFromClause[Any], Related]:
        rows = feedback.alias()
        return rows, _related(rows, project_id, feedback_type)

    def resolve(path: str) -> Field | None:
        if path != "feedback" and not path.startswith("feedback."):
            return None
        match = _PATH.fullmatch(path)
        if match is None:
            raise QueryError(f"unknown field {path!r}: feedback is asked for as feedback.[TYPE].payload.PATH")
        rows, related = rows_of(match[1])
        name, *parts = split_path(match[2])
        name = _SPELLINGS.get(name, name)
        if name in _TEXTS and not parts:
            return Field(path, FieldType.TEXT, rows.c[name], related=related)
        if name == "payload":
            payload = _payload(rows)
            return Field(path, FieldType.JSON, payload, related=related, parts=tuple(parts))
        known, in_graph = (", ".join(["payload.PATH", *names]) for names in (_TEXTS, _SPELLINGS))
        unknown = f"unknown field {path!r}: of feedback on calls there are"
        raise QueryError(f"{unknown} {known}", in_graph=f"{unknown} {in_graph}")

    return resolve


def _payload(rows: NamedFromClause[Any]) -> ColumnElement[Any]:
    return func.coalesce(rows.c.payload_query, rows.c.payload)


def _related(rows: NamedFromClause[Any], project_id: str, feedback_type: str) -> Related:
    c = rows.c
    conditions = [c.project_id == project_id, c.target_ref == f"weave:///{project_id}/call/" + calls.c.id]
    if feedback_type != ANY_TYPE:
        conditions.append(c.feedback_type == feedback_type)

    def some(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        # OFFSET makes PostgreSQL look the feedback of each call up by its index. Left to turn this into a join, on
        # tables that it has no statistics of yet it compares every call with every feedback.
        found: Select[Any] = select(literal_column("1")).where(*conditions, condition).offset(0)
        return found.correlate_except(rows).exists()

    def newest(value: ColumnElement[Any]) -> ColumnElement[Any]:
        return (
            select(value)
            .where(*conditions)
            .order_by(c.created_at.desc(), c.id.desc())
            .limit(1)
            .correlate_except(rows)
            .scalar_subquery()
        )

    return Related(some, newest)

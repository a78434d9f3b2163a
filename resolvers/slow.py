"""Reads that were stopped since they took too long, as refusals that say what would help."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import BindParameter, ClauseElement, Column
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression

from db.calls.tables import calls
from db.path_indexes.known import indexed
from db.path_indexes.paths import can_be_indexed, paths_in
from db.query.fields import split_path
from db.watchdog import SlowStatementError
from resolvers.errors import TooSlowError

__all__ = ["refusing_what_is_slow"]

MOST_NAMED = 5
"""Paths that a message names."""


@contextmanager
def refusing_what_is_slow() -> Iterator[None]:
    """Turn a SlowStatementError into a refusal that names the index that is missing, where one is."""
    try:
        yield
    except SlowStatementError as error:
        said = f"This took longer than {error.seconds:g} seconds and was stopped."
        raise TooSlowError(f"{said} {_advice(error.statement)}") from error


def _advice(statement: ClauseElement | None) -> str:
    project = None if statement is None else _project_of(statement)
    narrower = "Ask for less, such as a shorter span of time (`startedAfter`) or one op"
    if statement is None or project is None:
        return f"{narrower}."
    paths = [path for path in paths_in(statement) if can_be_indexed(path) and not _is_indexed(project, path)]
    if not paths:
        return f"{narrower}."
    commands = ", ".join(f"`tracegraph index add {project} {path}`" for path in paths[:MOST_NAMED])
    noun = "An index" if len(paths) == 1 else "Indexes"
    return f"{noun} would help: {commands}. Or ask for less, such as a shorter span of time (`startedAfter`)."


def _is_indexed(project: str, path: str) -> bool:
    column, *parts = split_path(path)
    return indexed(project, column, tuple(parts)) is not None


def _project_of(statement: ClauseElement) -> str | None:
    """The project whose calls the statement reads."""
    for element in visitors.iterate(statement):
        if not isinstance(element, BinaryExpression) or not isinstance(element.right, BindParameter):
            continue
        column, value = element.left, element.right.value
        if isinstance(column, Column) and column.table is calls and column.name == "project_id":
            return str(value)
    return None

"""Creating, changing and deleting metrics, and deploying their versions."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from db.json_text import dump_json
from db.metric_jobs import delete_jobs_of_metric
from db.metrics import (
    CONTENT,
    delete_metric,
    insert_metric,
    insert_version,
    select_metrics_by_id,
    select_metrics_by_name,
    select_versions,
    update_metric,
)
from db.projects import lock
from resolvers.context import Context, now
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.ids import new_id
from resolvers.metrics.children import check_children, check_cycles
from resolvers.metrics.content import canonical, columns_of_definition, definition_of
from resolvers.metrics.definition import MetricDefinition
from resolvers.metrics.production.intake import follow_for_metrics
from resolvers.metrics.validate import check_definition, merged

__all__ = [
    "LONGEST_MESSAGE",
    "metric_create",
    "metric_delete",
    "metric_update",
    "metric_version_create",
    "metric_version_deploy",
    "version_number",
]

LONGEST_MESSAGE = 10_000


@dataclass(frozen=True, slots=True)
class _Author:
    """Who writes a version, when."""

    user_id: str
    at: int


async def metric_create(context: Context, definition: MetricDefinition, message: str | None = None) -> str:
    """Create a metric with its first version, which is deployed; returns its id.

    Raises InvalidInputError for a definition that cannot be, ConflictError where its name is taken.
    """
    context.caller.require_write(definition.project)
    check_definition(definition, "definition")
    _check_message(message)
    made = replace(definition, metric_id=new_id())
    author = _Author(context.caller.user_id, now())

    def write(connection: Connection) -> None:
        lock(connection, made.project, author.at, changes=0)
        _check_in_project(connection, made, "definition")
        insert_metric(
            connection,
            {
                "project_id": made.project,
                "id": made.metric_id,
                "name": made.name,
                "enabled_in_prod": made.enabled_in_prod,
                "deployed": 1,
                "version_count": 1,
                "created_at": author.at,
                "created_by": author.user_id,
                "updated_at": None,
            },
        )
        _insert_version(connection, made, 1, "Created" if message is None else message, [], author)
        follow_for_metrics(connection, made.project)

    await context.database.write(write)
    assert made.metric_id is not None, "it has just got one"
    return made.metric_id


async def metric_update(
    context: Context, project: str, metric_id: str, changes: Mapping[str, Any], message: str | None = None
) -> None:
    """Change fields of a metric, by the names of ``MetricDefinition``: a new version, which is deployed. What changes
    nothing makes none.

    Raises NotFoundError, InvalidInputError for a definition that cannot be, ConflictError for a name that is taken.
    """
    context.caller.require_write(project)
    _check_message(message)
    author = _Author(context.caller.user_id, now())

    def write(connection: Connection) -> None:
        before, count = _locked(connection, project, metric_id, author.at)
        after = merged(before, changes)
        changed = _changed(before, after)
        if not changed:
            return
        check_definition(after, "changes")
        _check_in_project(connection, after, "changes", changed)
        said = f"Changed {', '.join(changed)}" if message is None else message
        _insert_version(connection, after, count + 1, said, changed, author)
        _deploy(connection, after, count + 1, author, version_count=count + 1)

    await context.database.write(write)


async def metric_delete(context: Context, project: str, metric_id: str) -> None:
    """Delete a metric with its versions. What calls hold of its values stays. Raises NotFoundError."""
    context.caller.require_write(project)
    at = now()

    def write(connection: Connection) -> None:
        _locked(connection, project, metric_id, at)
        delete_metric(connection, project, metric_id)
        delete_jobs_of_metric(connection, project, metric_id)
        follow_for_metrics(connection, project)

    await context.database.write(write)


async def metric_version_create(
    context: Context, definition: MetricDefinition, message: str, *, deploy: bool = False
) -> int:
    """Add a version to the metric that ``definition`` names; returns its number. Only where it is to be deployed the
    metric changes.

    Raises NotFoundError, InvalidInputError for a definition that cannot be, ConflictError for a name that is taken.
    """
    project, metric_id = definition.project, definition.metric_id
    assert metric_id is not None, "a version is of a metric"
    context.caller.require_write(project)
    check_definition(definition, "definition")
    _check_message(message)
    author = _Author(context.caller.user_id, now())

    def write(connection: Connection) -> int:
        before, count = _locked(connection, project, metric_id, author.at)
        number = count + 1
        check_children(connection, definition, "definition")
        check_cycles(connection, definition, "definition")
        _insert_version(connection, definition, number, message, _changed(before, definition), author)
        if deploy:
            _check_name_is_free(connection, definition, "definition")
            _deploy(connection, definition, number, author, version_count=number)
        else:
            update_metric(connection, project, metric_id, {"version_count": number})
        return number

    return await context.database.write(write)


async def metric_version_deploy(context: Context, project: str, metric_id: str, version: str) -> int:
    """Make a version the one that counts; returns its number. One that is deployed stays.

    Raises NotFoundError, ConflictError where another metric has got its name, InvalidInputError where its children are
    gone or have become its parents.
    """
    context.caller.require_write(project)
    number = version_number(version)
    author = _Author(context.caller.user_id, now())

    def write(connection: Connection) -> int:
        _locked(connection, project, metric_id, author.at)
        row = select_versions(connection, project, [(metric_id, number)], {*CONTENT, "is_deployed"}).get(
            (metric_id, number)
        )
        if row is None:
            raise NotFoundError(f"Metric {metric_id!r} has no version {version!r}", ["version"])
        if not row.is_deployed:
            definition = definition_of(row)
            _check_in_project(connection, definition, "version")
            _deploy(connection, definition, number, author)
        return number

    return await context.database.write(write)


def version_number(version: str) -> int:
    """The number of a version, ``v3``; 0, which none has, for what is no name of one."""
    digits = version.removeprefix("v")
    plain = version.startswith("v") and digits.isascii() and digits.isdecimal() and len(digits) < 19
    return int(digits) if plain and digits[0] != "0" else 0


def _locked(connection: Connection, project: str, metric_id: str, at: int) -> tuple[MetricDefinition, int]:
    """The deployed definition, and how many versions there are, held until the transaction ends."""
    if not select_metrics_by_id(connection, project, [metric_id], ()):
        raise _not_found(project, metric_id)  # before the lock, which makes projects
    lock(connection, project, at, changes=0)
    row = select_metrics_by_id(connection, project, [metric_id], {*CONTENT, "version_count"}).get(metric_id)
    if row is None:
        raise _not_found(project, metric_id)
    return definition_of(row), row.version_count


def _not_found(project: str, metric_id: str) -> NotFoundError:
    return NotFoundError(f"Metric not found: {project!r} has none with the id {metric_id!r}", ["metricId"])


def _changed(before: MetricDefinition, after: MetricDefinition) -> list[str]:
    """The names of the fields that differ."""
    old, new = columns_of_definition(before), columns_of_definition(after)
    return [name for name in CONTENT if old[name] != new[name]]


def _check_message(message: str | None) -> None:
    if message is not None and len(message) > LONGEST_MESSAGE:
        raise InvalidInputError(
            f"A message has at most {LONGEST_MESSAGE} characters, not {len(message)}: {message[:60]!r}...", ["message"]
        )


def _check_in_project(
    connection: Connection, definition: MetricDefinition, place: str, changed: list[str] | None = None
) -> None:
    """What a definition says that other metrics have a say in; ``changed`` None is all of it."""
    if changed is None or "name" in changed:
        _check_name_is_free(connection, definition, place)
    if changed is None or "child_metrics" in changed:
        check_children(connection, definition, place)
    if changed is None or {"name", "child_metrics"} & set(changed):
        check_cycles(connection, definition, place)


def _check_name_is_free(connection: Connection, definition: MetricDefinition, place: str) -> None:
    found = select_metrics_by_name(connection, definition.project, [definition.name], ()).get(definition.name)
    if found is not None and found.metric_id != definition.metric_id:
        raise ConflictError(
            f"A metric of {definition.project!r} is called {definition.name!r} already: {found.metric_id}",
            [place, "name"],
        )


def _insert_version(
    connection: Connection, definition: MetricDefinition, number: int, message: str, changed: list[str], author: _Author
) -> None:
    named = [definition.project, definition.metric_id, number, message, canonical(definition)]
    insert_version(
        connection,
        {
            "project_id": definition.project,
            "metric_id": definition.metric_id,
            "number": number,
            "digest": hashlib.sha256(json.dumps(named).encode()).hexdigest(),
            "message": message,
            "changed": dump_json(changed),
            "created_at": author.at,
            "created_by": author.user_id,
            **columns_of_definition(definition),
        },
    )


def _deploy(connection: Connection, definition: MetricDefinition, number: int, author: _Author, **others: int) -> None:
    assert definition.metric_id is not None, "what is deployed is stored"
    values = {
        "name": definition.name,
        "enabled_in_prod": definition.enabled_in_prod,
        "deployed": number,
        "updated_at": author.at,
        **others,
    }
    update_metric(connection, definition.project, definition.metric_id, values)
    follow_for_metrics(connection, definition.project)

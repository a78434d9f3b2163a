"""Making, changing and deleting experiments."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from db.experiments.reads import select_experiments_by_id
from db.experiments.writes import (
    delete_experiment,
    insert_experiments,
    replace_members,
    select_unrecorded,
    update_experiment,
)
from db.json_text import JSONText, JSONValue, dump_json, parse_json
from db.projects import lock
from db.rows import Row
from resolvers.calls.events import CallRename
from resolvers.calls.record import write_events
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.experiments.read import ExperimentOrigin, ExperimentStatus, PassingRange

__all__ = [
    "ExperimentChange",
    "Saved",
    "experiment_create",
    "experiment_delete",
    "experiment_update",
]

LONGEST_ID = 256
LONGEST_MEMBER = 512
LONGEST_NAME = 1024
LONGEST_DESCRIPTION = 100_000

ENDED = (ExperimentStatus.COMPLETED, ExperimentStatus.FAILED, ExperimentStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class ExperimentChange:
    """What is said of an experiment; None says nothing.

    Objects are merged: a top-level key that is said replaces what was there, the others stay. Lists replace lists.
    """

    name: str | None = None
    description: str | None = None
    status: ExperimentStatus | None = None
    dataset_id: str | None = None
    metadata: JSONText | None = None
    results: JSONText | None = None
    configuration: JSONText | None = None
    evaluators: JSONText | None = None
    passing_ranges: Sequence[PassingRange] | None = None
    event_ids: Sequence[str] | None = None
    session_ids: Sequence[str] | None = None
    datapoint_ids: Sequence[str] | None = None


_OBJECTS = ("metadata", "results", "configuration")
_MEMBERS = {"event_ids": "event", "session_ids": "session", "datapoint_ids": "datapoint"}
_COLUMNS = frozenset({"origin", "name", "status", "ended_at", *_OBJECTS})


@dataclass(frozen=True, slots=True)
class Saved:
    """An experiment that was made or changed; ``unrecorded`` are the events and sessions that it names and that are
    not there, or not yet."""

    experiment_id: str
    unrecorded: Sequence[str] = ()


async def experiment_create(
    context: Context, project: str, change: ExperimentChange, experiment_id: str | None = None
) -> Saved:
    """Make an experiment, or where there is one of this id, change it. Without an id it gets a new one.

    Raises InvalidInputError for what it cannot be.
    """
    context.caller.require_write(project)
    experiment_id = str(uuid4()) if experiment_id is None else experiment_id
    _check_id("experimentId", experiment_id, LONGEST_ID)
    _check(change)
    at = now()

    def write(connection: Connection) -> Saved:
        lock(connection, project, at)
        if (known := _known(connection, project, experiment_id)) is not None:
            return _change(connection, project, known, change, at)
        made = {
            "project_id": project,
            "id": experiment_id,
            "origin": ExperimentOrigin.HONEYHIVE,
            "status": ExperimentStatus.PENDING,
            "created_by": context.caller.user_id,
            "created_at": at,
            "updated_at": at,
            **dict.fromkeys((*_OBJECTS, "passing_ranges"), "{}"),
            "evaluators": "[]",
            **_values(change, None, at),
        }
        insert_experiments(connection, [made])
        return _named(connection, project, experiment_id, change)

    return await context.database.write(write)


async def experiment_update(context: Context, project: str, experiment_id: str, change: ExperimentChange) -> Saved:
    """Change an experiment. Raises NotFoundError, and InvalidInputError for what it cannot be."""
    context.caller.require_write(project)
    _check(change)
    at = now()

    def write(connection: Connection) -> Saved:
        lock(connection, project, at)
        known = _known(connection, project, experiment_id)
        if known is None:
            raise _not_found(experiment_id)
        return _change(connection, project, known, change, at)

    return await context.database.write(write)


async def experiment_delete(context: Context, project: str, experiment_id: str) -> None:
    """Delete an experiment; its calls stay. Raises NotFoundError."""
    context.caller.require_write(project)
    at = now()

    def write(connection: Connection) -> bool:
        lock(connection, project, at)
        return delete_experiment(connection, project, experiment_id)

    if not await context.database.write(write):
        raise _not_found(experiment_id)


def _not_found(experiment_id: str) -> NotFoundError:
    return NotFoundError(f"There is no experiment {experiment_id!r}", ["experimentId"])


def _known(connection: Connection, project: str, experiment_id: str) -> Row | None:
    return select_experiments_by_id(connection, project, [experiment_id], _COLUMNS).get(experiment_id)


def _change(connection: Connection, project: str, known: Row, change: ExperimentChange, at: int) -> Saved:
    experiment_id: str = known.experiment_id
    if known.origin == ExperimentOrigin.WEAVE and change.name is not None and change.name != known.name:
        # The name of an evaluation is that of its call.
        write_events(connection, project, [CallRename(project, experiment_id, change.name)], {}, at)
    update_experiment(connection, project, experiment_id, {"updated_at": at, **_values(change, known, at)})
    return _named(connection, project, experiment_id, change)


def _values(change: ExperimentChange, known: Row | None, at: int) -> dict[str, Any]:
    """The columns that a change sets."""
    values: dict[str, Any] = {}
    for name in ("name", "description", "dataset_id", "evaluators"):
        if (said := getattr(change, name)) is not None:
            values[name] = said
    for name in _OBJECTS:
        if (said := getattr(change, name)) is not None:
            values[name] = said if known is None else _merged(getattr(known, name), said)
    if change.metadata is not None:
        offline = parse_json(values["metadata"]).get("offline_dataset_id")
        values["offline_dataset_id"] = offline if isinstance(offline, str) else None
    if change.passing_ranges is not None:
        ranges = {each.metric: _bounds(each) for each in change.passing_ranges}
        values["passing_ranges"] = dump_json(ranges)
    if change.status is not None:
        values["status"] = change.status
        if change.status not in ENDED:
            values["ended_at"] = None
        elif known is None or known.ended_at is None or known.status != change.status:
            values["ended_at"] = at
    return values


def _merged(before: str, said: str) -> JSONText:
    """The object ``before`` with the members of ``said`` in place of its own."""
    return said if before == "{}" else dump_json({**parse_json(before), **parse_json(said)})  # type: ignore[return-value]


def _bounds(given: PassingRange) -> dict[str, JSONValue]:
    return {name: value for name, value in (("min", given.min), ("max", given.max)) if value is not None}


def _named(connection: Connection, project: str, experiment_id: str, change: ExperimentChange) -> Saved:
    """Keep the lists that a change says."""
    lists: Mapping[str, Sequence[str] | None] = {role: getattr(change, name) for name, role in _MEMBERS.items()}
    for role, ids in lists.items():
        if ids is not None:
            replace_members(connection, project, experiment_id, role, ids)
    named = [*(change.event_ids or ()), *(change.session_ids or ())]
    return Saved(experiment_id, select_unrecorded(connection, project, named))


def _check(change: ExperimentChange) -> None:
    for name, longest in (("name", LONGEST_NAME), ("description", LONGEST_DESCRIPTION)):
        said: str | None = getattr(change, name)
        if said is not None and len(said) > longest:
            raise _too_long(name, said, longest)
    if change.dataset_id is not None:
        _check_id("datasetId", change.dataset_id, LONGEST_MEMBER)
    for name in _MEMBERS:
        for member_id in getattr(change, name) or ():
            _check_id(name, member_id, LONGEST_MEMBER)
    for name in _OBJECTS:
        _check_shape(name, getattr(change, name), "{", "object")
    _check_shape("evaluators", change.evaluators, "[", "list")
    for given in change.passing_ranges or ():
        _check_range(given)


def _check_id(name: str, value: str, longest: int) -> None:
    if not value:
        raise InvalidInputError(f"{name} cannot hold an empty id", [name])
    if len(value) > longest:
        raise _too_long(name, value, longest)
    if "\x00" in value:
        raise InvalidInputError(f"{name} cannot hold a NUL character: {value!r}", [name])


def _check_shape(name: str, text: JSONText | None, begin: str, shape: str) -> None:
    if text is not None and not text.lstrip().startswith(begin):
        raise InvalidInputError(f"{name} must be a JSON {shape}, not {text[:60]}", [name])


def _check_range(given: PassingRange) -> None:
    for bound in (given.min, given.max):
        if bound is not None and not math.isfinite(bound):
            raise InvalidInputError(
                f"The passing range of {given.metric!r} must have finite bounds, not {bound}", ["passingRanges"]
            )
    if given.min is not None and given.max is not None and given.min > given.max:
        raise InvalidInputError(
            f"The passing range of {given.metric!r} is empty: min {given.min} is above max {given.max}",
            ["passingRanges"],
        )


def _too_long(name: str, value: str, longest: int) -> InvalidInputError:
    return InvalidInputError(
        f"{name} is too long: {len(value)} characters, at most {longest}: {value[:60]!r}...", [name]
    )

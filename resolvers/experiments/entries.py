"""The entries of experiments, of either origin: what each of their calls is over.

A run of HoneyHive is made of sessions; the datapoint of a call is its own or its session's. An evaluation of Weave is
made of rows, calls that predict and score; the datapoint of a row, and of the calls below it, is the row of the dataset
that it is over.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, Connection

from db.experiments.measures import select_parents, select_places, select_rows
from db.experiments.reads import select_experiments_by_id
from db.json_text import JSONValue, parse_json
from db.rows import Row, RowSet
from resolvers.digests import value_digest
from resolvers.errors import InvalidInputError, TooLargeError
from resolvers.experiments.judgement import Entry
from resolvers.experiments.read import ExperimentOrigin
from resolvers.refs import ObjectRef, is_ref, parse_ref
from resolvers.scores import PREDICT_AND_SCORE

__all__ = ["MOST_EVENTS", "EvaluationRow", "Evaluations", "Key", "Reading", "Sessions", "Sources", "sources"]

MOST_EVENTS = 200_000

Key = tuple[str, str]
"""Ids of an experiment and a call of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One read of experiments of a project; ``matching`` is the condition on ``calls`` that say which events count."""

    connection: Connection
    project: str
    matching: ColumnElement[bool]

    def bounded(self, rows: RowSet) -> RowSet:
        """What a statement with the limit ``MOST_EVENTS + 1`` gave. Raises TooLargeError."""
        if len(rows) > MOST_EVENTS:
            raise TooLargeError(
                f"These experiments have more than {MOST_EVENTS:,} events that count: say with filters which do"
            )
        return rows


class Sources(Protocol):
    """The entries of experiments of one origin."""

    ids: Sequence[str]

    def entry(self, call: Row) -> Entry:
        """What a call (``experiment_id``, ``call_id``, ``session_id``, ``datapoint_id``, ``started_at``) is over."""


class Sessions:
    """The entries of HoneyHive's runs: one statement."""

    def __init__(self, reading: Reading, ids: Sequence[str]) -> None:
        self.ids = ids
        places = select_places(reading.connection, reading.project, ids, reading.matching)
        named: defaultdict[Key, dict[str, None]] = defaultdict(dict)
        own: dict[Key, str] = {}
        for place in places:
            session = (place.experiment_id, place.session_id)
            if place.datapoint_id is not None:
                named[session][place.datapoint_id] = None
            if place.own is not None:
                own[session] = place.own
        self._datapoint = {
            session: own.get(session) or (next(iter(datapoints)) if len(datapoints) == 1 else None)
            for session, datapoints in named.items()
        }
        self.entries: defaultdict[str, dict[str, Entry]] = defaultdict(dict)
        for place in places:
            entry = self.entry(place)
            # Calls beside several datapoints of their session are over none of them, and no entry of their own.
            beside = entry.datapoint_id is None and (place.experiment_id, place.session_id) in named
            if place.matches and not beside:
                self.entries[place.experiment_id].setdefault(entry.name, entry)

    def entry(self, call: Row) -> Entry:
        """That of its own datapoint, else of its session's."""
        found = call.datapoint_id or self._datapoint.get((call.experiment_id, call.session_id))
        return Entry(found or call.session_id, found, call.session_id, call.session_id, call.started_at)


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """A row of an evaluation: what it is over, its call, and what its scorers said."""

    entry: Entry
    call: Row
    scores: Mapping[str, JSONValue]


class Evaluations:
    """The entries of Weave's evaluations: one statement, and one more where calls below rows are asked for."""

    def __init__(self, reading: Reading, ids: Sequence[str]) -> None:
        self.ids = ids
        self._reading = reading
        self._above: dict[str, str] | None = None
        rows = select_rows(
            reading.connection, reading.project, ids, PREDICT_AND_SCORE, reading.matching, MOST_EVENTS + 1
        )
        self.rows: dict[Key, EvaluationRow] = {}
        for row in reading.bounded(rows):
            datapoint_id = _datapoint_of(row.example)
            entry = Entry(datapoint_id or row.call_id, datapoint_id, row.session_id, row.call_id, row.started_at)
            scores = None if row.scores is None else parse_json(row.scores)
            self.rows[row.experiment_id, row.call_id] = EvaluationRow(
                entry, row, scores if isinstance(scores, dict) else {}
            )

    def row_of(self, experiment_id: str, call_id: str | None) -> EvaluationRow | None:
        """The row that a call is, or is part of; None for a call outside of rows."""
        if self._above is None:
            self._above = select_parents(self._reading.connection, self._reading.project, self.ids)
        seen: set[str] = set()
        while call_id is not None and call_id not in seen:
            if (row := self.rows.get((experiment_id, call_id))) is not None:
                return row
            seen.add(call_id)
            call_id = self._above.get(call_id)
        return None

    def entry(self, call: Row) -> Entry:
        """That of its row; a call outside of rows is over none."""
        row = self.row_of(call.experiment_id, call.call_id)
        if row is None:
            return Entry(call.session_id, call.datapoint_id, call.session_id, call.call_id, call.started_at)
        return row.entry


def sources(reading: Reading, ids: Iterable[str]) -> tuple[Sessions | None, Evaluations | None]:
    """The entries of experiments, by origin; None where none is of it. Ids that are not there are passed over."""
    runs = select_experiments_by_id(reading.connection, reading.project, ids, ["origin"])
    weave = [run.experiment_id for run in runs.values() if run.origin == ExperimentOrigin.WEAVE]
    others = [run.experiment_id for run in runs.values() if run.origin != ExperimentOrigin.WEAVE]
    return Sessions(reading, others) if others else None, Evaluations(reading, weave) if weave else None


def _datapoint_of(example: str | None) -> str | None:
    """The datapoint that a row is over: the digest of the dataset's row that it refers to, or that it holds; of a ref
    to anything else, the ref."""
    value = None if example is None else parse_json(example)
    if value is None:
        return None
    if not isinstance(value, str) or not is_ref(value):
        return value_digest(value)
    try:
        ref = parse_ref(value)
    except InvalidInputError:
        return value
    rows = [place for edge, place in ref.path if edge == "id"] if isinstance(ref, ObjectRef) else []
    return rows[-1] if rows else value

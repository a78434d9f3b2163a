"""A small table of calls on both databases, for tests of the query language."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Engine, MetaData, PrimaryKeyConstraint, Table, create_engine, func, select
from sqlalchemy.pool import StaticPool

from db.engines import parse_url
from db.json_text import query_form
from db.metadata import JSONColumn, Name
from db.query.compile import compile_query
from db.query.derived import latency_ms, status, trace_name
from db.query.expression import parse_query
from db.query.fields import Field, Fields, FieldType, Related
from db.query.order import Direction, Order, compile_order

metadata = MetaData()

CALLS = Table(
    "query_calls",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("op_name", Name),
    Column("display_name", Name),
    Column("exception", Name),
    Column("step", BigInteger),
    *(Column(name, JSONColumn) for json in ("inputs", "output", "summary") for name in (json, f"{json}_query")),
    PrimaryKeyConstraint("project_id", "id"),
)

NOTES = Table(
    "query_notes",
    metadata,
    Column("id", Name, nullable=False, primary_key=True),
    Column("call_id", Name, nullable=False),
    Column("payload", JSONColumn),
)

c = CALLS.c


def _json(name: str) -> Any:
    return func.coalesce(c[f"{name}_query"], c[name])


_notes = Related(
    any=lambda condition: select(NOTES.c.id).where(NOTES.c.call_id == c.id, condition).exists(),
    one=lambda value: (
        select(value).where(NOTES.c.call_id == c.id).order_by(NOTES.c.id.desc()).limit(1).scalar_subquery()
    ),
)


def _note(path: str) -> Field | None:
    if not path.startswith("note."):
        return None
    return Field("note", FieldType.JSON, NOTES.c.payload, related=_notes, parts=tuple(path.split(".")[1:]))


FIELDS = Fields(
    [
        Field("id", FieldType.TEXT, c.id, nullable=False),
        Field("started_at", FieldType.TIME, c.started_at, nullable=False),
        Field("ended_at", FieldType.TIME, c.ended_at),
        Field("op_name", FieldType.TEXT, c.op_name),
        Field("exception", FieldType.TEXT, c.exception),
        Field("step", FieldType.INTEGER, c.step),
        *(Field(name, FieldType.JSON, _json(name)) for name in ("inputs", "output", "summary")),
        Field("summary.weave.status", FieldType.TEXT, status(c.exception, c.ended_at, _json("summary"))),
        Field("summary.weave.latency_ms", FieldType.FLOAT, latency_ms(c.started_at, c.ended_at)),
        Field("summary.weave.trace_name", FieldType.TEXT, trace_name(c.display_name, c.op_name)),
    ],
    hooks=[_note],
)


@dataclass
class Sample:
    """The table on SQLite and PostgreSQL; what it answers, both have answered."""

    engines: Mapping[str, Engine]
    fields: Fields = FIELDS

    def fill(self, rows: Iterable[Mapping[str, Any]], notes: Sequence[Mapping[str, Any]] = ()) -> None:
        """Replace the content. ``inputs``, ``output``, ``summary`` and ``payload`` are JSON text."""
        self.clear()
        self.add(rows)
        for engine in self.engines.values():
            with engine.begin() as connection:
                if notes:
                    connection.execute(NOTES.insert(), list(notes))

    def clear(self) -> None:
        for engine in self.engines.values():
            with engine.begin() as connection:
                connection.execute(NOTES.delete())
                connection.execute(CALLS.delete())

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        defaults: dict[str, Any] = dict.fromkeys(CALLS.c.keys())
        full = []
        for row in rows:
            forms = {
                f"{name}_query": query_form(row[name])
                for name in ("inputs", "output", "summary")
                if row.get(name) is not None
            }
            full.append({**defaults, "project_id": "team/app", "started_at": 0, **row, **forms})
        for engine in self.engines.values():
            with engine.begin() as connection:
                if full:
                    connection.execute(CALLS.insert(), full)

    def remove(self, call_id: str) -> None:
        for engine in self.engines.values():
            with engine.begin() as connection:
                connection.execute(CALLS.delete().where(c.id == call_id))

    def select(self, operation: Mapping[str, Any]) -> list[str]:
        """Ids of the calls that ``{"$expr": operation}`` selects, in order of the id."""
        statement = select(c.id).where(compile_query(parse_query({"$expr": operation}), FIELDS))
        answers = []
        for engine in self.engines.values():
            with engine.connect() as connection:
                answers.append(sorted(connection.execute(statement).scalars()))
        assert answers[0] == answers[1], f"SQLite and PostgreSQL differ on {operation}"
        return answers[0]

    def sort(self, *sorts: tuple[str, Direction]) -> list[str]:
        """Ids of all calls in that order."""
        order = compile_order(sorts, FIELDS)
        statement = select(c.id).order_by(*order.order_by)
        answers = []
        for engine in self.engines.values():
            with engine.connect() as connection:
                answers.append(list(connection.execute(statement).scalars()))
        assert answers[0] == answers[1], f"SQLite and PostgreSQL differ on {sorts}"
        return answers[0]

    def page(
        self, engine: Engine, order: Order, size: int, *, after: str | None = None, before: str | None = None
    ) -> list[tuple[str, str]]:
        """Ids and cursors of the first ``size`` calls after a cursor, or the last ones before one."""
        statement = select(c.id, *order.columns)
        if after is not None:
            statement = statement.where(order.after(order.decode(after)))
        if before is not None:
            statement = statement.where(order.before(order.decode(before)))
        reading = order if before is None else order.reversed()
        with engine.connect() as connection:
            rows = connection.execute(statement.order_by(*reading.order_by).limit(size)).mappings().all()
        found = [(row["id"], order.encode(order.values(row))) for row in rows]  # type: ignore[arg-type]  # str keys
        return found if before is None else found[::-1]


@pytest.fixture(scope="session")
def sample(postgres_server: str) -> Iterator[Sample]:
    """The table, empty at first; whoever uses it fills it."""
    engines = {
        "sqlite": create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}),
        "postgresql": create_engine(parse_url(postgres_server)),
    }
    for engine in engines.values():
        metadata.drop_all(engine)
        metadata.create_all(engine)
    yield Sample(engines)
    for engine in engines.values():
        metadata.drop_all(engine)
        engine.dispose()

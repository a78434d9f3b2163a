"""Calls made of calls that were recorded, by SQL: each with an id, a time, numbers and a word of its own."""

import sqlite3
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, bindparam, text
from sqlalchemy.schema import CreateIndex, DropIndex

from db.bulk import insert_new
from db.call_texts import call_texts
from db.calls.tables import calls
from db.documents import first_document
from db.engines import engine_for, parse_url
from db.folding import grams, hashed
from db.refs import refs

__all__ = ["EPOCH", "SECOND", "Copies", "copies_in", "rare"]

EPOCH = 1_767_225_600_000_000
"""When the first recorded call began; they began a second apart."""

SECOND = 1_000_000
_NUMBERS = ("shift", "epoch", "first", "last", "passed", "made", "document")
_RECORDED = "project_id = :from AND started_at BETWEEN :first AND :last"
_NUMBER = "(started_at - :epoch) / 1000000"


def rare(number: int) -> str:
    """A word that the call of this number alone says."""
    return f"order-{number:08}"


def _renumbered(column: str) -> str:
    return f"replace({column}, tg_rare({_NUMBER}), tg_rare({_NUMBER} + :shift))"


class Copies(ABC):
    """Makes them on one connection, in a transaction each time."""

    def __init__(self, connection: Connection, *, search: bool) -> None:
        self._connection = connection
        self._search = search
        own = {
            "project_id": ":project",
            "id": "tg_other(id, :shift)",
            "trace_id": "coalesce(:trace, tg_other(trace_id, :shift))",
            "parent_id": "coalesce(tg_other(parent_id, :shift), :trace)",
            "turn_id": "coalesce(:trace, tg_other(turn_id, :shift))",
            "session_id": f"'session-' || (({_NUMBER} + :shift) / 400)",
            "thread_id": f"'thread-' || (({_NUMBER} + :shift) / 100)",
            "wb_run_id": f"'run-' || (({_NUMBER} + :shift) / 5000)",
            "op_name": "replace(op_name, :from, :project)",
            "inputs": f"replace({_renumbered('inputs')}, :from, :project)",
            **{name: f"{name} + :shift * 1000000" for name in ("started_at", "ended_at")},
            **{name: f"{name} + :passed" for name in ("change_seq", "started_seq", "ended_seq")},
        }
        names = [column.name for column in calls.columns]
        self._insert = (
            f"INSERT INTO calls ({', '.join(names)}) SELECT {', '.join(own.get(name, name) for name in names)}"
            f" FROM calls WHERE {_RECORDED} ORDER BY started_at"
        )

    def _execute(self, statement: str, values: dict[str, Any]) -> Any:
        clause = text(statement)
        bound = [
            bindparam(name, values[name], BigInteger() if name in _NUMBERS else Text())
            for name in clause._bindparams  # noqa: SLF001 - what the text names
        ]
        return self._connection.execute(clause.bindparams(*bound))

    def make(self, numbers: range, project: str, shift: int, *, of: str, trace: str | None = None) -> int:
        """Copies of the calls of ``numbers`` in the project ``of``, with ``shift`` added to them; in the project given,
        with traces of their own or all below the root of ``trace``; returns how many they are."""
        wanted: dict[str, Any] = {
            "project": project,
            "from": of,
            "shift": shift,
            "epoch": EPOCH,
            "trace": trace,
            "first": EPOCH + numbers.start * SECOND,
            "last": EPOCH + (numbers.stop - 1) * SECOND,
        }
        self._begin()
        wanted["passed"] = self._execute(
            "SELECT coalesce((SELECT max(change_seq) FROM projects WHERE project_id = :project), 0)"
            f" - (SELECT min(change_seq) - 1 FROM calls WHERE {_RECORDED})",
            wanted,
        ).scalar_one()
        wanted["made"] = made = self._execute(self._insert, wanted).rowcount
        self._execute(
            "INSERT INTO refs (project_id, source_kind, source_id, role, target, base)"
            " SELECT :project, source_kind, tg_other(source_id, :shift), role, replace(target, :from, :project),"
            " replace(base, :from, :project) FROM refs WHERE project_id = :from AND source_id IN"
            f" (SELECT id FROM calls WHERE {_RECORDED})",
            wanted,
        )
        self._execute(
            "INSERT INTO projects (project_id, change_seq, created_at) VALUES (:project, :made, :epoch)"
            " ON CONFLICT (project_id) DO UPDATE SET change_seq = projects.change_seq + :made",
            wanted,
        )
        if self._search:
            self._make_texts(wanted)
            self._execute(
                "INSERT INTO followers (project_id, name, seq, id, rank)"
                " SELECT project_id, 'texts', change_seq + 1, '', -1 FROM projects WHERE project_id = :project"
                " ON CONFLICT (project_id, name) DO UPDATE SET seq = excluded.seq",
                wanted,
            )
        self._connection.commit()
        return int(made)

    @abstractmethod
    def prepare(self) -> None:
        """Make what copying needs, and put away what would make it slow."""

    @abstractmethod
    def finish(self) -> None:
        """Make again what was put away."""

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _make_texts(self, wanted: dict[str, Any]) -> None: ...


class _SQLiteCopies(Copies):
    def prepare(self) -> None:
        for pragma in ("synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"):
            self._connection.exec_driver_sql(f"PRAGMA {pragma}")
        driver = self._connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.create_function("tg_other", 2, _other, deterministic=True)
        driver.create_function("tg_rare", 1, rare, deterministic=True)

    def finish(self) -> None:
        pass

    def _begin(self) -> None:
        self._connection.exec_driver_sql("BEGIN")

    def _make_texts(self, wanted: dict[str, Any]) -> None:
        # As first_document says, of calls that began a second apart.
        wanted |= {"document": first_document(wanted["project"], EPOCH) + EPOCH // 512}
        self._execute(
            "INSERT INTO call_texts (project_id, call_id, part, whole, document, text)"
            " SELECT :project, tg_other(id, :shift), part, whole,"
            f" :document - (started_at + :shift * 1000000) / 512, {_renumbered('text')}"
            " FROM calls JOIN call_texts ON call_texts.project_id = calls.project_id AND call_id = id"
            " WHERE calls.project_id = :from AND started_at BETWEEN :first AND :last ORDER BY started_at DESC",
            wanted,
        )
        self._execute(
            "INSERT INTO call_texts_index (rowid, text) SELECT document, text FROM call_texts WHERE document"
            " BETWEEN :document - (:last + :shift * 1000000) / 512 AND :document - (:first + :shift * 1000000) / 512"
            " ORDER BY document",
            wanted,
        )


class _PostgreSQLCopies(Copies):
    def prepare(self) -> None:
        execute = self._connection.exec_driver_sql
        execute("SET synchronous_commit = off")
        execute(
            "CREATE FUNCTION tg_other(text, bigint) RETURNS text IMMUTABLE LANGUAGE sql"
            " AS 'SELECT md5($1 || '' '' || $2)::uuid::text'"
        )
        execute(
            "CREATE FUNCTION tg_rare(bigint) RETURNS text IMMUTABLE LANGUAGE sql"
            " AS 'SELECT ''order-'' || lpad($1::text, 8, ''0'')'"
        )
        # An index that is made of all rows takes a tenth of what it takes to find the place of each.
        for index in self._put_away:
            self._connection.execute(DropIndex(index))
        self._connection.commit()

    def finish(self) -> None:
        execute = self._connection.exec_driver_sql
        execute("SET maintenance_work_mem = '512MB'")
        for index in self._put_away:
            self._connection.execute(CreateIndex(index))
        execute("DROP FUNCTION tg_other")
        execute("DROP FUNCTION tg_rare")
        self._connection.commit()

    @property
    def _put_away(self) -> list[Any]:
        found = [index for table in (calls, refs, call_texts) for index in table.indexes]
        ours = [index for index in found if index.info.get("dialect", "postgresql") == "postgresql"]
        # By one of them what was recorded is found.
        return [
            index for index in ours if [column.name for column in index.columns][:2] != ["project_id", "started_at"]
        ]

    def _begin(self) -> None:
        pass  # SQLAlchemy does

    def _make_texts(self, wanted: dict[str, Any]) -> None:
        rows = self._execute(
            f"SELECT tg_other(id, :shift) AS call_id, part, whole, {_renumbered('text')} AS text"
            " FROM calls JOIN call_texts ON call_texts.project_id = calls.project_id AND call_id = id"
            " WHERE calls.project_id = :from AND started_at BETWEEN :first AND :last ORDER BY started_at",
            wanted,
        ).mappings()
        project = wanted["project"]
        texts = [{**row, "project_id": project, "grams": hashed(project, grams(row["text"]))} for row in rows]
        insert_new(self._connection, call_texts, texts)


@contextmanager
def copies_in(url: str, *, search: bool) -> Iterator[Copies]:
    """What makes copies in a database."""
    engine = engine_for(parse_url(url), pool_size=1)
    kind = _PostgreSQLCopies if engine.dialect.name == "postgresql" else _SQLiteCopies
    with engine.connect() as connection:
        copies = kind(connection, search=search)
        copies.prepare()
        yield copies
        copies.finish()
    engine.dispose()


def _other(call_id: str | None, shift: int) -> str | None:
    """The id of a copy."""
    return call_id and str(uuid.UUID(bytes=blake2b(f"{call_id} {shift}".encode(), digest_size=16).digest()))

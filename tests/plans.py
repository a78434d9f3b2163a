"""How the databases carry statements out: which tables they look into, by which index, with which conditions."""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import make_url

__all__ = ["Access", "accesses", "columns_read"]


class Access(NamedTuple):
    """One look into a table. ``by`` is what the index ``name`` is searched for, empty where all of the table or of
    the index is read. ``sorts`` says that the statement sorts what it found, ``covered`` that the index tells all."""

    table: str
    by: str
    name: str
    sorts: bool
    covered: bool

    @property
    def is_scan(self) -> bool:
        """All rows of the table are read, those of other projects too."""
        return "project_id" not in self.by


def accesses(url: str, statements: Iterable[tuple[str, Any]]) -> list[Access]:
    """The accesses of the statements, in the plans that the database at ``url`` has for them with these parameters."""
    explain = _postgresql if url.startswith("postgresql") else _sqlite
    return list(explain(url, [each for each in statements if _reads(each[0])]))


def columns_read(url: str, statements: Iterable[tuple[str, Any]], table: str) -> set[str]:
    """The columns of the table that the statements read, to answer or to decide; on PostgreSQL those that they name."""
    found: set[str] = set()
    reading = [each for each in statements if _reads(each[0])]
    if url.startswith("postgresql"):
        for statement, _ in reading:
            found.update(re.findall(rf"\b{table}\.(\w+)", statement))
        return found

    def note(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ and first == table and second:
            found.add(second)
        return sqlite3.SQLITE_OK

    with closing(_connection(url)) as connection:
        connection.set_authorizer(note)
        for statement, parameters in reading:
            connection.execute(f"EXPLAIN {statement}", parameters)
    return found


def _reads(statement: str) -> bool:
    return statement.lstrip().upper().startswith(("SELECT", "WITH"))


def _sqlite(url: str, statements: Iterable[tuple[str, Any]]) -> Iterator[Access]:
    with closing(_connection(url)) as connection:
        for statement, parameters in statements:
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            sorts = any("USE TEMP B-TREE FOR ORDER BY" in step for step in steps)
            for step in steps:
                found = re.match(
                    r"(?:SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?(?:INDEX (\S+)|.*))?(?: \((.*)\))?$", step
                )
                if found:
                    yield Access(found[1], found[3] or "", found[2] or "", sorts, "COVERING" in step)


def _connection(url: str) -> sqlite3.Connection:
    connection = sqlite3.connect(make_url(url).database or "")
    connection.create_function("tg_pick", 2, lambda text, _path: text, deterministic=True)
    return connection


def _postgresql(url: str, statements: Iterable[tuple[str, Any]]) -> Iterator[Access]:
    with psycopg.connect(url, autocommit=True) as connection:
        # Of a table that fits into a few pages all is read, whatever indexes it has.
        connection.execute("SET enable_seqscan = off")
        for statement, parameters in statements:
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters).fetchone()
            assert row is not None
            plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
            nodes = list(_nodes(plan[0]["Plan"]))
            sorts = any(node["Node Type"] == "Sort" for node in nodes)
            for node in nodes:
                table = node.get("Relation Name") or _table_of(node.get("Index Name", ""))
                if table and node["Node Type"] != "Bitmap Heap Scan":
                    covered = node["Node Type"] == "Index Only Scan"
                    yield Access(table, node.get("Index Cond", ""), node.get("Index Name", ""), sorts, covered)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _table_of(index: str) -> str:
    return index.removeprefix("ix_").removeprefix("pk_").partition("_project_id")[0]

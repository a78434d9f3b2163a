"""How the databases carry statements out: which tables they look into, by which index, with which conditions."""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import make_url

__all__ = ["Access", "accesses"]


class Access(NamedTuple):
    """One look into a table. ``by`` is what the index ``name`` is searched for, empty where all of the table or of
    the index is read. ``sorts`` says that the statement sorts what it found."""

    table: str
    by: str
    name: str
    sorts: bool

    @property
    def is_scan(self) -> bool:
        """All rows of the table are read, those of other projects too."""
        return "project_id" not in self.by


def accesses(url: str, statements: Iterable[tuple[str, Any]]) -> list[Access]:
    """The accesses of the statements, in the plans that the database at ``url`` has for them with these parameters."""
    explain = _postgresql if url.startswith("postgresql") else _sqlite
    return list(explain(url, [each for each in statements if _reads(each[0])]))


def _reads(statement: str) -> bool:
    return statement.lstrip().upper().startswith(("SELECT", "WITH"))


def _sqlite(url: str, statements: Iterable[tuple[str, Any]]) -> Iterator[Access]:
    connection = sqlite3.connect(make_url(url).database or "")
    connection.create_function("tg_pick", 2, lambda text, _path: text, deterministic=True)
    try:
        for statement, parameters in statements:
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            sorts = any("USE TEMP B-TREE FOR ORDER BY" in step for step in steps)
            for step in steps:
                found = re.match(
                    r"(?:SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?(?:INDEX (\S+)|.*))?(?: \((.*)\))?$", step
                )
                if found:
                    yield Access(found[1], found[3] or "", found[2] or "", sorts)
    finally:
        connection.close()


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
                    yield Access(table, node.get("Index Cond", ""), node.get("Index Name", ""), sorts)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _table_of(index: str) -> str:
    return index.removeprefix("ix_").removeprefix("pk_").partition("_project_id")[0]

"""What SQLite's planner takes for granted of the indexes of calls and refs.

Without statistics it believes that any index on (project_id, ...) finds ten calls of a project. So it reads all of a
project in the order of a page rather than a hundred calls by their ids, or the few that an index on a path finds: with
700,000 calls in a project that takes 200 ms instead of one. Statistics of the day would be wrong on the next, tell too
little of NULLs, of which an index on a path has many, and take a look at every call to gather. So it is told once, when
a database is opened by a new version or gets an index, what holds of any busy server. PostgreSQL gathers its statistics
by itself.
"""

from sqlalchemy import Connection, text

__all__ = ["assume"]

_TABLES = ("calls", "refs")
_ALL = 1_000_000
_IN_PROJECT = 100_000
_OF_A_KIND = 5_000
_ALIKE = 20
_ROWS = {
    "project_id": _IN_PROJECT,
    "source_kind": _IN_PROJECT,
    **dict.fromkeys(("kind", "status", "op_name", "model", "exception_type"), _OF_A_KIND),
    **dict.fromkeys(("id", "started_at", "started_seq", "ended_seq", "updated_seq", "deleted_seq"), 1),
    "source_id": 2,
}
"""How many rows of a project have the same in a column, and in those before it in an index; ``_ALIKE`` in others."""


def assume(connection: Connection) -> None:
    """Tell the planner, where it has not been told. SQLite alone; connections that are open hear of it when the schema
    changes next, as it does when an index is made."""
    listed = text("SELECT m.tbl_name, m.name FROM sqlite_master AS m WHERE m.type = 'index' ORDER BY m.name")
    indexes = [(table, name) for table, name in connection.execute(listed) if table in _TABLES]
    wanted = {name: (table, _statistics(connection, name)) for table, name in indexes}
    if _told(connection) == wanted:
        return
    # The table can be made by ANALYZE alone; the limit keeps it from reading the calls.
    connection.exec_driver_sql("PRAGMA analysis_limit = 1")
    connection.exec_driver_sql("ANALYZE projects")
    for table in _TABLES:
        connection.exec_driver_sql(f"DELETE FROM sqlite_stat1 WHERE tbl = '{table}'")
    rows = [{"table": table, "name": name, "stat": stat} for name, (table, stat) in wanted.items()]
    connection.execute(text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:table, :name, :stat)"), rows)
    connection.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE tbl = 'projects'")


def _told(connection: Connection) -> dict[str, tuple[str, str]]:
    there = connection.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")).scalar_one()
    if not there:
        return {}
    rows = connection.execute(text("SELECT idx, tbl, stat FROM sqlite_stat1"))
    return {name: (table, stat) for name, table, stat in rows if name is not None and table in _TABLES}


def _statistics(connection: Connection, index: str) -> str:
    """The form of ``sqlite_stat1``: all rows, then how many are alike in the first column, the first two, and so on."""
    columns = connection.execute(text("SELECT name FROM pragma_index_info(:index) ORDER BY seqno"), {"index": index})
    alike = _ALL
    numbers = [alike]
    for column in columns.scalars():
        alike = min(alike, _ROWS.get(column, _ALIKE))
        numbers.append(alike)
    return " ".join(map(str, numbers))

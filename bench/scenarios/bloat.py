"""What the tables of PostgreSQL take after calls were started and ended, beside what they would take written anew."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import psycopg

from bench.contenders import OURS_POSTGRESQL
from bench.data import complete_calls, end_of, split, start_of
from bench.http import post
from bench.load import drive
from bench.results import Result, Row, Target
from bench.run import Run

__all__ = ["run"]

OPEN = 2000  # calls that are started before the first of them ends
SIZES = """
SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid)), sum(pg_total_relation_size(relid))
FROM pg_stat_user_tables WHERE relname = 'calls' OR %(all)s
"""


def run(run: Run) -> Iterable[Result]:
    """Autovacuum runs as it likes, as in production: nothing is waited for but that the server is at rest."""
    if not run.among(OURS_POSTGRESQL):
        return
    amount = run.sizes.bloat
    with run.start(OURS_POSTGRESQL) as server:
        calls = complete_calls(amount, seed="bloat")
        while some := list(islice(calls, OPEN)):
            drive(server.port, list(bodies("start", map(start_of, some))))
            drive(server.port, list(bodies("end", map(end_of, some))))
        server.settle()
        with psycopg.connect(server.database, autocommit=True) as connection:
            used, used_all = (sizes(connection, of_all=of_all) for of_all in (False, True))
            connection.execute("VACUUM FULL")
            least, least_all = (sizes(connection, of_all=of_all) for of_all in (False, True))
    rows = [
        Row(OURS_POSTGRESQL, used[2] / least[2]),
        Row(f"{OURS_POSTGRESQL}, rows and payloads", used[0] / least[0]),
        Row(f"{OURS_POSTGRESQL}, indexes", used[1] / least[1]),
        Row(f"{OURS_POSTGRESQL}, all tables", used_all[2] / least_all[2]),
    ]
    note = f"The table of calls takes {used[2] / 2**20:,.0f} MiB; after VACUUM FULL {least[2] / 2**20:,.0f} MiB."
    title = f"Room on PostgreSQL after {amount:,} calls were started and ended, beside what it takes written anew"
    yield Result("bloat", title, "times", rows, [Target(1.3, of=OURS_POSTGRESQL)], note)


def bodies(mode: str, items: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for some in split([{"mode": mode, "req": {mode: item}} for item in items], 100):
        yield post("/call/upsert_batch", {"batch": list(some)})


def sizes(connection: "psycopg.Connection[Any]", *, of_all: bool) -> tuple[int, int, int]:
    """Bytes of the table of calls, or of all: of rows and payloads, of indexes, of both."""
    row = connection.execute(SIZES, {"all": of_all}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])

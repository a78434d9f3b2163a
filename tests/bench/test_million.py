"""Large databases, which are made of copies, are as if their calls had been recorded."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select

from bench.million import HOT
from db.calls.tables import calls
from db.engines import preparing

ROOT = Path(__file__).parents[2]


@pytest.mark.big
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_is_made_with_all_of_its_indexes(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place = str(tmp_path) if kind == "sqlite" else request.getfixturevalue("postgres_url")
    done = subprocess.run(
        [sys.executable, "-m", "bench.million", place, "--calls", "4000", "--search"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    url = f"sqlite:///{tmp_path / 'tracegraph.db'}" if kind == "sqlite" else place
    with preparing(url) as engine, engine.connect() as connection:
        found = connection.execute(select(func.count()).select_from(calls)).scalar_one()
        hot = connection.execute(select(func.count()).where(calls.c.project_id == HOT)).scalar_one()
        indexes = {index["name"] for index in inspect(connection).get_indexes("calls")}
    assert (found, hot) == (3800, 2800)  # small projects have whole traces of twenty
    expected = {index.name for index in calls.indexes if index.info.get("dialect", kind) == kind}
    assert expected <= indexes

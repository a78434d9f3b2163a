import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

from bench.contenders import GENERIC, HANDWRITTEN, OURS, OURS_POSTGRESQL
from bench.scenarios.all import SCENARIOS

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "bench" / "results.schema.json").read_text())
FETCHES = "size"  # installs packages

PARTS = [
    ("ingest,stream,page,filter,trace,read,search,contains,stats,objects,tables,entities,smallest,list", HANDWRITTEN),
    ("executor,wide,nested,tree,traces,start,otlp", GENERIC),
    ("subscriptions,mixed,memory", HANDWRITTEN),
    ("growth", HANDWRITTEN),
    ("bloat", OURS_POSTGRESQL),
]


def test_each_scenario_is_in_one_part() -> None:
    assert sorted(name for part, _ in PARTS for name in part.split(",")) == sorted(SCENARIOS.keys() - {FETCHES})


@pytest.mark.big
@pytest.mark.parametrize(("chosen", "beside"), PARTS)
def test_the_scenarios_run_without_peers(chosen: str, beside: str, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    options = ["--tiny", "--only", chosen, "--servers", f"{OURS},{beside}", "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *options], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    report = json.loads(output.read_text())
    assert (report["failures"], report["left_out"]) == ({}, {}), done.stderr
    assert done.returncode == 0
    jsonschema_rs.validate(SCHEMA, report)
    assert list(report["scenarios"]) == chosen.split(",")
    for result in report["results"]:
        assert result["rows"], result["title"]
        assert all(row["value"] >= 0 for row in result["rows"]), result["title"]
        assert result["note"] == "" or " takes no part: " not in result["note"]
        assert result["title"] in done.stdout

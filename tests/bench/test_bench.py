import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.contenders import HANDWRITTEN, OURS, PHOENIX
from bench.data import batches_of_events, complete_calls
from bench.load import percentile
from bench.results import Result, Row, Target, json_of, result_of, verdicts
from bench.tables import markdown, terminal

ROOT = Path(__file__).parents[2]


def test_the_smallest_scenario_runs_and_says_what_it_measured(tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    chosen = ["--tiny", "--only", "smallest,read", "--servers", f"{OURS},{HANDWRITTEN}", "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *chosen], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(output.read_text())
    assert report.keys() == {
        "format", "command", "begun", "ended", "seconds", "machine", "load", "sizes", "left_out", "failures",
        "scenarios", "results",
    }  # fmt: skip
    assert report["format"] == 2
    assert report["ended"] == "finished"
    assert report["scenarios"].keys() == {"smallest", "read"}
    assert report["command"].startswith("make bench 'ARGS=--tiny --only smallest,read")
    assert report["machine"]["cores"] >= 1
    assert report["sizes"]["calls"] == 40
    assert report["failures"] == {}
    assert [result["name"] for result in report["results"]] == ["smallest", "read"]
    for result in report["results"]:
        assert result["unit"] == "ms"
        assert [row["server"] for row in result["rows"]] == [OURS, HANDWRITTEN]
        assert all(0 < row["low"] <= row["value"] <= row["high"] <= row["p99_ms"] for row in result["rows"])
        assert all(row["samples"] == 2 and row["cpu_ms"] >= 0 for row in result["rows"])
        assert result["ratios"].keys() == {HANDWRITTEN}
        assert result["title"] in done.stdout


def test_a_run_that_is_stopped_keeps_what_it_measured(tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    chosen = ["--tiny", "--only", "smallest,mixed", "--servers", f"{OURS},{HANDWRITTEN}", "--output", str(output)]
    command = [sys.executable, "-m", "bench", *chosen]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "2 of 2: mixed, about " in line:
                break
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=120)
    assert running.returncode == 130
    report = json.loads(output.read_text())
    assert "stopped: what was measured so far is kept" in rest
    assert report["ended"] == "stopped"
    assert [result["name"] for result in report["results"]] == ["smallest"]


def test_what_is_unknown_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--only", "nothing"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "'nothing' is none of ingest, stream, " in done.stderr


@pytest.mark.parametrize(
    ("unit", "ours", "theirs", "ratio"), [("ms", 2.0, 8.0, 0.25), ("calls/s", 800.0, 200.0, 0.25), ("s", 3.0, 2.0, 1.5)]
)
def test_a_ratio_is_our_time_over_theirs(unit: str, ours: float, theirs: float, ratio: float) -> None:
    result = Result("some", "Some", unit, [Row(OURS, ours), Row(PHOENIX, theirs)])
    assert result.ratio(PHOENIX) == ratio
    assert result.ratio(HANDWRITTEN) is None


def test_targets_are_held_against_time_processor_time_and_values() -> None:
    rows = [Row(OURS, 10.0, cpu_ms=2.0), Row(PHOENIX, 40.0, cpu_ms=100.0)]
    targets = [
        Target(1 / 5, PHOENIX),
        Target(1 / 40, PHOENIX, by_cpu=True),
        Target(1.3, HANDWRITTEN),
        Target(10),
        Target(5, OURS, of=PHOENIX),
    ]
    result = Result("some", "Some", "ms", rows, targets, "a note")
    assert [(each.reached, each.text) for each in verdicts(result)] == [
        (False, "4x"),
        (True, "50x"),
        (True, "10"),
        (True, "4x"),
    ]
    assert json_of(result)["ratios"] == {PHOENIX: {"time": 0.25, "cpu": 0.02}}
    assert result_of(json.loads(json.dumps(json_of(result)))) == result
    lines = [
        "MISSED: 5x better than Phoenix, measured 4x",
        "reached: 40x better than Phoenix (processor time), measured 50x",
        "reached: at most 10, measured 10",
        "reached: Phoenix: at most 5x the time of tracegraph, measured 4x",
    ]
    assert all(f"\n  {line}" in terminal(result) for line in lines)
    assert all(f"\n- {line}" in markdown([result]) for line in lines)


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert percentile([float(value) for value in range(100)], 0.5) == 50.0


def test_calls_are_the_same_in_every_run_and_form_trees() -> None:
    calls = list(complete_calls(50))
    assert calls == list(complete_calls(50))
    assert 1500 < sum(len(json.dumps(call, ensure_ascii=False).encode()) for call in calls) / 50 < 2600
    assert len({call["id"] for call in calls}) == 50
    known: dict[str, str] = {}
    for call in calls:
        assert call["parent_id"] is None or known[call["parent_id"]] == call["trace_id"]
        known[call["id"]] = call["trace_id"]
    assert [call["parent_id"] is None for call in calls] == [number % 20 == 0 for number in range(50)]
    bodies = list(batches_of_events(calls, 20))
    assert [len(body["batch"]) for body in bodies] == [20] * 5

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from bench.contenders import HANDWRITTEN, OURS, PHOENIX, WEAVE
from bench.plots import draw_growth, draw_ratios
from bench.progress import Progress
from bench.report import write_page
from bench.results import Result, Row, Target, json_of, row_of

SCHEMA = json.loads((Path(__file__).parents[2] / "bench" / "results.schema.json").read_text())

RESULTS = [
    Result(
        "read",
        "One call",
        "ms",
        [
            row_of(OURS, [1.0, 2.0, 3.0, 4.0, 5.0], cpu_ms=2.5, milliseconds=[1.0, 5.0], answer="1 row x 20 fields"),
            row_of(HANDWRITTEN, [2.0]),
            row_of(WEAVE, [30.0, 30.0], cpu_ms=25.0, client_share=0.25),
        ],
        [Target(1.3, HANDWRITTEN), Target(1 / 5, WEAVE), Target(1 / 40, PHOENIX)],
        "a note",
    ),
    Result("memory", "Idle memory", "MiB", [Row(OURS, 100), Row(PHOENIX, 400)], [Target(120)]),
    Result("growth_read", "Growth: read", "ms", [Row(f"{OURS}, 1,000 calls", 2), Row(f"{OURS}, 10,000 calls", 3)]),
    Result(
        "growth_ingest",
        "Growth: ingest",
        "calls/s",
        [Row(f"{OURS}, 1,000 calls", 900), Row(f"{OURS}, empty", 1000), Row(f"{OURS}, 10,000 calls", 800)],
        [Target(1 / 0.7, f"{OURS}, empty", of=f"{OURS}, 10,000 calls")],
    ),
]


def report(**more: Any) -> dict[str, Any]:
    return {
        "format": 2,
        "command": "make bench",
        "begun": "2026-01-02T03:04:05Z",
        "ended": "finished",
        "seconds": 60,
        "machine": {
            "processor": "some", "cores": 2, "memory_gib": 8, "system": "Linux", "python": "3.11", "sqlite": "3.40",
            "packages": {"uvicorn": "1"}, "commit": "abc",
        },
        "sizes": {"calls": 5000, "ingest": 20_000, "tree": 1000, "growth": [1000, 10_000]},
        "load": {"before": [0, 0, 0], "after": [1, 1, 1]},
        "left_out": {},
        "failures": {},
        "scenarios": {"read": 1.5},
        "results": [json_of(result) for result in RESULTS],
        **more,
    }  # fmt: skip


def test_the_form_of_results_is_described() -> None:
    jsonschema_rs.validate(SCHEMA, json.loads(json.dumps(report())))
    first = report()["results"][0]
    assert first["rows"][0] == {
        "server": OURS,
        "value": 3.0,
        "low": 2.0,
        "high": 4.0,
        "cpu_ms": 2.5,
        "p99_ms": 5.0,
        "client_share": None,
        "samples": 5,
        "answer": "1 row x 20 fields",
    }
    assert first["ratios"] == {HANDWRITTEN: {"time": 1.5, "cpu": None}, WEAVE: {"time": 0.1, "cpu": 0.1}}
    assert [(each["measured"], each["reached"]) for each in first["verdicts"]] == [(1.5, False), (0.1, True)]


def test_the_page_has_targets_plots_and_all_figures_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("By hand.\n\n<!-- figures -->\nold\n<!-- end of figures -->\n\nAfter.\n")
    write_page(report(left_out={PHOENIX: "no network"}, failures={"mixed": "OSError: full"}, ended="stopped"), page)
    text = page.read_text()
    assert text.startswith("By hand.\n\n<!-- figures -->\n")
    assert text.endswith("<!-- end of figures -->\n\nAfter.\n")
    assert "old" not in text
    assert "- Not in the tables: Phoenix (no network).\n- Not in the tables: mixed (OSError: full).\n" in text
    assert "- The run was ended before its last scenarios" in text
    assert "| One call | at most 1.3x the time of hand-written | 1.5x |  | **missed** |" in text
    assert "| One call | 5x better than Weave reference | 10x | 10x | reached |" in text
    assert "| Idle memory | at most 120 MiB | 100 MiB |  | reached |" in text
    assert "| tracegraph | 3 ms | 2 - 4 | 2.5 | 5 |  | 1 row x 20 fields |" in text
    assert "| server | measured |\n|---|---:|\n| tracegraph | 100 MiB |\n| Phoenix | 400 MiB |" in text
    paths = re.findall(r"!\[.+\]\((.+)\)", text)
    assert paths == ["performance/ratios.svg", "performance/growth-reads.svg", "performance/growth-ingest.svg"]
    for path in paths:
        drawn = (tmp_path / path).read_bytes()
        assert b"<svg" in drawn
        assert len(drawn) < 100_000


def test_plots_show_ratios_of_times_and_growth_and_are_the_same_from_the_same_figures(tmp_path: Path) -> None:
    (ratios,) = draw_ratios(RESULTS, tmp_path / "one")
    draw_ratios(RESULTS, tmp_path / "two")
    assert ratios[1] == "one/ratios.svg"
    drawn = (tmp_path / "one" / "ratios.svg").read_text()
    assert drawn == (tmp_path / "two" / "ratios.svg").read_text()
    texts = re.findall(r"<text [^>]*>(.*?)</text>", drawn)
    assert {"One call", "hand-written", "Weave reference", "10", "0.67"} <= {text.strip() for text in texts}
    assert "Idle memory" not in texts
    growth = draw_growth(RESULTS[2:], tmp_path / "one")
    assert [path for _, path in growth] == ["one/growth-reads.svg", "one/growth-ingest.svg"]
    assert draw_growth([], tmp_path) == draw_ratios([], tmp_path) == []


def test_the_time_that_remains_follows_what_the_run_took_so_far(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [100.0]
    monkeypatch.setattr("bench.progress.time.monotonic", lambda: clock[0])
    progress = Progress(["a", "b", "c"], {"a": 10, "b": 20, "c": 30})
    assert progress.remaining(0) == "about 60 seconds"
    clock[0] += 30
    progress.begin(1)
    assert capsys.readouterr().err.endswith(" 2 of 3: b, about 2 minutes to go\n")
    clock[0] += 10
    assert progress.remaining(2) == "about 40 seconds"

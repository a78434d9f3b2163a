"""Datasets between the graph and the published SDK of Weave: what one publishes, the other reads."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.processes import SECONDS, ServerProcess, started
from tests.programs import on_postgresql_first

PROJECT = "team/datasets"
ENTITY, NAME = PROJECT.split("/")

READ = """
import json, sys
import weave

weave.init(sys.argv[1])
found = weave.ref(sys.argv[2]).get()
assert isinstance(found, weave.Dataset), type(found)
print(json.dumps([found.name, found.description, [dict(row) for row in found.rows]]))
"""
PUBLISH = """
import json, sys
import weave

weave.init(sys.argv[1])
rows = [{"id": "0", "question": "a", "expected": {"x": 1.0}}, {"id": "1", "question": "b", "expected": None}]
print(json.dumps(weave.publish(weave.Dataset(name="theirs", description="d", rows=rows)).uri))
"""


def run(python: Path, server: ServerProcess, folder: Path, program: str, *arguments: str) -> Any:
    """What a program prints last."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "WF_TRACE_SERVER_URL": server.url,
        "WANDB_BASE_URL": server.url,
        "WANDB_API_KEY": "k" * 40,
    }
    done = subprocess.run(
        [python, "-c", program, PROJECT, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return json.loads(done.stdout.splitlines()[-1])


def did(server: ServerProcess, field: str, selected: str, **given: Any) -> Any:
    """The payload of a mutation that was not refused."""
    type_ = f"{field[0].upper()}{field[1:]}Input"
    document = f"mutation($i: {type_}!) {{ {field}(input: $i) {{ {selected} userErrors {{ message }} }} }}"
    answer = server.post("/graphql", {"query": document, "variables": {"i": {"project": PROJECT, **given}}})
    payload = answer["data"][field]
    assert payload.pop("userErrors") == []
    return payload


@on_postgresql_first
def test_weave_reads_what_is_published_and_what_it_publishes_is_imported(
    database_url: str, sdk_python: Callable[[str], Path], tmp_path: Path
) -> None:
    python = sdk_python("0.54.0")
    with started(database_url) as server:
        dataset = did(server, "datasetCreate", "datasetId", name="Ours", description="what for")["datasetId"]
        data = [{"q": "é", "n": 1, "answer": ["x"]}, {"q": "b", "answer": None}]
        mapping = {"inputs": ["q", "n"], "groundTruth": ["answer"]}
        did(server, "datasetAddDatapoints", "datapointIds", datasetId=dataset, data=data, mapping=mapping)
        ref = did(server, "datasetPublish", "ref", datasetId=dataset)["ref"]
        assert run(python, server, tmp_path, READ, ref) == ["Ours", "what for", data]

        theirs = run(python, server, tmp_path, PUBLISH)
        selected = "dataset { datasetId name description datapoints { nodes { inputs groundTruth } } }"
        imported = did(server, "datasetImport", selected, ref=theirs)["dataset"]
        assert did(server, "datasetPublish", "ref", datasetId=imported.pop("datasetId"))["ref"] == theirs
        assert imported == {
            "name": "theirs",
            "description": "d",
            "datapoints": {
                "nodes": [
                    {"inputs": {"id": "0", "question": "a"}, "groundTruth": {"expected": {"x": 1.0}}},
                    {"inputs": {"id": "1", "question": "b"}, "groundTruth": {"expected": None}},
                ]
            },
        }
        assert server.stop() == 0

"""docs/federation.md shows the files that the tests of the gateways run, and the keys that entities have."""

import re
from pathlib import Path

import pytest

from graph.schema import schema
from server.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "federation.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["accounts.js", "notes.js", "compose.js", "apollo-gateway.js", "package.json"])
def test_the_files_are_those_that_run(name: str) -> None:
    content = (ROOT / "tests" / "node" / "federation" / name).read_text("utf-8").rstrip()
    assert f"`{name}`" in PAGE
    assert f"```{name.rpartition('.')[2]}\n{content}\n```" in PAGE


def test_the_keys_are_those_of_the_schema() -> None:
    headers = re.findall(r"^type (\w+) implements .*TracegraphNode.*$", schema.subgraph_sdl, re.MULTILINE)
    lines = {line.split()[1]: line for line in schema.subgraph_sdl.splitlines() if line.startswith("type ")}
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE))
    told = {type_: set(re.findall(r"`([^`]+)`", keys)) for type_, keys in rows.items() if type_ in headers}
    assert told == {name: set(re.findall(r'@key\(fields: "(.*?)"', lines[name])) - {"id"} for name in headers}


def test_the_default_of_what_is_left_out_is_told() -> None:
    assert f"`{Settings().federation_omit}` by default" in PAGE

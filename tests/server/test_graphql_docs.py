"""docs/graphql-http.md tells every code and limit."""

import re
from dataclasses import fields
from pathlib import Path

from graph.errors import ErrorCode
from graph.limits import Limits
from resolvers.errors import RefusalCode
from server.settings import SETTINGS, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "graphql-http.md").read_text("utf-8")


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_code_is_told() -> None:
    table = "".join(line for line in section("Errors").splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`([A-Z_]+)`", table))
    assert told == {code.value for code in (*ErrorCode, *RefusalCode)}


def test_every_limit_is_told_with_its_setting() -> None:
    told = set(re.findall(r"`TRACEGRAPH_(\w+)`", section("Limits")))
    assert told == {name.upper() for name in SETTINGS if name.startswith("graphql_max_")}
    for each in fields(Settings):
        if each.name.startswith("graphql_max_") and each.name != "graphql_max_body_bytes":
            row = next(line for line in section("Limits").splitlines() if each.name.upper() + "`" in line)
            assert f"| {each.default:,} |" in row


def test_settings_and_limits_have_the_same_defaults() -> None:
    defaults = {each.name: each.default for each in fields(Settings)}
    shared = [each for each in fields(Limits) if f"graphql_{each.name}" in defaults]
    assert len(shared) >= 12
    assert [each.name for each in shared if each.default != defaults[f"graphql_{each.name}"]] == []

import json
import re
from pathlib import Path

from graphql import build_schema, parse, print_ast, validate

from server.schema_diff import printed_schema

ROOT = Path(__file__).parents[1]
SCHEMA = build_schema(printed_schema(), assume_valid_sdl=True)
README = (ROOT / "README.md").read_text("utf-8")


def test_the_query_by_curl_is_one_that_the_schema_answers() -> None:
    found = re.search(r"-d '\n(\{.*\})'", README)
    assert found is not None
    assert validate(SCHEMA, parse(json.loads(found[1])["query"])) == []


def test_the_query_for_the_page_is_one_that_the_schema_answers() -> None:
    found = re.search(r"```graphql\n(.*?)```", README, re.DOTALL)
    assert found is not None
    assert validate(SCHEMA, parse(found[1])) == []
    assert f"{print_ast(parse(found[1]))}\n" == found[1]


def test_linked_files_exist() -> None:
    linked = re.findall(r"\]\(([^):]+)\)", README)
    assert [name for name in linked if not (ROOT / name).is_file()] == []

from pathlib import Path

import pytest

from server.cli import main
from server.schema_diff import compare, printed_schema

OLD = """
type Query @key(fields: "id") {
  "Its id."
  id: ID!
  page(first: Int = 10): Int
}

enum Kind {
  LLM
}
"""
NEW = """
type Query @key(fields: "id") {
  "The id."
  id: ID
  page(first: Int = 20): Int
  kind: Kind
}

enum Kind {
  LLM
  TOOL
}
"""
DIFFERENCES = [
    "breaking: Field Query.id changed type from ID! to ID.",
    "dangerous: Query.page(first:) has changed defaultValue from 10 to 20.",
    "dangerous: Enum value Kind.TOOL was added.",
    "safe: Field Query.kind was added.",
    'safe: Description of field Query.id has changed to "The id.".',
]


def test_differences_are_labelled() -> None:
    assert compare(OLD, NEW) == DIFFERENCES


def test_equal_texts_have_no_difference() -> None:
    assert compare(OLD, OLD) == []


def test_a_difference_in_order_counts() -> None:
    first, second = "type Query {\n  a: Int\n  b: Int\n}\n", "type Query {\n  b: Int\n  a: Int\n}\n"
    assert compare(first, second) == ["safe: descriptions, directives or the order of definitions changed."]


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == printed_schema()


def test_the_command_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = tmp_path / "earlier.graphql"
    earlier.write_text(printed_schema(), "utf-8")
    assert main(["schema", "--compare", str(earlier)]) == 0
    assert capsys.readouterr().out == ""

    earlier.write_text(f"{printed_schema()}\ntype Forgotten {{\n  id: ID\n}}\n", "utf-8")
    assert main(["schema", "--compare", str(earlier)]) == 1
    assert capsys.readouterr().out == "breaking: Forgotten was removed.\n"


def test_a_file_to_compare_with_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing.graphql"
    assert main(["schema", "--compare", str(missing)]) == 2
    message = f"tracegraph: --compare: cannot read {str(missing)!r}: No such file or directory\n"
    assert capsys.readouterr().err == message


def test_a_file_that_is_no_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = tmp_path / "earlier.graphql"
    earlier.write_text("type Query {", "utf-8")
    assert main(["schema", "--compare", str(earlier)]) == 2
    message = f"tracegraph: --compare: {str(earlier)!r} is no schema: Syntax Error: Expected Name, found <EOF>.\n"
    assert capsys.readouterr().err == message

import re
from pathlib import Path

import pytest

from server.cli import main
from server.schema_diff import compare, printed_schema
from server.schema_release import main as main_of_release
from server.schema_release import unannounced

ROOT = Path(__file__).parents[2]

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
    "dangerous: Enum value Kind.TOOL was added.",
    "dangerous: Query.page(first:) has the default 20 in place of 10.",
    "safe: Field Query.kind was added.",
    'safe: Description of field Query.id has changed to "The id.".',
]


def test_differences_are_labelled() -> None:
    assert compare(OLD, NEW) == DIFFERENCES


def test_equal_texts_have_no_difference() -> None:
    assert compare(OLD, OLD) == []


def test_a_difference_in_order_counts() -> None:
    first, second = "type Query {\n  a: Int\n  b: Int\n}\n", "type Query {\n  b: Int\n  a: Int\n}\n"
    assert compare(first, second) == ["safe: the order of definitions changed."]


def schema_with(field: str = "", value: str = "", more: str = "") -> str:
    return f"""
      interface Node {{ id: ID! }}
      type Query implements Node {{ id: ID! {field} }}
      input In {{ a: Int {value} }}
      {more}
    """


@pytest.mark.parametrize(
    ("old", "new", "labelled"),
    [
        ({"field": "f: Int"}, {"field": "f: Int!"}, ["safe: Field Query.f changed type from Int to Int!."]),
        ({"field": "f: Int"}, {}, ["breaking: Field Query.f was removed."]),
        (
            {"field": "f: Int"},
            {"field": 'f: Int @deprecated(reason: "Use g.")'},
            ['safe: Query.f has @deprecated(reason: "Use g.").'],
        ),
        (
            {"field": 'f: Int @deprecated(reason: "a")'},
            {"field": 'f: Int @deprecated(reason: "b")'},
            ['safe: Query.f has @deprecated(reason: "b").'],
        ),
        ({"field": "f: Int @deprecated"}, {"field": "f: Int"}, ["safe: Query.f has @deprecated no more."]),
        (
            {"field": "f(a: Int): Int"},
            {"field": "f(a: Int @deprecated): Int"},
            ["safe: Query.f(a:) has @deprecated."],
        ),
        ({"value": "b: Int"}, {"value": "b: Int @deprecated"}, ["safe: In.b has @deprecated."]),
        (
            {"more": "enum E { A B }"},
            {"more": "enum E { A B @deprecated }"},
            ["safe: E.B has @deprecated."],
        ),
        ({"field": "f(a: Int): Int"}, {"field": "f(a: Int = 1): Int"}, ["dangerous: Query.f(a:) has the default 1."]),
        (
            {"field": "f(a: Int = 1): Int"},
            {"field": "f(a: Int): Int"},
            ["dangerous: Query.f(a:) has no default any more; it was 1."],
        ),
        (
            {"field": "f(a: Int! = 1): Int"},
            {"field": "f(a: Int!): Int"},
            ["breaking: Query.f(a:) has no default any more; it was 1."],
        ),
        ({"value": "b: Int = 1"}, {"value": "b: Int = 2"}, ["dangerous: In.b has the default 2 in place of 1."]),
        ({"value": "b: Int! = 1"}, {"value": "b: Int!"}, ["breaking: In.b has no default any more; it was 1."]),
        ({}, {"value": "b: Int"}, ["dangerous: An optional field In.b was added."]),
        ({}, {"value": "b: Int!"}, ["breaking: A required field In.b was added."]),
        (
            {"field": "f: Int"},
            {"field": "f(a: Int!): Int"},
            ["breaking: A required argument Query.f(a:) was added."],
        ),
        ({"more": "input J { a: Int }"}, {"more": "input J @oneOf { a: Int }"}, ["breaking: J has @oneOf."]),
        ({"more": "input J @oneOf { a: Int }"}, {"more": "input J { a: Int }"}, ["safe: J has @oneOf no more."]),
        (
            {"more": 'type K @key(fields: "id") @key(fields: "ref") { id: ID ref: ID }'},
            {"more": 'type K @key(fields: "id") { id: ID ref: ID }'},
            ['breaking: K has @key(fields: "ref") no more.'],
        ),
        (
            {"field": "f: Int @cost(weight: 1)"},
            {"field": "f: Int @cost(weight: 2)"},
            [
                "dangerous: Query.f has @cost(weight: 2).",
                "dangerous: Query.f has @cost(weight: 1) no more.",
            ],
        ),
        (
            {"more": "scalar S"},
            {"more": 'scalar S @specifiedBy(url: "u")'},
            ['dangerous: S has @specifiedBy(url: "u").'],
        ),
        (
            {"more": "type M { a: Int } schema { query: Query mutation: M }"},
            {"more": "type M { a: Int } schema { query: Query }"},
            ["breaking: The schema has no mutation type any more."],
        ),
        (
            {"more": "directive @d(a: Int) on FIELD"},
            {},
            ["breaking: Directive @d was removed."],
        ),
    ],
)
def test_each_kind_of_change_has_its_label(old: dict[str, str], new: dict[str, str], labelled: list[str]) -> None:
    assert compare(schema_with(**old), schema_with(**new)) == labelled


CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n- `Query.id` may be null.\n\n## [0.1.0]\n\n- `Query.old` is new.\n"


def test_a_breaking_change_is_announced_where_the_changelog_names_it() -> None:
    gone = "breaking: Field Query.old was removed."
    assert unannounced(DIFFERENCES, CHANGELOG) == []
    assert unannounced([*DIFFERENCES, gone], CHANGELOG) == [gone]
    assert unannounced(DIFFERENCES, "") == DIFFERENCES[:1]


def test_the_check_against_the_last_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    released = printed_schema().replace("type Query {", "type Query {\n  gone: Int\n")
    (tmp_path / "schema.released.graphql").write_text(f"# 0.1.0\n\n{released}", "utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
    assert main_of_release(tmp_path) == 1
    printed = capsys.readouterr()
    assert printed.out == "breaking: Field Query.gone was removed.\n"
    assert printed.err == "not announced in CHANGELOG.md: breaking: Field Query.gone was removed.\n"

    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG.replace("Query.id", "Query.gone"), "utf-8")
    assert main_of_release(tmp_path) == 0
    assert capsys.readouterr().out == "breaking: Field Query.gone was removed.\n"


def test_the_schema_of_the_last_release_names_it() -> None:
    first, second = (ROOT / "schema.released.graphql").read_text("utf-8").splitlines()[:2]
    assert re.fullmatch(r"# Tracegraph \d+\.\d+\.\d+: .+", first)
    assert second == ""


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

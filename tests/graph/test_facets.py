"""The most frequent values of fields, and the JSON paths that occur."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from resolvers.calls import paths
from tests.graph.test_call_filters import OP, call, record, run

FACETS = """query Facets($fields: [String!]!, $first: Int! = 10, $scan: Int! = 10000, $filter: CallFilterInput) {
  project(slug: "team/app", unwritten: true) {
    facets(fields: $fields, first: $first, scan: $scan, filter: $filter) {
      field values { value type count } missing otherCount distinctCount scanned complete } } }"""


async def facets(client: httpx.AsyncClient, fields: Sequence[str], **variables: Any) -> Any:
    """Each facet as its values (with counts), missing, other, distinct, scanned and complete."""
    data = await run(client, FACETS, fields=fields, **variables)
    if not isinstance(data, dict):
        return [error["message"] for error in data]
    found = data["project"]["facets"]
    assert [facet["field"] for facet in found] == list(fields)
    return [
        (
            [(value["value"], value["type"], value["count"]) for value in facet["values"]],
            *(facet[name] for name in ("missing", "otherCount", "distinctCount", "scanned", "complete")),
        )
        for facet in found
    ]


LONG = "x" * 2000
VALUES = [1, 1.0, "1", True, None, "\x00\ud800", {"a": [1, 2]}, ["b"], LONG, "a", "a", 10**400]


async def fill(client: httpx.AsyncClient) -> None:
    await record(
        client,
        [
            call(
                f"c{index:02}",
                second=index,
                op_name=f"{OP}/ask:v{index % 3}" if index % 2 else "tool",
                attributes={"env": ["dev", "prod"][index % 2], "weave": {"kind": "llm"} if index < 3 else {}},
                inputs={"v": value, "n": {"m": index}},
                **({"exception": "no"} if index == 0 else {}),
            )
            for index, value in enumerate(VALUES)
        ],
    )


async def test_columns_are_counted(client: httpx.AsyncClient) -> None:
    await fill(client)
    status, kind, op, model, trace = await facets(client, ["status", "kind", "op", "model", "traceId"])
    assert status == ([("SUCCESS", "STRING", 11), ("ERROR", "STRING", 1)], 0, 0, 2, 12, True)
    assert kind == ([("LLM", "STRING", 3)], 9, 0, 1, 12, True)
    assert op == ([("ask", "STRING", 6), ("tool", "STRING", 6)], 0, 0, 2, 12, True)
    assert model == ([], 12, 0, 0, 12, True)
    assert trace == ([("trace", "STRING", 12)], 0, 0, 1, 12, True)


async def test_json_paths_are_counted(client: httpx.AsyncClient) -> None:
    await fill(client)
    env, values, nested, none = await facets(client, ["attributes.env", "inputs.v", "inputs.n", "output.x.y"], first=3)
    assert env == ([("dev", "STRING", 6), ("prod", "STRING", 6)], 0, 0, 2, 12, True)
    assert values[0] == [("1", "NUMBER", 2), ("a", "STRING", 2), ("1", "STRING", 1)]
    assert values[1:] == (1, 6, 9, 12, True)
    assert nested[1:] == (0, 9, 12, 12, True)
    assert none == ([], 12, 0, 0, 12, True)
    [(values, *_)] = await facets(client, ["inputs.v"], first=100)
    # The last digit of the largest double is the database's (docs/query-language.md).
    values = [(value.replace("57e+308", "5e+308").replace("56e+308", "5e+308"), *rest) for value, *rest in values]
    assert sorted(values) == sorted(
        [
            ("1", "NUMBER", 2),
            ("a", "STRING", 2),
            ("1", "STRING", 1),
            ("true", "BOOLEAN", 1),
            ("\x00\ud800", "STRING", 1),
            ('{"a":[1,2]}', "OBJECT", 1),
            ('["b"]', "ARRAY", 1),
            ("x" * 500, "STRING", 1),
            ("1.797693134862315e+308", "NUMBER", 1),
        ]
    )


async def test_filters_narrow_and_the_newest_are_looked_into(client: httpx.AsyncClient) -> None:
    await fill(client)
    chosen = {"ops": ["tool"]}
    assert await facets(client, ["attributes.env", "name"], filter=chosen) == [
        ([("dev", "STRING", 6)], 0, 0, 1, 6, True),
        ([("tool", "STRING", 6)], 0, 0, 1, 6, True),
    ]
    [nested, status] = await facets(client, ["inputs.n.m", "status"], scan=2)
    assert nested == ([("10", "NUMBER", 1), ("11", "NUMBER", 1)], 0, 0, 2, 2, False)
    assert status[-2:] == (12, True)


async def test_an_empty_project_has_empty_facets(client: httpx.AsyncClient) -> None:
    assert await facets(client, ["status", "inputs.x"]) == [([], 0, 0, 0, 0, True)] * 2


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    await fill(client)
    assert await facets(client, ["statuss"]) == ["unknown field 'statuss'; did you mean 'status'?"]
    assert await facets(client, []) == ["fields must name from 1 to 20 fields, not 0"]
    assert await facets(client, ["status"] * 21) == ["fields must name from 1 to 20 fields, not 21"]
    assert await facets(client, ["status"], first=0) == ["first must be from 1 to 100, not 0"]
    assert await facets(client, ["status"], scan=100_001) == ["scan must be from 1 to 100000, not 100001"]


PATHS = """query Paths($of: CallPayload! = ATTRIBUTES, $first: Int! = 100, $scan: Int! = 1000) {
  project(slug: "team/app", unwritten: true) { attributePaths(of: $of, first: $first, scan: $scan) {
    scanned skipped cut paths { path count types { type count } } } } }"""


async def attribute_paths(client: httpx.AsyncClient, **variables: Any) -> tuple[dict[str, Any], Any]:
    data = await run(client, PATHS, **variables)
    found = data["project"]["attributePaths"]
    seen = {
        path["path"]: (path["count"], {one["type"]: one["count"] for one in path["types"]})
        for path in found.pop("paths")
    }
    return seen, found


async def test_paths_are_listed_with_their_types(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await attribute_paths(client) == ({}, {"scanned": 0, "skipped": 0, "cut": False})
    attributes: list[Any] = [
        {"env": "dev", "a.b": {"c": [1, 2]}, "é\ud800": None},
        {"env": 1, "a.b": [{"c": True}], "list": []},
        {"env": "prod"},
    ]
    await record(client, [call(str(n), attributes=one, second=n) for n, one in enumerate(attributes)])
    seen, found = await attribute_paths(client)
    assert list(seen) == sorted(seen, key=lambda path: (-seen[path][0], path))
    assert {path: of for path, of in seen.items() if not path.startswith("attributes.weave")} == {
        "attributes.env": (3, {"STRING": 2, "NUMBER": 1}),
        "attributes.a\\.b": (2, {"OBJECT": 1, "ARRAY": 1}),
        "attributes.a\\.b.c": (1, {"ARRAY": 1}),
        "attributes.a\\.b.c.0": (1, {"NUMBER": 1}),
        "attributes.a\\.b.0": (1, {"OBJECT": 1}),
        "attributes.a\\.b.0.c": (1, {"BOOLEAN": 1}),
        "attributes.é\ud800": (1, {"NULL": 1}),
        "attributes.list": (1, {"ARRAY": 1}),
    }
    assert found == {"scanned": 3, "skipped": 0, "cut": False}
    # Each of them is a field that facets take.
    assert len(await facets(client, list(seen))) == len(seen)
    seen, found = await attribute_paths(client, scan=1)
    assert ("attributes.env" in seen, found["scanned"]) == (True, 1)
    seen, found = await attribute_paths(client, first=1)
    assert (list(seen), found["cut"]) == (["attributes.env"], True)
    assert await attribute_paths(client, of="OUTPUT") == ({}, {"scanned": 3, "skipped": 0, "cut": False})
    monkeypatch.setattr(paths, "LARGEST", 40)
    assert (await attribute_paths(client))[1]["skipped"] > 0
    monkeypatch.undo()
    monkeypatch.setattr(paths, "MOST_KNOWN", 2)
    seen, found = await attribute_paths(client)
    assert (len(seen), found["cut"]) == (2, True)

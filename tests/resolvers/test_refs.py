from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from db.json_text import JSONText, dump_json
from resolvers.callers import Caller
from resolvers.context import Context
from resolvers.errors import ForbiddenError, InvalidInputError, NotFoundError, Refusal
from resolvers.objects import object_create, object_delete
from resolvers.refs.read import refs_read
from resolvers.tables import table_create

PROJECT = "team/project"

Reads = Callable[[], AbstractContextManager[list[str]]]


async def publish(context: Context, name: str, value: Any, project: str = PROJECT) -> str:
    """The ref of a new object."""
    made = await object_create(context, project, name, dump_json(value))
    return f"weave:///{project}/{made.kind}/{name}:{made.digest}"


async def dataset(context: Context, rows: int) -> tuple[str, list[str]]:
    """The ref of an object with a table of rows {"n": 0}, {"n": 1} and so on, and the digests of the rows."""
    table = await table_create(context, PROJECT, [dump_json({"n": number}) for number in range(rows)])
    return await publish(context, "data", {"rows": f"weave:///{PROJECT}/table/{table.digest}"}), table.row_digests


async def test_values_come_whole_and_as_they_were_sent(context: Context) -> None:
    made = await object_create(context, PROJECT, "a", JSONText('{"b": 1.0,  "a":"\\u00e9"}'))
    ref = f"weave:///{PROJECT}/object/a:{made.digest}"
    assert await refs_read(context, [ref, ref]) == ['{"b": 1.0,  "a":"\\u00e9"}'] * 2
    assert (
        await refs_read(context, [f"weave:///{PROJECT}/object/a:{version}" for version in ("v0", "latest")])
        == ['{"b": 1.0,  "a":"\\u00e9"}'] * 2
    )
    assert await refs_read(context, []) == []


async def test_paths_go_into_values(context: Context) -> None:
    ref = await publish(context, "a", {"list": [{"x y/z": 1.0}, None], "é": "text"})
    paths = ["/attr/list", "/key/list/index/0/key/x%20y%2Fz", "/key/list/index/1", "/attr/%C3%A9"]
    assert await refs_read(context, [ref + path for path in paths]) == ['[{"x y/z":1.0},null]', "1.0", "null", '"text"']


async def test_paths_go_through_tables_and_other_objects(context: Context) -> None:
    data, digests = await dataset(context, 1500)
    inner = await publish(context, "inner", {"data": data, "list": [1, [2, 3]]})
    outer = await publish(context, "outer", {"inner": inner, "second": f"{inner}/attr/list/index/1"})
    refs = [
        f"{data}/attr/rows/id/{digests[7]}",
        f"{data}/attr/rows/id/{digests[8]}/key/n",
        f"{data}/attr/rows/index/1499/attr/n",
        f"{outer}/attr/inner",
        f"{outer}/attr/inner/attr/list",
        f"{outer}/attr/inner/attr/data/attr/rows/index/1000/key/n",
        f"{outer}/attr/second/index/0",
    ]
    assert await refs_read(context, refs) == ['{"n":7}', "8", "1499", f'"{inner}"', "[1,[2,3]]", "1000", "2"]


async def test_ops_are_read_like_objects(context: Context) -> None:
    ref = await publish(context, "f", {"_type": "CustomWeaveType", "weave_type": {"type": "Op"}, "x": 1})
    assert "/op/f:" in ref
    assert await refs_read(context, [f"{ref}/attr/x"]) == ["1"]
    with pytest.raises(NotFoundError):
        await refs_read(context, [ref.replace("/op/", "/object/")])


async def test_what_is_deleted_is_null_and_what_is_missing_refuses_all(context: Context) -> None:
    gone, kept = await publish(context, "gone", {"a": 1}), await publish(context, "kept", {"a": 1})
    through = await publish(context, "through", {"x": gone})
    await object_delete(context, PROJECT, "gone")
    assert await refs_read(context, [gone, kept, f"{gone}/attr/nothing", f"{through}/attr/x/attr/a"]) == [
        None,
        '{"a":1}',
        None,
        None,
    ]
    with pytest.raises(NotFoundError) as refusal:
        await refs_read(context, [kept, f"weave:///{PROJECT}/object/kept:nowhere"])
    ref = f"weave:///{PROJECT}/object/kept:nowhere"
    assert refusal.value.message == f"Ref {ref!r} not found: there is no object kept:nowhere"


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("/attr/x", NotFoundError, "Ref {ref!r} not found: there is no attr 'x'"),
        ("/attr/list/key/0", NotFoundError, "Ref {ref!r} not found: there is no key '0'"),
        ("/attr/list/index/2", NotFoundError, "Ref {ref!r} not found: there is no index 2"),
        ("/attr/null/attr/a", NotFoundError, "Ref {ref!r} not found: there is no attr 'a'"),
        ("/attr/rows/id/nowhere", NotFoundError, "Ref {ref!r} not found: there is no row 'nowhere'"),
        ("/attr/rows/index/3", NotFoundError, "Ref {ref!r} not found: there is no row 3 in table {table!r}"),
        ("/attr/rows/index/-1", InvalidInputError, "Invalid ref {ref!r}: index -1 is negative"),
        ("/attr/list/index/-1", InvalidInputError, "Invalid ref {ref!r}: index -1 is negative"),
        (
            "/attr/rows/attr/x",
            InvalidInputError,
            "Invalid ref {ref!r}: a table has no attr 'x', only rows by id and index",
        ),
        ("/attr/list/id/x", InvalidInputError, "Invalid ref {ref!r}: row 'x' is asked of a value that is no table"),
        (
            "/attr/call/attr/x",
            InvalidInputError,
            "Invalid ref {ref!r}: 'weave:///team/project/call/1' is a call and has no values",
        ),
        (
            "/attr/circle/attr/x",
            InvalidInputError,
            "Invalid ref {ref!r}: it passes through more than 64 other refs",
        ),
    ],
)
async def test_paths_that_lead_nowhere_are_refused_by_name(
    context: Context, path: str, error: type[Refusal], message: str
) -> None:
    table = await table_create(context, PROJECT, [dump_json({"n": number}) for number in range(3)])
    value = {
        "list": [1, 2],
        "null": None,
        "rows": f"weave:///{PROJECT}/table/{table.digest}",
        "call": f"weave:///{PROJECT}/call/1",
        "circle": f"weave:///{PROJECT}/object/circle:latest",
    }
    ref = await publish(context, "a", value) + path
    await publish(context, "circle", f"weave:///{PROJECT}/object/circle:latest")
    with pytest.raises(error) as refusal:
        await refs_read(context, [ref])
    assert type(refusal.value) is error
    assert refusal.value.message == message.format(ref=ref, table=table.digest)


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("weave:///team/project/call/1", "Call refs not supported: 'weave:///team/project/call/1'"),
        ("weave:///team/project/table/1", "Table refs not supported: 'weave:///team/project/table/1'"),
        ("http://x", "Invalid ref 'http://x': it must start with weave:///"),
    ],
)
async def test_refs_that_cannot_be_read_are_refused(context: Context, ref: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        await refs_read(context, [ref])
    assert refusal.value.message == message
    assert refusal.value.field == ("refs", 0)


async def test_more_than_10000_refs_are_refused(context: Context) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        await refs_read(context, ["weave:///team/project/object/a:b"] * 10_001)
    assert refusal.value.message == "Too many refs: 10001, at most 10000"


async def test_5000_refs_take_a_few_statements(context: Context, reads: Reads) -> None:
    data, digests = await dataset(context, 5000)
    with reads() as seen:
        vals = await refs_read(context, [f"{data}/attr/rows/id/{digest}/key/n" for digest in digests])
    assert vals == [str(number) for number in range(5000)]
    assert len(seen) == 6  # the object, and 1,000 rows at a time
    with reads() as seen:
        vals = await refs_read(context, [f"{data}/attr/rows/index/{number}/key/n" for number in range(5000)])
    assert vals == [str(number) for number in range(5000)]
    assert len(seen) == 8  # parts and chunks too


class Outsider(Caller):
    """May read one project."""

    def may_read(self, slug: str) -> bool:
        return slug == PROJECT


async def test_refs_into_projects_that_the_caller_may_not_read(context: Context) -> None:
    secret = await publish(context, "secret", {"a": 1}, "other/project")
    ref = await publish(context, "a", {"s": secret})
    assert await refs_read(context, [f"{ref}/attr/s/attr/a"]) == ["1"]
    outsider = Context(context.database, Outsider("outsider"))
    assert await refs_read(outsider, [f"{ref}/attr/s", f"{ref}/attr/s/attr/a"]) == [f'"{secret}"', None]
    with pytest.raises(ForbiddenError) as refusal:
        await refs_read(outsider, [ref, secret])
    assert refusal.value.message == "No right to read project 'other/project'"

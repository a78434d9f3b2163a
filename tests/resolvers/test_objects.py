import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select

from db.json_text import JSONText, dump_json, parse_json
from db.objects.reads import ObjectFilter
from db.refs import refs
from db.rows import Row
from resolvers.context import Context
from resolvers.errors import (
    ConflictError,
    DeletedError,
    InvalidInputError,
    InvalidNameError,
    NotFoundError,
)
from resolvers.objects import (
    ObjectCreated,
    object_by_ref,
    object_create,
    object_delete,
    objects_by_ref,
    objects_page,
)
from resolvers.refs import refs_in

PROJECT = "team/project"
OP = {"_type": "CustomWeaveType", "weave_type": {"type": "Op"}, "files": {"obj.py": "digest"}}
MODEL = {"_type": "Mine", "_class_name": "Mine", "_bases": ["Special", "Model", "Object", "BaseModel"], "x": 1}


async def publish(context: Context, value: Any, name: str = "thing", **options: Any) -> ObjectCreated:
    return await object_create(context, PROJECT, name, dump_json(value), **options)


async def read(context: Context, version: str, name: str = "thing", kind: str = "") -> Row | None:
    columns = frozenset({"version_index", "is_latest", "deleted_at", "val"})
    return (await objects_by_ref(context, [(PROJECT, kind, name, version)], columns=columns))[0]


async def versions(context: Context, name: str = "thing") -> list[tuple[int, bool, bool]]:
    """Index, latest, deleted of the first three versions."""
    rows = [await read(context, f"v{number}", name) for number in range(3)]
    return [(row.version_index, bool(row.is_latest), row.deleted_at is not None) for row in rows if row is not None]


async def test_versions_are_counted_from_0_and_the_same_content_makes_none(context: Context) -> None:
    first = await publish(context, {"b": 1, "a": 2})
    assert first == (PROJECT, "object", "thing", "IVAduvcYUiOTTSIoPwHKY0EyvB3kqVUMHtDfYrOXoyM", 0)
    assert await publish(context, {"a": 2, "b": 1}) == first
    second = await publish(context, {"a": 3})
    assert second.version_index == 1
    assert await versions(context) == [(0, False, False), (1, True, False)]
    # The text of the first publication is kept as it came.
    row = await read(context, first.digest)
    assert row is not None
    assert row.val == '{"b":1,"a":2}'


async def test_older_content_published_again_is_the_latest_and_keeps_its_index(context: Context) -> None:
    first = await publish(context, 1)
    await publish(context, 2)
    assert await publish(context, 1) == first
    assert await versions(context) == [(0, True, False), (1, False, False)]
    assert (await publish(context, 3)).version_index == 2


async def test_a_deleted_version_published_again_lives_with_its_index(context: Context) -> None:
    await publish(context, 1)
    await publish(context, 2)
    assert await object_delete(context, PROJECT, "thing", ["v0"]) == 1
    assert await versions(context) == [(0, False, True), (1, True, False)]
    await publish(context, 1)
    assert await versions(context) == [(0, True, False), (1, False, False)]


async def test_deleting_the_latest_makes_the_newest_publication_left_the_latest(context: Context) -> None:
    for value in (1, 2, 3, 1):
        await publish(context, value)
    assert await versions(context) == [(0, True, False), (1, False, False), (2, False, False)]
    assert await object_delete(context, PROJECT, "thing", ["latest"]) == 1
    assert await versions(context) == [(0, False, True), (1, False, False), (2, True, False)]
    assert await object_delete(context, PROJECT, "thing") == 2
    assert await versions(context) == [(0, False, True), (1, False, True), (2, False, True)]
    assert await read(context, "latest") is None
    # An index that was given once is not given again.
    assert (await publish(context, 4)).version_index == 3


async def test_publications_at_the_same_time_get_indices_of_their_own(context: Context) -> None:
    made = await asyncio.gather(*(publish(context, number % 10) for number in range(30)))
    assert {found.version_index for found in made} == set(range(10))
    rows = await objects_page(context, PROJECT, ObjectFilter(), columns=frozenset({"version_index", "is_latest"}))
    assert sorted(row.version_index for row in rows) == list(range(10))
    assert sum(row.is_latest for row in rows) == 1


async def test_deletes_are_whole_or_refused(context: Context) -> None:
    first = await publish(context, 1)
    await publish(context, 2)
    with pytest.raises(NotFoundError) as missing:
        await object_delete(context, PROJECT, "thing", [first.digest, "nowhere", "v7"])
    assert missing.value.message == "Not found when deleting: thing:nowhere, thing:v7"
    with pytest.raises(InvalidInputError) as many:
        await object_delete(context, PROJECT, "thing", [str(number) for number in range(101)])
    assert many.value.message == "101 versions to delete, at most 100 at a time"
    assert await versions(context) == [(0, False, False), (1, True, False)]
    with pytest.raises(NotFoundError) as unknown:
        await object_delete(context, PROJECT, "other")
    assert unknown.value.message == "Object 'other' not found when deleting"
    assert await object_delete(context, PROJECT, "thing", [first.digest, "v0"]) == 1
    with pytest.raises(NotFoundError):
        await object_delete(context, PROJECT, "thing", ["v0"])


async def test_reading_one_version_tells_missing_from_deleted(context: Context) -> None:
    await publish(context, 1)
    await object_delete(context, PROJECT, "thing")
    with pytest.raises(DeletedError) as deleted:
        await object_by_ref(context, PROJECT, "object", "thing", "v0", columns=frozenset({"val"}))
    assert deleted.value.message == "thing:v0 was deleted"
    assert deleted.value.deleted_at > 1_600_000_000_000_000
    with pytest.raises(NotFoundError) as missing:
        await object_by_ref(context, PROJECT, "object", "thing", "v1", columns=frozenset({"val"}))
    assert not isinstance(missing.value, DeletedError)
    assert missing.value.message == "Object thing:v1 not found in project 'team/project'"


async def test_kinds_of_one_name_are_counted_apart(context: Context) -> None:
    await publish(context, 1)
    op = await publish(context, OP)
    assert (op.kind, op.version_index) == ("op", 0)
    object_row, op_row = await read(context, "v0"), await read(context, "v0", kind="op")
    latest = await read(context, "latest")
    assert object_row is not None
    assert op_row is not None
    assert latest is not None
    assert (object_row.kind, op_row.kind, latest.kind) == ("object", "op", "op")
    assert (await publish(context, {"_type": "Op"}, "old")).kind == "op"
    assert (await publish(context, {"_type": "x", "weave_type": "Op"}, "odd")).kind == "object"


async def test_pages_filter_sort_and_leave_values_out(context: Context) -> None:
    await publish(context, MODEL, "b")
    await publish(context, {"x": 1}, "a")
    await publish(context, {"x": 2}, "a")
    await publish(context, OP, "c")
    await publish(context, {"columns": []}, "d", builtin_object_class="Leaderboard")
    await publish(context, 0, "gone")
    await object_delete(context, PROJECT, "gone")

    async def page(wanted: ObjectFilter, **options: Any) -> list[tuple[str, int]]:
        rows = await objects_page(context, PROJECT, wanted, columns=frozenset({"version_index"}), **options)
        assert rows.columns == ("project_slug", "kind", "object_id", "digest", "version_index")
        return [(row.object_id, row.version_index) for row in rows]

    everything = [("b", 0), ("a", 0), ("a", 1), ("c", 0), ("d", 0)]
    assert await page(ObjectFilter()) == everything
    assert await page(ObjectFilter(), limit=2, offset=1) == everything[1:3]
    assert await page(ObjectFilter(), offset=4) == everything[4:]
    assert await page(ObjectFilter(), sort_by=[("created_at", "desc")]) == everything[::-1]
    by_name = [("d", 0), ("c", 0), ("b", 0), ("a", 0), ("a", 1)]
    assert await page(ObjectFilter(), sort_by=[("object_id", "desc"), ("created_at", "asc")]) == by_name
    assert await page(ObjectFilter(kind="op")) == [("c", 0)]
    assert await page(ObjectFilter(kind="object", latest_only=True)) == [("b", 0), ("a", 1), ("d", 0)]
    assert await page(ObjectFilter(object_ids=("a", "c"))) == [("a", 0), ("a", 1), ("c", 0)]
    assert await page(ObjectFilter(base_object_classes=("Model", "Leaderboard"))) == [("b", 0), ("d", 0)]
    assert await page(ObjectFilter(leaf_object_classes=("Mine",))) == [("b", 0)]
    assert await page(ObjectFilter(exclude_base_object_classes=("Model",))) == everything[1:]
    with pytest.raises(InvalidInputError) as bad:
        await page(ObjectFilter(), sort_by=[("digset", "asc")])
    assert bad.value.message == "unknown field 'digset'; did you mean 'digest'?"
    with pytest.raises(InvalidInputError) as negative:
        await page(ObjectFilter(), limit=-1)
    assert negative.value.message == "Invalid limit -1: it must not be negative"


async def test_keys_may_repeat_and_spread_over_projects(context: Context) -> None:
    here = await publish(context, 1)
    await object_create(context, "other/project", "thing", JSONText("2"))
    keys = [
        ("other/project", "object", "thing", "latest"),
        (PROJECT, "op", "thing", here.digest),
        (PROJECT, "object", "thing", here.digest),
        (PROJECT, "", "thing", "v0"),
        (PROJECT, "object", "thing", here.digest),
        (PROJECT, "object", "thing", "v99999999999999999999"),
    ]
    found = await objects_by_ref(context, keys, columns=frozenset({"val"}))
    assert [None if row is None else row.val for row in found] == ["2", None, "1", "1", "1", None]


async def test_refs_in_values_are_edges(context: Context) -> None:
    target = "weave:///team/project/object/other:abc"
    created = await publish(context, {"a": [target], "b": {"c": target}})
    edges = await context.database.read(
        lambda connection: connection.execute(
            select(refs.c.source_kind, refs.c.source_id, refs.c.role, refs.c.target).where(refs.c.project_id == PROJECT)
        ).all()
    )
    assert [tuple(edge) for edge in edges] == [("object", f"thing:{created.digest}", "value", target)]


async def test_refs_with_escaped_slashes_are_found_in_their_order_however_deep() -> None:
    first, second = (rf'"weave:\/\/\/team\/project\/object\/{name}:abc"' for name in ("first", "second"))
    text = '[{"a":' * 255 + f'[{first},"weave:other",{second},{first}]' + "}]" * 255
    assert refs_in(f"[{text},{second}]") == [json.loads(first), json.loads(second)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a b/c b", "Invalid object name 'a b/c b': it contains ' ', '/'"),
        ("", "Invalid object name '': it is empty"),
    ],
)
async def test_bad_names_are_refused(context: Context, name: str, message: str) -> None:
    with pytest.raises(InvalidNameError) as refusal:
        await publish(context, 1, name)
    assert refusal.value.message == message
    assert refusal.value.field == ("objectId",)


async def test_names_are_letters_of_any_script_and_at_most_128(context: Context) -> None:
    assert (await publish(context, 1, "größe_1.0-β")).version_index == 0
    assert (await publish(context, 1, "x" * 128)).version_index == 0
    with pytest.raises(InvalidInputError) as refusal:
        await publish(context, 1, "x" * 129)
    assert not isinstance(refusal.value, InvalidNameError)
    assert refusal.value.message == f"Invalid object name '{'x' * 129}': 129 characters, at most 128"


async def test_an_expected_digest_that_differs_is_a_conflict_and_writes_nothing(context: Context) -> None:
    with pytest.raises(ConflictError) as refusal:
        await publish(context, {}, expected_digest="wrong")
    digest = "RBNvo1WzZ4oRRq0W9XhknpT7T8If536DEMBg9hyqY4o"
    assert refusal.value.message == f"Expected digest 'wrong' of object 'thing', but it is {digest!r}"
    assert await read(context, "v0") is None
    assert (await publish(context, {}, expected_digest=digest)).digest == digest


async def test_builtin_classes_go_by_either_name(context: Context) -> None:
    value: dict[str, Any] = {"columns": []}
    first = await publish(context, value, builtin_object_class="Leaderboard")
    assert await publish(context, value, set_base_object_class="Leaderboard") == first
    row = await object_by_ref(
        context, PROJECT, "object", "thing", "v0", columns=frozenset({"base_object_class", "leaf_object_class", "val"})
    )
    assert (row.base_object_class, row.leaf_object_class) == ("Leaderboard", "Leaderboard")
    # What was stored once may come back with its names, and means the same.
    assert await publish(context, parse_json(row.val), builtin_object_class="Leaderboard") == first
    with pytest.raises(InvalidInputError) as other:
        await publish(context, MODEL, builtin_object_class="Leaderboard")
    assert other.value.message == "The value is of class 'Mine', not of class 'Leaderboard'"
    with pytest.raises(InvalidInputError) as scalar:
        await publish(context, [1], builtin_object_class="Leaderboard")
    assert scalar.value.message == "Only a JSON object can be of class 'Leaderboard', not [1]"

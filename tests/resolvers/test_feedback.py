"""Feedback: what is taken, what is refused, what repeating does, what a purge may select."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from db.feedback import feedback
from db.json_text import JSONText, dump_json
from db.projects import projects
from db.query.expression import parse_query
from resolvers.callers import LOCAL, Caller
from resolvers.context import Context
from resolvers.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, Refusal
from resolvers.feedback.annotations import check_annotation
from resolvers.feedback.read import feedback_by_id, feedback_by_target
from resolvers.feedback.record import (
    FeedbackCreated,
    feedback_create,
    feedback_create_batch,
    feedback_purge,
    feedback_replace,
)
from resolvers.feedback.validate import NewFeedback, checked_payload
from resolvers.objects.create import object_create
from resolvers.objects.delete import object_delete
from resolvers.purges import check_purge

PROJECT = "team/app"
CALL = f"weave:///{PROJECT}/call/c1"
OTHER_CALL = f"weave:///{PROJECT}/call/c2"
OP = f"weave:///{PROJECT}/op/accuracy:d1"
SCORER = f"weave:///{PROJECT}/object/accuracy:d2"
EVERYTHING = frozenset({"feedback_type", "payload", "creator", "call_ref", "runnable_ref", "wb_user_id", "created_at"})


def new(feedback_type: str = "custom", payload: Any = None, **options: Any) -> NewFeedback:
    return NewFeedback(PROJECT, CALL, feedback_type, dump_json({} if payload is None else payload), **options)


async def stored_ids(context: Context) -> list[str]:
    return await context.database.read(
        lambda connection: list(connection.execute(select(feedback.c.id).order_by(feedback.c.id)).scalars())
    )


def purge_query(operation: Any) -> Any:
    return parse_query({"$expr": operation})


def equal(field: str, value: Any) -> dict[str, Any]:
    return {"$eq": [{"$getField": field}, {"$literal": value}]}


async def test_a_note_is_kept_as_it_was_sent_and_read_by_id_and_target(context: Context) -> None:
    payload = JSONText('{"note": "fine", "score": 1.0, "extra": {"b": 1, "a": 2}}')
    given = NewFeedback(PROJECT, CALL, "wandb.note.1", payload, creator="Jane Smith")
    created = await feedback_create(context, given)
    assert created.payload == payload
    assert created.wb_user_id == "local"

    rows = await feedback_by_id(
        context, [(PROJECT, "nothing"), (PROJECT, created.id), ("team/other", created.id)], columns=EVERYTHING
    )
    assert rows[0] is None
    assert rows[2] is None
    row = rows[1]
    assert row is not None
    assert row.columns == (
        "project_slug",
        "feedback_id",
        "target_ref",
        "feedback_type",
        "payload",
        "creator",
        "runnable_ref",
        "call_ref",
        "wb_user_id",
        "created_at",
    )
    assert tuple(row) == (
        PROJECT,
        created.id,
        CALL,
        "wandb.note.1",
        payload,
        "Jane Smith",
        None,
        None,
        "local",
        created.created_at,
    )


async def test_feedback_of_a_target_comes_in_the_order_in_which_it_was_given(context: Context) -> None:
    batch = [replace(new(payload={"n": n}), id=f"id-{9 - n}") for n in range(5)]
    await feedback_create_batch(context, [*batch, replace(new(), target_ref=OTHER_CALL, id="other")])
    keys = [(PROJECT, OTHER_CALL), (PROJECT, f"weave:///{PROJECT}/call/none"), (PROJECT, CALL), (PROJECT, CALL)]
    other, none, first, again = await feedback_by_target(context, keys, columns=frozenset({"payload"}))
    assert other is not None
    assert [row.feedback_id for row in other] == ["other"]
    assert none is None
    assert first is not None
    assert [row.payload for row in first] == [f'{{"n":{n}}}' for n in range(5)]
    assert first == again


@pytest.mark.parametrize(
    ("emoji", "alias", "detoned", "detoned_alias"),
    [
        ("👍", ":thumbs_up:", "👍", ":thumbs_up:"),
        ("👍🏿", ":thumbs_up_dark_skin_tone:", "👍", ":thumbs_up:"),
        ("✌🏽", ":victory_hand_medium_skin_tone:", "✌️", ":victory_hand:"),
        ("👩🏼‍🚀", ":woman_astronaut_medium-light_skin_tone:", "👩‍🚀", ":woman_astronaut:"),
        (
            "🧑🏻‍🤝‍🧑🏾",
            ":people_holding_hands_light_skin_tone_medium-dark_skin_tone:",
            "🧑‍🤝‍🧑",
            ":people_holding_hands:",
        ),
    ],
)
def test_a_reaction_gains_names(emoji: str, alias: str, detoned: str, detoned_alias: str) -> None:
    payload = checked_payload(new("wandb.reaction.1", {"emoji": emoji}), LOCAL)
    expected = {"emoji": emoji, "alias": alias, "detoned": detoned, "detoned_alias": detoned_alias}
    assert json.loads(payload) == expected


async def test_the_names_of_a_reaction_are_stored_and_answered(context: Context) -> None:
    created = await feedback_create(context, new("wandb.reaction.1", {"emoji": "👍"}))
    assert created.payload == '{"emoji":"👍","alias":":thumbs_up:","detoned":"👍","detoned_alias":":thumbs_up:"}'
    (row,) = await feedback_by_id(context, [(PROJECT, created.id)], columns=frozenset({"payload"}))
    assert row is not None
    assert row.payload == created.payload


REFUSED: list[tuple[NewFeedback, str, list[str | int]]] = [
    (
        new("wandb.reaction.1", {"emoji": "no"}),
        "A reaction holds exactly one emoji, 'no' does not",
        ["payload", "emoji"],
    ),
    (
        new("wandb.reaction.1", {"emoji": "👍👎"}),
        "A reaction holds exactly one emoji, '👍👎' does not",
        ["payload", "emoji"],
    ),
    (
        new("wandb.reaction.1", {"emoji": 3}),
        "'emoji' in the payload of feedback of type 'wandb.reaction.1' is a string, not 3",
        ["payload", "emoji"],
    ),
    (
        new("wandb.reaction.1", {}),
        "The payload of feedback of type 'wandb.reaction.1' needs 'emoji'",
        ["payload"],
    ),
    (new("wandb.note.1", {"note": ""}), "A note has 1 to 1024 characters, not 0", ["payload", "note"]),
    (new("wandb.note.1", {"note": "x" * 1025}), "A note has 1 to 1024 characters, not 1025", ["payload", "note"]),
    (new(payload=[1]), "Feedback payload must be a JSON object, not [1]", ["payload"]),
    (
        new(payload={"x": "y" * (1 << 20)}),
        "Feedback payload too large: 1048584 bytes, at most 1048576",
        ["payload"],
    ),
    (new(""), "A feedback type cannot be empty", ["feedback_type"]),
    (
        new(id="ü" * 129),
        f"id is too long, at most 256 bytes of UTF-8: {'ü' * 60!r}...",
        ["id"],
    ),
    (
        replace(new(), target_ref="call/c1"),
        "Invalid ref 'call/c1': it must start with weave:///",
        ["target_ref"],
    ),
    (
        replace(new(), target_ref="weave-trace-internal:///p/call/c1"),
        (
            "Invalid ref 'weave-trace-internal:///p/call/c1': the scheme weave-trace-internal:/// belongs to servers; "
            "use weave:///entity/project/..."
        ),
        ["target_ref"],
    ),
    (
        replace(new(), target_ref="weave:///team/app/table/abc"),
        "Feedback is on a call or an object, 'weave:///team/app/table/abc' is neither",
        ["target_ref"],
    ),
    (replace(new(), project="team"), "Invalid project id 'team': expected 'entity/project'", ["project"]),
    (
        new("custom", annotation_ref=SCORER),
        "annotation_ref is not allowed for feedback of type 'custom'",
        ["annotation_ref"],
    ),
    (new("custom", runnable_ref=OP), "runnable_ref is not allowed for feedback of type 'custom'", ["runnable_ref"]),
    (new("custom", call_ref=CALL), "call_ref is not allowed for feedback of type 'custom'", ["call_ref"]),
    (new("custom", trigger_ref=OP), "trigger_ref is not allowed for feedback of type 'custom'", ["trigger_ref"]),
    (
        new("wandb.annotation.quality", {"value": 1}),
        "annotation_ref is required for feedback of type 'wandb.annotation.quality'",
        ["annotation_ref"],
    ),
    (
        new("wandb.annotation.quality", {"value": 1}, annotation_ref=SCORER),
        (
            "Feedback type 'wandb.annotation.quality' must end in the name that its annotation_ref has: "
            "'wandb.annotation.accuracy'"
        ),
        ["feedback_type"],
    ),
    (
        new("wandb.annotations", {"value": 1}, annotation_ref=SCORER),
        (
            "Feedback type 'wandb.annotations' must end in the name that its annotation_ref has: "
            "'wandb.annotation.accuracy'"
        ),
        ["feedback_type"],
    ),
    (
        new("wandb.annotation.accuracy", {"value": 1}, annotation_ref=OP),
        f"annotation_ref {OP!r} must name an object",
        ["annotation_ref"],
    ),
    (
        new("wandb.annotation.a", {"value": 1}, annotation_ref="weave:///team/other/object/a:d"),
        "annotation_ref 'weave:///team/other/object/a:d' is not of project 'team/app'",
        ["annotation_ref"],
    ),
    (
        new("wandb.annotation.accuracy", {"v": 1}, annotation_ref=SCORER),
        "The payload of feedback of type 'wandb.annotation.accuracy' needs 'value'",
        ["payload"],
    ),
    (
        new("wandb.runnable.accuracy", {"output": 1}),
        "runnable_ref is required for feedback of type 'wandb.runnable.accuracy'",
        ["runnable_ref"],
    ),
    (
        new("wandb.runnable.accuracy", {"output": 1}, runnable_ref=CALL),
        f"runnable_ref {CALL!r} must name an object or op",
        ["runnable_ref"],
    ),
    (
        new("wandb.runnable.accuracy", {"output": 1}, runnable_ref=OP),
        "call_ref is required for feedback of type 'wandb.runnable.accuracy'",
        ["call_ref"],
    ),
    (
        new("wandb.runnable.accuracy", {"output": 1}, runnable_ref=OP, call_ref=OP),
        f"call_ref {OP!r} must name a call",
        ["call_ref"],
    ),
    (
        new("wandb.runnable.accuracy", {}, runnable_ref=SCORER),
        "The payload of feedback of type 'wandb.runnable.accuracy' needs 'output'",
        ["payload"],
    ),
    (
        new("wandb.runnable.accuracy", {"output": 1}, runnable_ref=SCORER, trigger_ref=OP),
        f"trigger_ref {OP!r} must name an object",
        ["trigger_ref"],
    ),
    (
        new("wandb.agent_monitor", {}, runnable_ref=SCORER, call_ref=CALL),
        "trigger_ref is required for feedback of type 'wandb.agent_monitor'",
        ["trigger_ref"],
    ),
]


@pytest.mark.parametrize(("given", "message", "field"), REFUSED, ids=[message[:60] for _, message, _ in REFUSED])
def test_what_cannot_be_is_refused(given: NewFeedback, message: str, field: list[str | int]) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        checked_payload(given, LOCAL)
    assert refusal.value.message == message
    assert list(refusal.value.field) == field


async def test_what_is_refused_leaves_nothing_not_even_a_project(context: Context) -> None:
    with pytest.raises(InvalidInputError):
        await feedback_create(context, new("wandb.note.1"))
    assert await stored_ids(context) == []
    count = select(func.count(projects.c.project_id))
    assert await context.database.read(lambda connection: connection.scalar(count)) == 0


async def test_runnable_and_monitor_feedback_is_taken_with_its_refs(context: Context) -> None:
    batch = [
        new("wandb.runnable.accuracy", {"output": None}, runnable_ref=OP, call_ref=OTHER_CALL),
        new("wandb.runnable.accuracy", {"output": 0.5}, runnable_ref=SCORER),
        new("wandb.agent_monitor", {}, runnable_ref=SCORER, call_ref=CALL, trigger_ref=SCORER),
        new("custom", {"x": 1}, annotation_ref="", runnable_ref="", call_ref="", creator=""),
    ]
    results = await feedback_create_batch(context, batch)
    assert [type(result) for result in results] == [FeedbackCreated] * 4
    (rows,) = await feedback_by_target(context, [(PROJECT, CALL)], columns=EVERYTHING)
    assert rows is not None
    assert [(row.runnable_ref, row.call_ref, row.creator) for row in rows] == [
        (OP, OTHER_CALL, None),
        (SCORER, None, None),
        (SCORER, CALL, None),
        (None, None, None),
    ]


async def test_a_repeated_id_is_answered_as_the_first_time_and_a_different_content_refused(context: Context) -> None:
    given = NewFeedback(PROJECT, CALL, "custom", JSONText('{"a": 1}'), id="f1")
    first = await feedback_create(context, given)
    assert first.id == "f1"
    spelled_otherwise = replace(given, payload=JSONText('{"a":1}'))
    assert await feedback_create(context, spelled_otherwise) == first

    with pytest.raises(ConflictError) as refusal:
        await feedback_create(context, replace(given, payload=JSONText('{"a": 2}')))
    assert refusal.value.message == "Feedback 'f1' is there already, with another content"
    (row,) = await feedback_by_id(context, [(PROJECT, "f1")], columns=frozenset({"payload"}))
    assert row is not None
    assert row.payload == '{"a": 1}'

    same_batch = [replace(given, id="f2"), replace(given, id="f2"), replace(given, id="f2", creator="me")]
    results = await feedback_create_batch(context, same_batch)
    assert results[0] == results[1]
    assert isinstance(results[2], ConflictError)
    assert await stored_ids(context) == ["f1", "f2"]


async def test_an_id_is_of_its_project(context: Context) -> None:
    await feedback_create(context, new(payload={"n": 1}, id="f1"))
    await feedback_create(context, replace(new(payload={"n": 2}, id="f1"), project="team/other"))
    keys = [("team/other", "f1"), (PROJECT, "f1")]
    rows = await feedback_by_id(context, keys, columns=frozenset({"payload"}))
    assert [row and row.payload for row in rows] == ['{"n":2}', '{"n":1}']


async def test_a_batch_answers_each_item(context: Context) -> None:
    batch = [new(id="f1"), new("", id="f2"), new(id="f3")]
    first, second, third = await feedback_create_batch(context, batch)
    assert isinstance(first, FeedbackCreated)
    assert isinstance(second, InvalidInputError)
    assert isinstance(third, FeedbackCreated)
    assert third.created_at == first.created_at + 2
    assert await stored_ids(context) == ["f1", "f3"]


async def test_a_batch_that_is_all_or_nothing_writes_nothing_when_an_item_is_refused(context: Context) -> None:
    batch = [new(id="f1"), new("", id="f2")]
    first, second = await feedback_create_batch(context, batch, all_or_nothing=True)
    assert first is None
    assert isinstance(second, InvalidInputError)
    assert await stored_ids(context) == []

    await feedback_create(context, new(payload={"n": 1}, id="f1"))
    first, second = await feedback_create_batch(
        context, [new(id="f0"), new(payload={"n": 2}, id="f1")], all_or_nothing=True
    )
    assert first is None
    assert isinstance(second, ConflictError)
    assert await stored_ids(context) == ["f1"]
    assert await feedback_create_batch(context, []) == []


async def test_replacing_purges_and_gives_at_once(context: Context) -> None:
    await feedback_create(context, new(payload={"n": 1}, id="f1"))
    replaced = await feedback_replace(context, "f1", new(payload={"n": 2}))
    assert await stored_ids(context) == [replaced.id]
    kept = await feedback_replace(context, replaced.id, new(payload={"n": 3}, id=replaced.id))
    assert kept.id == replaced.id
    assert kept.payload == '{"n":3}'
    await feedback_replace(context, "unknown", new(id="f2"))
    assert await stored_ids(context) == sorted([replaced.id, "f2"])


async def test_a_replacement_that_is_refused_leaves_what_was_there(context: Context) -> None:
    await feedback_create_batch(context, [new(id="f1"), new(payload={"n": 2}, id="f2")])
    with pytest.raises(InvalidInputError):
        await feedback_replace(context, "f1", new("wandb.note.1"))
    with pytest.raises(ConflictError):
        await feedback_replace(context, "f1", new(id="f2"))
    assert await stored_ids(context) == ["f1", "f2"]


@pytest.mark.parametrize(
    ("operation", "gone"),
    [
        (equal("id", "f1"), ["f1"]),
        ({"$or": [equal("id", "f1"), equal("id", "f3")]}, ["f1", "f3"]),
        ({"$in": [{"$getField": "id"}, [{"$literal": "f2"}, {"$literal": "nothing"}]]}, ["f2"]),
        ({"$and": [equal("feedback_type", "custom"), equal("payload.n", 2)]}, ["f2"]),
        ({"$not": [equal("payload.n", 2)]}, ["f1", "f3"]),
        (equal("weave_ref", CALL), ["f1", "f2", "f3"]),
    ],
)
async def test_a_purge_deletes_what_it_selects(context: Context, operation: Any, gone: list[str]) -> None:
    batch = [new(payload={"n": n}, id=f"f{n}") for n in (1, 2, 3)]
    await feedback_create_batch(context, [*batch, replace(batch[0], project="team/other", id="elsewhere")])
    assert await feedback_purge(context, PROJECT, purge_query(operation)) == len(gone)
    assert await stored_ids(context) == sorted({"elsewhere", "f1", "f2", "f3"} - set(gone))


ONE = {"$literal": 1}
TRUE = {"$eq": [ONE, ONE]}
ID = equal("id", "x")
IDENTITY = {"$eq": [{"$getField": "id"}, {"$getField": "id"}]}


@pytest.mark.parametrize(
    ("operation", "taken"),
    [
        (TRUE, False),
        (IDENTITY, False),
        (equal("project_id", PROJECT), False),
        ({"$or": [ID, TRUE]}, False),
        ({"$or": [ID, ID]}, True),
        ({"$and": [ID, TRUE]}, True),
        ({"$and": [TRUE, IDENTITY]}, False),
        ({"$not": [TRUE]}, False),
        ({"$not": [ID]}, True),
        ({"$not": [{"$and": [ID, {"$eq": [ONE, {"$literal": 2}]}]}]}, False),
        ({"$not": [{"$or": [ID, TRUE]}]}, True),
        ({"$not": [{"$not": [{"$or": [ID, TRUE]}]}]}, False),
        ({"$not": [{"$in": [{"$getField": "id"}, []]}]}, False),
        ({"$in": [{"$getField": "id"}, []]}, True),
        ({"$in": [ONE, [ONE]]}, False),
        ({"$contains": {"input": {"$getField": "creator"}, "substr": {"$literal": ""}}}, False),
        ({"$contains": {"input": {"$getField": "creator"}, "substr": {"$literal": "x"}}}, True),
        ({"$eq": [{"$convert": {"input": {"$getField": "payload.n"}, "to": "int"}}, ONE]}, True),
        ({"$eq": [ID, {"$literal": True}]}, True),
        ({"$eq": [TRUE, {"$literal": True}]}, False),
        ({"$and": [{"$getField": "payload.n"}]}, False),
    ],
)
def test_a_purge_must_be_narrowed_by_a_field(operation: Any, *, taken: bool) -> None:
    if taken:
        check_purge(purge_query(operation), "id")
        return
    with pytest.raises(InvalidInputError, match="Refusing to purge: the query would select everything"):
        check_purge(purge_query(operation), "id")


async def test_a_purge_of_an_unknown_field_is_refused(context: Context) -> None:
    await feedback_create(context, new(id="f1"))
    with pytest.raises(InvalidInputError) as refusal:
        await feedback_purge(context, PROJECT, purge_query(equal("idd", "f1")))
    assert refusal.value.message == "unknown field 'idd'; did you mean 'id'?"
    assert await stored_ids(context) == ["f1"]


async def test_hostile_text_goes_in_and_comes_back(context: Context) -> None:
    payload = JSONText('{"a\\u0000b": "\\ud800", "n": 1e999999, "m": 1}')
    given = NewFeedback(PROJECT, CALL, "custom", payload, id="\x00\ud800%", creator="\x00 \udfff")
    created = await feedback_create(context, given)
    assert await feedback_create(context, given) == created
    (row,) = await feedback_by_id(context, [(PROJECT, created.id)], columns=EVERYTHING)
    assert row is not None
    assert (row.feedback_id, row.payload, row.creator) == (given.id, payload, given.creator)
    assert await feedback_purge(context, PROJECT, purge_query(equal("payload.m", 1))) == 1


class Stranger(Caller):
    def may_read(self, slug: str) -> bool:
        return slug == "team/other"

    def may_write(self, slug: str) -> bool:
        return slug == "team/other"


async def test_who_may_not_is_refused_and_sees_nothing(context: Context) -> None:
    await feedback_create(context, new(id="f1"))
    stranger = Context(context.database, Stranger("eve"))
    other = replace(new(id="f2"), project="team/other")
    refused, taken = await feedback_create_batch(stranger, [new(id="f3"), other])
    assert isinstance(refused, ForbiddenError)
    assert isinstance(taken, FeedbackCreated)
    assert taken.wb_user_id == "eve"
    with pytest.raises(ForbiddenError):
        await feedback_purge(stranger, PROJECT, purge_query(equal("id", "f1")))
    with pytest.raises(ForbiddenError):
        await feedback_replace(stranger, "f1", new(id="f4"))
    keys = [(PROJECT, "f1"), ("team/other", "f2")]
    rows = await feedback_by_id(stranger, keys, columns=frozenset())
    assert [row and row.feedback_id for row in rows] == [None, "f2"]
    assert await feedback_by_target(stranger, [(PROJECT, CALL)], columns=frozenset()) == [None]
    assert await stored_ids(context) == ["f1", "f2"]


ANNOTATION = f"weave:///{PROJECT}/object/quality:d"


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        ({"type": "number", "maximum": 5}, 5, None),
        ({"type": "number", "maximum": 5}, 6, "6 is greater than the maximum of 5"),
        ({"type": "string", "enum": ["a", "b"]}, "b", None),
        ({"type": "string", "enum": ["a", "b"]}, "c", '"c" is not one of "a" or "b"'),
        ({"type": "integer"}, 1.0, None),
        ({"type": "boolean"}, 1, '1 is not of type "boolean"'),
        ({"$defs": {"n": {"type": "null"}}, "$ref": "#/$defs/n"}, None, None),
        ({}, {"anything": []}, None),
    ],
)
def test_an_annotation_is_held_to_its_spec(schema: Any, value: Any, reason: str | None) -> None:
    spec, payload = dump_json({"field_schema": schema}), dump_json({"value": value})
    if reason is None:
        check_annotation(ANNOTATION, spec, payload)
        return
    with pytest.raises(InvalidInputError) as refusal:
        check_annotation(ANNOTATION, spec, payload)
    assert refusal.value.message == f"Feedback payload does not match annotation spec {ANNOTATION!r}: {reason}"
    assert refusal.value.field == ("payload", "value")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ([1], f"annotation_ref {ANNOTATION!r} names no AnnotationSpec"),
        ({"field_schema": "{}"}, f"The field_schema of {ANNOTATION!r} is not a JSON schema: it must be an object"),
        (
            {"field_schema": {"$ref": "http://127.0.0.1:9/schema"}},
            (
                f"The field_schema of {ANNOTATION!r} is not a JSON schema: Resource 'http://127.0.0.1:9/schema' is not "
                "present in a registry and retrieving it failed: Retrieval is disabled, cannot fetch "
                "http://127.0.0.1:9/schema"
            ),
        ),
    ],
)
def test_a_spec_that_is_none_is_refused_and_nothing_is_fetched_for_it(spec: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_annotation(ANNOTATION, dump_json(spec), dump_json({"value": 1}))
    assert refusal.value.message == message


async def test_an_annotation_reads_its_spec_and_refuses_a_missing_or_deleted_one(context: Context) -> None:
    spec = dump_json({"field_schema": {"type": "integer", "minimum": 1}})
    created = await object_create(context, PROJECT, "quality", spec)
    ref = f"weave:///{PROJECT}/object/quality:{created.digest}"
    missing = f"weave:///{PROJECT}/object/quality:nothing"
    annotation = new("wandb.annotation.quality", {"value": 1}, annotation_ref=ref)
    batch = [
        annotation,
        replace(annotation, payload=JSONText('{"value": 0}')),
        replace(annotation, annotation_ref=missing),
        replace(annotation, payload=JSONText('{"value": 2}')),
    ]
    first, second, third, fourth = await feedback_create_batch(context, batch)
    assert isinstance(first, FeedbackCreated)
    assert isinstance(second, InvalidInputError)
    assert second.message == f"Feedback payload does not match annotation spec {ref!r}: 0 is less than the minimum of 1"
    assert isinstance(third, NotFoundError)
    assert missing in third.message
    assert isinstance(fourth, FeedbackCreated)

    await object_delete(context, PROJECT, "quality")
    with pytest.raises(NotFoundError) as refusal:
        await feedback_create(context, annotation)
    assert refusal.value.message == f"annotation_ref {ref!r} was deleted"


def test_a_pattern_that_would_backtrack_for_ever_is_cut_off() -> None:
    spec = dump_json({"field_schema": {"type": "string", "pattern": "^(?=(a|aa)+$)(a|aa)+b$"}})
    with pytest.raises(Refusal, match="Feedback payload does not match annotation spec"):
        check_annotation(ANNOTATION, spec, dump_json({"value": "a" * 100_000}))

# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""Calls of every kind, and the threads that they belong to."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import weave
from facts import plain, refused, seen


@weave.op
def add(a: int, b: int = 2) -> int:
    return a + b


@weave.op
async def shout(text: str) -> str:
    await asyncio.sleep(0)
    return text.upper()


def collect(collected: list[Any] | None, value: Any) -> list[Any]:
    return [*(collected or []), value]


@weave.op(accumulator=collect)
def countdown(start: int) -> Iterator[int]:
    yield from range(start, 0, -1)


@weave.op(accumulator=collect)
async def letters(word: str) -> AsyncIterator[str]:
    for letter in word:
        await asyncio.sleep(0)
        yield letter


@weave.op
def fail(reason: str) -> None:
    raise ValueError(reason)


@weave.op(name="middle-step", call_display_name="the middle")
def middle(x: int) -> int:
    return add(x) + add(x, b=10)


@weave.op
def outer(x: int) -> dict[str, Any]:
    current = weave.require_current_call()
    current.summary["usage"] = {
        "gpt-4o": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12, "requests": 1}
    }
    current.summary["score"] = 0.25
    value = middle(x)
    try:
        fail("inside")
    except ValueError as error:
        return {"value": value, "caught": str(error)}
    return {"value": value}


async def spell(word: str) -> list[str]:
    return [letter async for letter in letters(word)]


def calls(client: Any) -> dict[str, Any]:
    direct = [add(1), asyncio.run(shout("héllo ✓")), list(countdown(3)), asyncio.run(spell("abc"))]
    raised = refused(lambda: fail("no such thing"))
    with weave.attributes({"env": "test", "nested": {"k": [1, None, 2.5]}}):
        result, root = outer.call(5)
    _, renamed = add.call(40, 2)
    client.flush()
    renamed.set_display_name("forty two")
    client.flush()

    written = client.get_calls(filter={"trace_ids": [root.trace_id]})
    names = {call.id: call.func_name for call in written}
    read = client.get_call(root.id)
    facts = {
        "direct": direct,
        "raised": raised,
        "all": [seen(call) for call in client.get_calls()],
        "root": seen(read) | {"usage": plain(read.summary["usage"]), "score": read.summary["score"]},
        "attributes": {key: plain(value) for key, value in read.attributes.items() if key != "weave"},
        "result": plain(result),
        "tree": [[call.func_name, names.get(call.parent_id)] for call in written],
        "children": [call.func_name for call in read.children()],
        "op_is_ref": read.op_name.startswith(f"weave:///{client.entity}/{client.project}/op/outer:"),
        "ui_url": read.ui_url == root.ui_url
        and read.ui_url.endswith(f"/{client.entity}/{client.project}/r/call/{root.id}"),
        "user": bool(read.wb_user_id) if hasattr(read, "wb_user_id") else True,
        "renamed": client.get_call(renamed.id).display_name,
    }
    renamed.remove_display_name()
    client.flush()
    facts["name_removed"] = client.get_call(renamed.id).display_name
    facts["missing"] = refused(lambda: client.get_call("0190ffff-0000-7000-8000-000000000000"))
    facts["ids"] = {"root": root.id, "trace": root.trace_id, "renamed": renamed.id}
    return facts


def threads(client: Any) -> dict[str, Any]:
    with weave.thread("conversation-1") as thread:
        _, first = outer.call(1)
        _, second = add.call(2, 3)
    _, outside = add.call(4, 5)
    client.flush()
    mine = list(client.get_calls(filter={"thread_ids": [thread.thread_id]}))
    return {
        "turns": [call.func_name for call in mine if call.turn_id == call.id],
        "calls": len(mine),
        "turn_of_children": {call.turn_id for call in mine} == {first.id, second.id},
        "by_turn": len(client.get_calls(filter={"turn_ids": [first.id]})),
        "outside": client.get_call(outside.id).thread_id,
        "ids": {"thread": thread.thread_id, "turns": [first.id, second.id]},
    }

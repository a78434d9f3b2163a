# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""Finding calls by filter, query, order and page, and deleting calls and object versions."""

import uuid
from typing import Any

import weave
from calls import add, outer
from facts import plain, refused

RUN = uuid.uuid4().hex[:8]


@weave.op
def item(index: int, label: str, group: dict[str, Any]) -> dict[str, Any]:
    if label == "bad":
        raise RuntimeError(f"item {index} is bad")
    return {"rank": index * 10, "label": label}


def field(name: str, to: str | None = None) -> dict[str, Any]:
    expression: dict[str, Any] = {"$getField": name}
    return {"$convert": {"input": expression, "to": to}} if to else expression


def literal(value: Any) -> dict[str, Any]:
    return {"$literal": value}


def queries(client: Any) -> dict[str, Any]:
    settings = weave.ref("settings:v0").get()
    labels = ("red", "Green", "blue", "bad", "100% _x")
    made = []
    with weave.attributes({"run": RUN}):
        for index in range(30):
            try:
                _, call = item.call(index, labels[index % 5], {"mod": index % 3, "settings": settings})
                made.append(call)
            except RuntimeError:
                pass
    client.flush()
    op = weave.publish(item)
    client.flush()
    only = {"op_names": [plain(op)]}

    def found(**arguments: Any) -> list[int]:
        return [call.inputs["index"] for call in client.get_calls(filter=only, **arguments)]

    def matching(expression: dict[str, Any], **arguments: Any) -> list[int]:
        return found(query={"$expr": expression}, **arguments)

    def by(name: str, direction: str) -> list[dict[str, str]]:
        return [{"field": name, "direction": direction}]

    three = list(client.get_calls(filter=only, limit=3, columns=["inputs.index", "output"]))
    expanded = next(iter(client.get_calls(filter=only, limit=1, expand_columns=["inputs.group.settings"])))
    greater = {"$gt": [field("inputs.index", "int"), literal(24)]}
    return {
        "count": len(client.get_calls(filter=only)),
        "order": found() == list(range(30)),
        "limit_offset": found(limit=4, offset=10),
        "pages": found(page_size=7, offset=3, limit=20) == list(range(3, 23)),
        "slice": [call.inputs["index"] for call in client.get_calls(filter=only)[5:8]],
        "descending": found(sort_by=by("started_at", "desc"), limit=2),
        "by_output": found(sort_by=by("output.rank", "desc"), limit=3),
        "by_label": found(sort_by=[*by("inputs.label", "asc"), *by("inputs.index", "desc")], limit=3),
        "gt": matching(greater),
        "gte": matching({"$gte": [field("inputs.index", "double"), literal(27.5)]}),
        "eq": matching({"$eq": [field("inputs.label"), literal("blue")]}),
        "in": matching({"$in": [field("inputs.label"), [literal("red"), literal("bad")]]}, limit=5),
        "contains": matching(
            {"$contains": {"input": field("inputs.label"), "substr": literal("gre"), "case_insensitive": True}}
        ),
        "percent": matching({"$contains": {"input": field("inputs.label"), "substr": literal("0% _")}}),
        "and": matching({"$and": [greater, {"$eq": [field("inputs.group.mod", "int"), literal(1)]}]}),
        "or": matching({"$or": [greater, {"$eq": [field("inputs.index", "int"), literal(0)]}]}),
        "not": matching({"$not": [{"$gt": [field("inputs.index", "int"), literal(3)]}]}),
        "errors": matching({"$eq": [field("summary.weave.status"), literal("error")]}),
        "exception": matching({"$contains": {"input": field("exception"), "substr": literal("item 8 is")}}),
        "attribute": len(client.get_calls(query={"$expr": {"$eq": [field("attributes.run"), literal(RUN)]}})),
        "by_ids": [call.inputs["index"] for call in client.get_calls(filter={"call_ids": [made[1].id, made[0].id]})],
        "roots": len(client.get_calls(filter=only | {"trace_roots_only": True})),
        "inputs_ref": len(client.get_calls(filter=only | {"input_refs": [plain(settings.ref)]})),
        "columns": [
            [plain(call.output), call.inputs["index"], call.ended_at is None, plain(call.attributes)] for call in three
        ],
        "expanded": expanded.inputs["group"]["settings"]["temperature"],
    }


def deletes(client: Any) -> dict[str, Any]:
    _, root = outer.call(9)
    _, one = add.call(1, 1)
    _, two = add.call(2, 2)
    client.flush()
    trace = {"trace_ids": [root.trace_id]}
    before = len(client.get_calls(filter=trace))
    root.delete()
    client.delete_calls([one.id, two.id, one.id])
    refs = [weave.publish({"version": number}, name="doomed") for number in range(3)]
    client.delete_object_version(refs[1])
    return {
        "tree": [before, len(client.get_calls(filter=trace))],
        "read": [refused(lambda call_id=call.id: client.get_call(call_id)) for call in (root, one, two)],
        "object": [plain(weave.ref("doomed:v0").get()), plain(weave.ref("doomed:latest").get())],
        "deleted_object": refused(lambda: weave.ref(plain(refs[1])).get()),
        "ids": {"root": root.id, "digest": refs[1].digest},
    }

# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""What people are asked to say about calls, and what they said."""

from typing import Any

import weave
from calls import add
from facts import plain, refused
from pydantic import BaseModel, Field


class Review(BaseModel):
    polite: bool
    stars: int = Field(ge=1, le=5)


def annotations(client: Any) -> dict[str, Any]:
    made = [add.call(100 + index, 0)[1] for index in range(3)]
    client.flush()
    op = client.get_call(made[0].id).op_name
    specs = {
        "mood": weave.AnnotationSpec(
            name="Mood", description="How it reads", field_schema={"type": "string", "enum": ["calm", "angry"]}
        ),
        "stars": weave.AnnotationSpec(name="Stars", field_schema=(int, Field(ge=1, le=5)), op_scope=[op]),
        "review": weave.AnnotationSpec(name="Review", field_schema=Review, unique_among_creators=True),
    }
    refs = {name: plain(weave.publish(spec, name=name)) for name, spec in specs.items()}
    client.flush()

    def say(call: Any, name: str, value: Any, creator: str | None = None) -> str:
        return call.feedback.add(f"wandb.annotation.{name}", {"value": value}, creator, annotation_ref=refs[name])

    for call, stars in zip(made, (2, 5, 4), strict=True):
        say(call, "stars", stars, "Ada")
    moods = [say(made[0], "mood", "calm", "Ada"), say(made[0], "mood", "angry", "Bob")]
    say(made[1], "review", {"polite": True, "stars": 5})
    client.flush()

    def calls(expression: dict[str, Any], **arguments: Any) -> list[Any]:
        only = {"call_ids": [call.id for call in made]}
        found = client.get_calls(filter=only, query={"$expr": expression}, **arguments)
        return [call.inputs["a"] for call in found]

    def said(name: str, path: str = "", to: str | None = None) -> dict[str, Any]:
        field: dict[str, Any] = {"$getField": f"feedback.[wandb.annotation.{name}].payload.value{path}"}
        return {"$convert": {"input": field, "to": to}} if to else field

    by_stars = "feedback.[wandb.annotation.stars].payload.value"
    read = {name: weave.ref(name).get() for name in specs}
    of_first = made[0].feedback.refresh()
    weave.publish(weave.AnnotationSpec(name="Mood", field_schema={"type": "string"}), name="mood")
    client.flush()
    facts = {
        "schemas": {name: plain(spec.field_schema) for name, spec in read.items()},
        "kinds": [type(spec).__name__ for spec in read.values()],
        "described": [read["mood"].name, read["mood"].description, read["review"].unique_among_creators],
        "scope": plain(read["stars"].op_scope) == [op],
        "valid": [
            read["stars"].value_is_valid(5),
            read["stars"].value_is_valid(6),
            read["mood"].value_is_valid("calm"),
            read["review"].value_is_valid({"polite": True}),
        ],
        "said": sorted([row.feedback_type, row.creator, row.payload["value"]] for row in of_first),
        "refs": {row.annotation_ref for row in of_first} == {refs["mood"], refs["stars"]},
        "of_a_version": sorted(
            row.payload["value"] for row in client.get_feedback() if row.annotation_ref == refs["mood"]
        ),
        "above_three": calls({"$gt": [said("stars", to="int"), {"$literal": 3}]}),
        "angry": calls({"$eq": [said("mood"), {"$literal": "angry"}]}),
        "polite": calls({"$eq": [said("review", ".stars", "int"), {"$literal": 5}]}),
        "best_first": calls(
            {"$gt": [said("stars", to="int"), {"$literal": 0}]}, sort_by=[{"field": by_stars, "direction": "desc"}]
        ),
        "versions": [
            weave.ref(refs["mood"]).get().value_is_valid("glad"),
            weave.ref("mood").get().value_is_valid("glad"),
        ],
        "without_ref": refused(lambda: made[0].feedback.add("wandb.annotation.mood", {"value": "calm"})),
        "other_type": refused(lambda: made[0].feedback.add("mood", {"value": "calm"}, annotation_ref=refs["mood"])),
    }
    made[0].feedback.purge(moods[1])
    client.flush()
    facts["after_purge"] = [len(made[0].feedback.refresh()), calls({"$eq": [said("mood"), {"$literal": "angry"}]})]
    return facts | {"ids": {"call": made[0].id, "mood": refs["mood"]}}

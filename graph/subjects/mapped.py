"""The types and fields of the subjects that a setting maps: as a user has them, by other names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from graph.connections import After, Before, Connection, First, Last
from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import ProjectPart, is_row_of
from graph.subjects.lists import SubjectFilterArgument, SubjectOrder, connect_subjects
from graph.subjects.types import SubjectFields
from resolvers.subjects.entities import USERS, MappingError, SubjectEntity
from resolvers.subjects.places import calls_of
from resolvers.subjects.read import subject_ids, subject_places, subject_row

__all__ = ["MappedType", "check_names", "mapped_type"]


@dataclass(frozen=True, slots=True)
class MappedType:
    """What a mapping adds to the schema."""

    entity: SubjectEntity
    type: Any
    fields: dict[str, list[StrawberryField]]
    """The fields that it adds to ``Call``, ``Project`` and ``Query``."""


def mapped_type(entity: SubjectEntity) -> MappedType:
    """The type of a mapping and the fields that lead to it."""
    type_ = _type(entity)
    parts = {"Call": _call_part(entity, type_), "Project": _project_part(entity, type_), "Query": _query(entity, type_)}
    fields = {name: get_object_definition(part, strict=True).fields for name, part in parts.items()}
    return MappedType(entity, type_, fields)


def check_names(schema: Any, entities: Sequence[SubjectEntity]) -> None:
    """Raise MappingError where a name that a mapping adds is taken, in ``schema`` or by another one."""
    types = set(schema._schema.type_map)  # noqa: SLF001 - graphql-core's own
    names = schema.naming.type_name
    fields = {
        owner: set(schema._schema.type_map[names(owner)].fields)  # noqa: SLF001
        for owner in ("Call", "Project", "Query", USERS.noun)
    }
    for entity in entities:
        added_types = {entity.noun, names(f"{entity.noun}Connection"), names(f"{entity.noun}Edge")}
        if taken := sorted(added_types & types):
            raise MappingError(f"{entity.noun!r} cannot be mapped: the schema has a type {taken[0]!r}")
        types |= added_types
        root = schema.naming.field_name(entity.field)
        added = [("Call", entity.field), ("Project", entity.field), ("Project", entity.list_field), ("Query", root)]
        for owner, field in added:
            if field in fields[owner]:
                raise MappingError(f"{entity.noun!r} cannot be mapped: {owner} has a field {field!r}")
            fields[owner].add(field)
        if entity.key != USERS.key and entity.key in fields[USERS.noun]:
            raise MappingError(f"{entity.noun!r} cannot be mapped: its key {entity.key!r} is another field of the type")


def _place(entity: SubjectEntity) -> str:
    """Where calls name one, as descriptions say it."""
    return (
        f"`{'.'.join((entity.subject.column, *(part.replace('.', chr(92) + '.') for part in entity.subject.parts)))}`"
    )


def _type(entity: SubjectEntity) -> Any:
    key_type: Any = strawberry.ID if entity.key_type == "ID" else str
    key = column(f"What calls have at {_place(entity)}, as text.", name=entity.key)
    namespace = {"__annotations__": {"id": key_type}, "__doc__": "A mapped subject.", "id": key}
    made = type(entity.noun, (SubjectFields,), {**namespace, "is_type_of": is_row_of(entity.noun)})
    about = (
        f"Whatever calls name at {_place(entity)}, by its text or number. Reached inside a project, it tells of that "
        f"project alone; reached by `Query.{entity.field}` or as an entity of the federation, of all projects that you "
        "may read. It is no `Node`: another subgraph may own the type, and this one adds what it knows."
    )
    return strawberry.federation.type(made, keys=[entity.key], description=about)


def _call_part(entity: SubjectEntity, type_: Any) -> type:
    async def of_call(self: Any, info: Info) -> type_ | None:
        load = context_of(info).loaders.load
        found = await load(subject_ids, (self.project_slug, self.call_id), subject=entity.subject)
        return None if found is None else subject_row(entity.subject, self.project_slug, found)

    about = f"What it names at {_place(entity)}, within this project; null where that is no text and no number."
    field = link(about, needs=("project_slug", "call_id"), name=entity.field)(of_call)
    return strawberry.type(type(f"CallOf{entity.noun}", (), {"mapped": field}))


def _project_part(entity: SubjectEntity, type_: Any) -> type:
    key_argument = _key_argument(entity)

    async def one(
        self: ProjectPart,
        info: Info,
        key: key_argument,  # type: ignore[valid-type]  # a type at run time
    ) -> type_ | None:
        return await _known(info, entity, self.slug, key)

    async def listed(
        self: ProjectPart,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: SubjectFilterArgument = None,
        order_by: SubjectOrder = None,
    ) -> Connection[type_]:
        return await connect_subjects(
            info, type_, entity.subject, self.slug, first, after, last, before, filter, order_by
        )

    about = f"One {entity.noun} by its key, within this project; null where no call of the project names it."
    about_list = f"What its calls name at {_place(entity)}, by default the one seen last first."
    fields = {
        "one": link(about, needs=("slug",), name=entity.field)(one),
        "listed": link(about_list, needs=("slug",), name=entity.list_field)(listed),
    }
    return strawberry.type(type(f"ProjectOf{entity.noun}", (), fields))


def _query(entity: SubjectEntity, type_: Any) -> type:
    key_argument = _key_argument(entity)

    async def one(
        info: Info,
        key: key_argument,  # type: ignore[valid-type]  # a type at run time
    ) -> type_ | None:
        return await _known(info, entity, None, key)

    about = f"One {entity.noun} over all projects that you may read; null where no call there names it."
    return strawberry.type(type(f"QueryOf{entity.noun}", (), {"one": link(about, name=entity.field)(one)}))


def _key_argument(entity: SubjectEntity) -> Any:
    key_type: Any = strawberry.ID if entity.key_type == "ID" else str
    about = f"`{entity.noun}.{entity.key}`."
    return Annotated[key_type, strawberry.argument(description=about, name=entity.key)]


async def _known(info: Info, entity: SubjectEntity, project: str | None, key: str) -> Any:
    """The subject, where a call that may be read names it."""
    load = context_of(info).loaders.load
    places = await load(subject_places, (project, key), find=calls_of(entity.subject))
    return subject_row(entity.subject, project, key) if places else None

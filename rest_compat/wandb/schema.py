"""A private GraphQL schema with W&B's names, beside ours.

`weave.init()` asks who the viewer is, whether the project is there, and makes it if it is not. These documents are not
ours and `project(name, entityName)` would collide with our `project(slug)`, so they run here when they do not fit our
schema.
"""

from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.projects import project_ensure, projects_by_slug

__all__ = ["Mutation", "Query", "schema"]

Info = strawberry.Info[Context, Any]


@strawberry.type
class Entity:
    """Who owns projects: a user or a team."""

    name: str


@strawberry.type
class User:
    """Whoever the API key belongs to."""

    username: str
    default_entity: Entity


@strawberry.type
class Project:
    """A project; W&B called it a model once. Ours have neither description nor repository."""

    id: strawberry.ID
    name: str
    description: str | None = None
    repo: str | None = None
    docker_image: str | None = None


@strawberry.input
class UpsertModelInput:
    """The project to make: `name` within `entityName`. The rest is taken and not kept."""

    name: str
    entity_name: str
    id: str | None = None
    description: str | None = None
    repo: str | None = None


@strawberry.type
class UpsertModelPayload:
    """The project that is there now."""

    model: Project


async def _project(info: Info, name: str | None = None, entity_name: str | None = None) -> Project | None:
    """The project of this name; None where nothing was ever written to it, or it cannot be."""
    if not name or not entity_name:
        return None
    slug = f"{entity_name}/{name}"
    [row] = await projects_by_slug(info.context, [slug])
    return None if row is None else Project(id=strawberry.ID(slug), name=name)


@strawberry.type
class Query:
    """What an SDK asks before it traces."""

    project: Project | None = strawberry.field(resolver=_project)
    model: Project | None = strawberry.field(resolver=_project)

    @strawberry.field
    def viewer(self, info: Info) -> User:
        """The caller; projects that are given without an entity belong to the one of the same name."""
        user = info.context.caller.user_id
        return User(username=user, default_entity=Entity(name=user))


@strawberry.type
class Mutation:
    """What an SDK does before it traces."""

    @strawberry.mutation
    async def upsert_model(self, info: Info, input: UpsertModelInput) -> UpsertModelPayload:  # noqa: A002 - W&B's name
        """Make the project if it is not there."""
        for what, part in (("entityName", input.entity_name), ("name", input.name)):
            if not part or "/" in part:
                raise InvalidInputError(
                    f"Invalid {what} {part!r}: it must not be empty or have a slash", ["input", what]
                )
        slug = f"{input.entity_name}/{input.name}"
        await project_ensure(info.context, slug)
        return UpsertModelPayload(model=Project(id=strawberry.ID(slug), name=input.name))


schema = strawberry.Schema(Query, Mutation)

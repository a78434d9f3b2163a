"""Refs, what they name, and their values."""

from typing import Annotated

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import Node
from graph.scalars import JSON
from resolvers.errors import InvalidInputError
from resolvers.ids import GlobalId
from resolvers.refs import CallRef, ObjectRef, parse_ref
from resolvers.refs.edges import refs_of
from resolvers.refs.read import ref_values, refs_read

__all__ = ["RefLink", "RefQueries", "RefValue", "links_of", "node_of_ref"]


@strawberry.type(description="The value that a ref points to.")
class RefValue:
    """A value at a place."""

    uri: str = column("The ref.")
    value: JSON = column("What it points to.")


@strawberry.type(description="A ref that a call or an object holds.")
class RefLink:
    """A ref and what it names."""

    uri: str = column("The ref, with the path inside what it names.")

    @link("The call, object version or table that it names; null where that is not there.")
    async def node(self, info: Info) -> Node | None:
        """By the loader of its type."""
        return await node_of_ref(info, self.uri)

    @link(
        "The value that it points to: of an object or op the value, or what stands at the path inside it, which may "
        "lead through other refs and rows of tables; null for calls and tables, and where nothing is there."
    )
    async def value(self, info: Info) -> JSON | None:
        """By a loader: a few statements for all refs of a list."""
        text: str | None = await context_of(info).loaders.load(ref_values, self.uri)
        return None if text is None else JSON(text)


def identity_of(uri: str) -> GlobalId:
    """The node that a ref names. Raises InvalidInputError naming a ref that is malformed."""
    match parse_ref(uri, ["uri"]):
        case CallRef(project, call_id):
            return GlobalId("Call", project, (call_id,))
        case ObjectRef(project, kind, object_id, digest):
            return GlobalId("ObjectVersion", project, (kind, object_id, digest))
        case table:
            return GlobalId("Table", table.project, (table.digest,))


async def node_of_ref(info: Info, uri: str) -> Node | None:
    """The node that a stored ref names; None where there is none, or the text only begins like a ref."""
    from graph.entities import load_node

    try:
        identity = identity_of(uri)
    except InvalidInputError:
        return None
    node: Node | None = await load_node(info, identity)
    return node


async def links_of(info: Info, project: str, source_kind: str, source_id: str, role: str) -> list[RefLink]:
    """The refs at one place of a source, by a loader: one statement for all sources of a list."""
    found: list[str] = await context_of(info).loaders.load(
        refs_of, (project, source_id), source_kind=source_kind, role=role
    )
    return [RefLink(uri=uri) for uri in found]


@strawberry.type
class RefQueries:
    """The part of Query about refs."""

    @strawberry.field(
        description="The values of refs to objects and ops, or to places inside them, in their order; null for what is "
        "deleted. An error where one leads nowhere."
    )
    async def refs(
        self, info: Info, uris: Annotated[list[str], strawberry.argument(description="At most 10,000 refs.")]
    ) -> list[RefValue | None]:
        """A few statements, however many refs there are."""
        values = await refs_read(context_of(info), uris)
        return [
            None if value is None else RefValue(uri=uri, value=JSON(value))
            for uri, value in zip(uris, values, strict=True)
        ]

    @strawberry.field(description="The call, object version or table that a ref names; null where it is not there.")
    async def ref(
        self, info: Info, uri: Annotated[str, strawberry.argument(description="`weave:///entity/project/...`.")]
    ) -> Node | None:
        """By the loader of its type."""
        identity_of(uri)
        return await node_of_ref(info, uri)

"""Finding nodes again: by ``node(id:)`` and ``nodes(ids:)``, and as entities of the federation, from one table."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import itemgetter
from typing import Annotated, Any

import strawberry

from db.groups import Grouping
from graph.context import Info, context_of
from graph.nodes import NODE_KEYS, Node, TracegraphNode
from graph.rows import row_columns
from resolvers.calls.read import calls_by_id
from resolvers.configurations.read import configurations_by_id
from resolvers.datapoints.read import datapoints_by_id
from resolvers.datasets.read import datasets_by_id
from resolvers.errors import InvalidInputError
from resolvers.experiments.read import experiments_by_id
from resolvers.feedback.read import feedback_by_id
from resolvers.files import files_by_digest
from resolvers.groups import SESSIONS, THREADS, TRACES, groups_by_key
from resolvers.ids import GlobalId, decode_id
from resolvers.loaders import BatchRead
from resolvers.metrics.read import metrics_by_id, versions_by_name
from resolvers.objects.kinds import ObjectKind
from resolvers.objects.lists import names_by_key
from resolvers.objects.read import objects_by_ref
from resolvers.prices.read import prices_by_id
from resolvers.projects import projects_by_slug
from resolvers.queues.items import items_by_key
from resolvers.queues.read import queues_by_id
from resolvers.refs import CallRef, ObjectRef, TableRef, parse_ref
from resolvers.subjects.entities import SubjectEntity
from resolvers.subjects.read import subject_row
from resolvers.tables.read import table_rows_by_digest, tables_by_digest

__all__ = ["ENTITIES", "Entity", "NodeQueries", "identity_of", "load_node", "resolve_entities"]

MOST_NODES = 1000

Representation = Mapping[str, Any]

Key = tuple[str, ...]
"""The project and the parts of the identity."""

Load = Callable[[Info, Sequence[Key]], Awaitable[list[Any]]]
"""Nodes of one type by a loader, in the order of their keys; None for what is not there."""


@dataclass(frozen=True, slots=True)
class Entity:
    """How nodes of one type are found."""

    load: Load

    keys: Mapping[tuple[str, ...], Callable[[Representation], GlobalId]]
    """The natural keys beside ``id``: the fields of each, and the identity they stand for."""

    width: int = 1
    """Parts of the key after the project."""


def _by_key(noun: str, read: BatchRead) -> Load:
    """By a read whose keys are the project and the parts of the identity."""

    def load(info: Info, keys: Sequence[Key]) -> Awaitable[list[Any]]:
        return context_of(info).loaders.load_all(read, keys, columns=row_columns(info, noun))

    return load


def _by_item_key(info: Info, keys: Sequence[Key]) -> Awaitable[list[Any]]:
    columns = row_columns(info, "AnnotationQueueItem")
    pairs = [(project, tuple(key)) for project, *key in keys]
    return context_of(info).loaders.load_all(items_by_key, pairs, columns=columns)


def _by_object_name(info: Info, keys: Sequence[Key]) -> Awaitable[list[Any]]:
    return context_of(info).loaders.load_all(names_by_key, keys)


def _by_slug(info: Info, keys: Sequence[Key]) -> Awaitable[list[Any]]:
    return context_of(info).loaders.load_all(projects_by_slug, [project for (project,) in keys])


def _group(grouping: Grouping) -> Load:
    def load(info: Info, keys: Sequence[Key]) -> Awaitable[list[Any]]:
        columns = row_columns(info, grouping.noun)
        return context_of(info).loaders.load_all(groups_by_key, keys, grouping=grouping, columns=columns)

    return load


def fields_key(noun: str, *names: str) -> tuple[tuple[str, ...], Callable[[Representation], GlobalId]]:
    """A natural key that is the project's slug and the parts of the identity."""
    fields = ("projectSlug", *names)
    values_of = itemgetter(*fields)

    def identify(given: Representation) -> GlobalId:
        values = values_of(given)
        return GlobalId(noun, values[0], values[1:])

    return fields, identify


def _call_of_ref(given: Representation) -> GlobalId:
    ref = parse_ref(given["ref"], ["ref"])
    if not isinstance(ref, CallRef):
        raise InvalidInputError(f"{given['ref']!r} is no ref of a call", ["ref"])
    return GlobalId("Call", ref.project, (ref.call_id,))


def _table_of_ref(given: Representation) -> GlobalId:
    ref = parse_ref(given["ref"], ["ref"])
    if not isinstance(ref, TableRef):
        raise InvalidInputError(f"{given['ref']!r} is no ref of a table", ["ref"])
    return GlobalId("Table", ref.project, (ref.digest,))


def _object_of_ref(given: Representation) -> GlobalId:
    ref = parse_ref(given["ref"], ["ref"])
    if not isinstance(ref, ObjectRef) or ref.path:
        raise InvalidInputError(f"{given['ref']!r} is no ref of an object version", ["ref"])
    return GlobalId("ObjectVersion", ref.project, (ref.kind, ref.object_id, ref.digest))


def _name_of_keys(given: Representation) -> GlobalId:
    kind = ObjectKind.__members__.get(given["kind"])
    if kind is None:
        raise InvalidInputError(f"{given['kind']!r} is no kind of object, expected OBJECT or OP", ["kind"])
    return GlobalId("VersionedObject", given["projectSlug"], (kind.value, given["objectId"]))


ENTITIES: dict[str, Entity] = {
    "Project": Entity(_by_slug, {("slug",): lambda given: GlobalId("Project", given["slug"], ())}, width=0),
    "Call": Entity(_by_key("Call", calls_by_id), dict([fields_key("Call", "callId"), (("ref",), _call_of_ref)])),
    "Feedback": Entity(_by_key("Feedback", feedback_by_id), dict([fields_key("Feedback", "feedbackId")])),
    "ObjectVersion": Entity(_by_key("ObjectVersion", objects_by_ref), {("ref",): _object_of_ref}, width=3),
    "VersionedObject": Entity(_by_object_name, {("projectSlug", "kind", "objectId"): _name_of_keys}, width=2),
    "Table": Entity(_by_key("Table", tables_by_digest), {("ref",): _table_of_ref}),
    "TableRow": Entity(_by_key("TableRow", table_rows_by_digest), dict([fields_key("TableRow", "digest")])),
    "File": Entity(_by_key("File", files_by_digest), dict([fields_key("File", "digest")])),
    "Configuration": Entity(
        _by_key("Configuration", configurations_by_id), dict([fields_key("Configuration", "configurationId")])
    ),
    "Experiment": Entity(_by_key("Experiment", experiments_by_id), dict([fields_key("Experiment", "experimentId")])),
    "AnnotationQueue": Entity(
        _by_key("AnnotationQueue", queues_by_id), dict([fields_key("AnnotationQueue", "queueId")])
    ),
    "AnnotationQueueItem": Entity(
        _by_item_key, dict([fields_key("AnnotationQueueItem", "queueId", "callId")]), width=2
    ),
    "Metric": Entity(_by_key("Metric", metrics_by_id), dict([fields_key("Metric", "metricId")])),
    "MetricVersion": Entity(
        _by_key("MetricVersion", versions_by_name), dict([fields_key("MetricVersion", "metricId", "version")]), width=2
    ),
    "Price": Entity(_by_key("Price", prices_by_id), dict([fields_key("Price", "priceId")])),
    "Dataset": Entity(_by_key("Dataset", datasets_by_id), dict([fields_key("Dataset", "datasetId")])),
    "Datapoint": Entity(_by_key("Datapoint", datapoints_by_id), dict([fields_key("Datapoint", "datapointId")])),
    "Trace": Entity(_group(TRACES), dict([fields_key("Trace", "traceId")])),
    "Session": Entity(_group(SESSIONS), dict([fields_key("Session", "sessionId")])),
    "Thread": Entity(_group(THREADS), dict([fields_key("Thread", "threadId")])),
}
"""The nodes and entities, by type name."""


async def load_node(info: Info, identity: GlobalId) -> Any:
    """The node of an identity; None where it is not there. Raises InvalidInputError for an unknown type."""
    (node,) = await _load_nodes(info, [identity])
    if isinstance(node, Exception):
        raise node
    return node


async def _load_nodes(info: Info, asked: Sequence[Any]) -> list[Any]:
    """What is asked for, with the nodes of the identities among it in their place: None where there is none, or the
    refusal, so that one bad item does not take the list with it."""
    found = list(asked)
    by_noun: defaultdict[str, tuple[list[int], list[Key]]] = defaultdict(lambda: ([], []))
    for index, each in enumerate(asked):
        if isinstance(each, GlobalId):
            noun, project, key = each
            entity = ENTITIES.get(noun)
            if entity is None or len(key) != entity.width:
                found[index] = InvalidInputError(f"No node has an id like {list(each)!r}", ["id"])
            else:
                indices, keys = by_noun[noun]
                indices.append(index)
                keys.append((project, *key))

    async def load(noun: str, indices: Sequence[int], keys: Sequence[Key]) -> None:
        for index, node in zip(indices, await ENTITIES[noun].load(info, keys), strict=True):
            found[index] = node

    if len(by_noun) == 1:
        ((noun, (indices, keys)),) = by_noun.items()
        await load(noun, indices, keys)
    else:
        await asyncio.gather(*(load(noun, *those) for noun, those in by_noun.items()))
    return found


def _or_refusals(identify: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
    """What each is identified as, or the refusal in its place."""
    found: list[Any] = []
    for each in given:
        try:
            found.append(identify(each))
        except InvalidInputError as error:
            found.append(error)
    return found


def _entity(schema: Any, representation: Any) -> Any:
    """The subject of a representation, or the identity of its node. Raises InvalidInputError for what cannot be."""
    if not isinstance(representation, dict):
        raise InvalidInputError(f"A representation must be an object, not {representation!r}")
    given = representation.get("__typename")
    if not isinstance(given, str):
        raise _unnamed(given)
    return _identifying(schema, given)(representation)


def identity_of(schema: Any, representation: Any) -> GlobalId | None:
    """The node that a representation stands for; None for a subject. Raises InvalidInputError for what cannot be."""
    found = _entity(schema, representation)
    return found if isinstance(found, GlobalId) else None


@lru_cache(maxsize=256)
def _identifying(schema: Any, given: str) -> Callable[[Representation], Any]:
    """What tells the subject, or the identity of the node, of representations of the type that is served with this
    name. Raises InvalidInputError where none is."""
    noun = schema.nouns.get(given)
    if noun is None:
        raise _unnamed(given)
    subject = schema.subjects.get(noun)
    return partial(_identity, noun, given) if subject is None else partial(_subject, subject, given)


def _unnamed(given: Any) -> InvalidInputError:
    return InvalidInputError(f"A representation must name an entity in __typename, not {given!r}")


def _subject(entity: SubjectEntity, given: str, representation: Representation) -> Any:
    """The subject of a key: it is there for whoever names it, though no call does."""
    key = representation.get(entity.key)
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise InvalidInputError(f"A representation of {given} must have a text as its {entity.key}, not {key!r}")
    return subject_row(entity.subject, None, str(key))


def _identity(noun: str, given: str, representation: Representation) -> GlobalId:
    """What a representation stands for; ``noun`` is an entity, or the interface of them all, ``given`` as sent."""
    any_node = noun == TracegraphNode.__name__
    if "id" in representation and isinstance(representation["id"], str):
        identity = decode_id(representation["id"])
        if identity.noun not in (NODE_KEYS if any_node else {noun}):
            raise InvalidInputError(f"{representation['id']!r} is the id of a {identity.noun}, not of a {given}")
        return identity
    for fields, identify in () if any_node else ENTITIES[noun].keys.items():
        for name in fields:
            if not isinstance(representation.get(name), str):
                break
        else:
            return identify(representation)
    raise InvalidInputError(f"A representation of {given} holds none of its keys: {sorted(representation)}")


async def resolve_entities(info: Info, representations: Sequence[Any]) -> list[Any]:
    """The entities of ``representations``: one read a type and project. None for each that is not there, and a refusal
    in place of each that cannot be."""
    schema: Any = info.schema
    return await _load_nodes(info, _or_refusals(partial(_entity, schema), representations))


@strawberry.type
class NodeQueries:
    """The part of Query about nodes."""

    @strawberry.field(description="A node by its opaque id; null where it is not there.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="`Node.id`.")]
    ) -> Node | None:
        """By the loader of its type."""
        node: Node | None = await load_node(info, decode_id(id))
        return node

    @strawberry.field(description="Nodes by their opaque ids, in their order; null for each that is not there.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 1,000 of `Node.id`.")],
    ) -> list[Node | None]:
        """By the loaders of their types: one read a type and project."""
        if len(ids) > MOST_NODES:
            raise InvalidInputError(f"nodes takes at most {MOST_NODES} ids, not {len(ids)}", ["ids"])
        return await _load_nodes(info, _or_refusals(decode_id, ids))

"""GraphQL over HTTP, against the generic executor, an empty handler and Phoenix's graph of the same spans."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from bench.answers import nodes
from bench.contenders import GENERIC, HANDWRITTEN, OURS, OURS_POSTGRESQL, PHOENIX
from bench.data import PROJECT, complete_calls
from bench.http import Answer, post
from bench.processes import ServerProcess
from bench.results import Result, Target
from bench.run import TREE_PROJECT, Run

__all__ = ["entities", "list_of_calls", "nested_list", "smallest", "tree", "wide"]

SCALARS = "callId traceId parentId opName displayName status startedAt endedAt latencyMs kind wbUserId createdAt"
OF_PHOENIX = (
    "spanId name statusCode statusMessage startTime endTime latencyMs parentId spanKind tokenCountTotal "
    "tokenCountPrompt tokenCountCompletion"
)
TWENTY = f"{SCALARS} sessionId threadId turnId exception attributes inputs output summary"


def document(query: str, **variables: Any) -> bytes:
    return post("/graphql", {"query": query, "variables": variables}, accept="application/json")


def good(_server: str, answer: Answer) -> bool:
    return b'"errors"' not in answer.body[:200]


def counted(items: int, mark: bytes, of_phoenix: bytes = b'"spanId"') -> Any:
    return lambda server, answer: answer.body.count(of_phoenix if server == PHOENIX else mark) == items


def phoenix_projects(server: ServerProcess) -> dict[str, str]:
    """Ids of Phoenix's projects by their names."""
    with server.connect() as connection:
        answer = connection.expect(document("{ projects { edges { node { id name } } } }"))
    return {edge["node"]["name"]: edge["node"]["id"] for edge in answer.json()["data"]["projects"]["edges"]}


def of_phoenix(run: Run, project: str, query: str, **variables: Any) -> dict[str, bytes]:
    """Phoenix's request, where it takes part."""
    if PHOENIX not in run.servers:
        return {}
    identifier = phoenix_projects(run.readable(PHOENIX))[project.partition("/")[2]]
    return {PHOENIX: document(query, id=identifier, **variables)}


def smallest(run: Run) -> Iterable[Result]:
    request = document("{ __typename }")
    requests: dict[str, Any] = dict.fromkeys((OURS, HANDWRITTEN, PHOENIX), request)
    title = "Smallest query, { __typename }; the hand-written handler does nothing but read and write JSON"
    yield from run.reads("smallest", title, requests, good, [Target(2.0, HANDWRITTEN), Target(1.0, PHOENIX)])


def list_of_calls(run: Run) -> Iterable[Result]:
    amount = min(1000, run.sizes.calls)
    query = f"query($slug: String!) {{ project(slug: $slug) {{ calls(first: {amount}) {{ nodes {{ {SCALARS} }} }} }} }}"
    requests: dict[str, Any] = dict.fromkeys((OURS, GENERIC, OURS_POSTGRESQL), document(query, slug=PROJECT))
    theirs = (
        "query($id: ID!, $first: Int!) { node(id: $id) { ... on Project { "
        f"spans(first: $first) {{ edges {{ node {{ {OF_PHOENIX} }} }} }} }} }} }}"
    )
    requests |= of_phoenix(run, PROJECT, theirs, first=amount)
    title = f"{amount:,} calls x 12 scalars"
    targets = [Target(1 / 40, PHOENIX, by_cpu=True), Target(2.0, OURS, of=OURS_POSTGRESQL)]
    yield from run.reads("list", title, requests, counted(amount, b'"callId"'), targets, seen=nodes)


def wide(run: Run) -> Iterable[Result]:
    """Twenty fields of all calls, payloads among them. The executors by themselves are in ``scenarios.executor``."""
    pages = "\n".join(
        f"p{first}: calls(first: 1000, offset: {first}) {{ nodes {{ {TWENTY} }} }}"
        for first in range(0, run.sizes.calls, 1000)
    )
    request = document(f"query($slug: String!) {{ project(slug: $slug) {{ {pages} }} }}", slug=PROJECT)
    requests = dict.fromkeys((OURS, GENERIC, OURS_POSTGRESQL), request)
    title = f"{run.sizes.calls:,} calls x 20 fields over HTTP, SQL and payloads included"
    targets = [Target(2.0, OURS, of=OURS_POSTGRESQL)]
    yield from run.reads("wide", title, requests, counted(run.sizes.calls, b'"callId"'), targets, seen=nodes)


def tree(run: Run) -> Iterable[Result]:
    amount = run.sizes.tree
    (root,) = islice(complete_calls(amount, trace=amount, project=TREE_PROJECT, seed="tree"), 1)
    query = (
        "query($slug: String!, $id: String!) { project(slug: $slug) { call(callId: $id) { "
        f"descendants(first: 1000) {{ edges {{ depth node {{ {SCALARS} }} }} }} }} }} }}"
    )
    ours = document(query, slug=TREE_PROJECT, id=root["id"])
    requests: dict[str, Any] = dict.fromkeys((OURS, GENERIC, OURS_POSTGRESQL), ours)
    theirs = (
        "query($id: ID!) { node(id: $id) { ... on Project { spans(first: 1, filterCondition: "
        '"parent_id is None") { edges { node { '
        f"descendants(first: 1000, maxDepth: 100) {{ edges {{ node {{ {OF_PHOENIX} }} }} }} }} }} }} }} }} }}"
    )
    requests |= of_phoenix(run, TREE_PROJECT, theirs)
    title = f"Tree of {amount:,} calls x 12 scalars"
    targets = [Target(1 / 40, PHOENIX, by_cpu=True), Target(2.0, OURS, of=OURS_POSTGRESQL)]
    yield from run.reads("tree", title, requests, counted(amount - 1, b'"callId"'), targets, seen=nodes)


def nested_list(run: Run) -> Iterable[Result]:
    roots = min(50, run.sizes.calls // 20)
    query = (
        "query($slug: String!) { project(slug: $slug) { "
        f"calls(first: {roots}, filter: {{traceRootsOnly: true}}) {{ nodes {{ {SCALARS} "
        f"descendants(first: 100) {{ edges {{ node {{ {SCALARS} }} }} }} }} }} }} }}"
    )
    requests: dict[str, Any] = dict.fromkeys((OURS, GENERIC, OURS_POSTGRESQL), document(query, slug=PROJECT))
    theirs = (
        "query($id: ID!, $first: Int!) { node(id: $id) { ... on Project { "
        'spans(first: $first, filterCondition: "parent_id is None") { edges { node { '
        f"{OF_PHOENIX} descendants(first: 100, maxDepth: 100) {{ edges {{ node {{ {OF_PHOENIX} }} }} }} "
        "} } } } } }"
    )
    requests |= of_phoenix(run, PROJECT, theirs, first=roots)
    title = f"Page of {roots} roots, each with its 19 descendants"
    targets = [Target(1 / 40, PHOENIX, by_cpu=True), Target(2.0, OURS, of=OURS_POSTGRESQL)]
    yield from run.reads("nested", title, requests, counted(roots * 20, b'"callId"'), targets, seen=nodes)


AS_LIST = f"{OURS}, as a list"


def entities(run: Run) -> Iterable[Result]:
    """The same calls as entities and as a list."""
    amount = min(1000, run.sizes.calls)
    keys = [
        {"__typename": "Call", "projectSlug": PROJECT, "callId": call["id"]} for call in complete_calls(run.sizes.calls)
    ][:amount]
    asked = f"query($keys: [_Any!]!) {{ _entities(representations: $keys) {{ ... on Call {{ {SCALARS} }} }} }}"
    listed = (
        f"query($slug: String!) {{ project(slug: $slug) {{ calls(first: {amount}) {{ nodes {{ {SCALARS} }} }} }} }}"
    )
    check = counted(amount, b'"callId"')
    requests: dict[str, Any] = {OURS: document(asked, keys=keys), AS_LIST: document(listed, slug=PROJECT)}
    title = f"_entities of {amount:,} calls x 12 scalars"
    yield from run.reads("entities", title, requests, check, [Target(1.3, AS_LIST)], seen=nodes)

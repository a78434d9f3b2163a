"""Call trees: recursion over ids alone. Ids come from clients, so there may be cycles, and anything may be missing."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Integer, literal, select

from db.calls.tables import calls
from db.chunks import chunked

__all__ = ["TreeNode", "descendant_ids", "select_tree"]


class TreeNode(NamedTuple):
    """A call in a tree: ``depth`` 1 is a child of the call asked about."""

    id: str
    parent_id: str
    started_at: int
    depth: int


def descendant_ids(connection: Connection, project_id: str, ids: Iterable[str]) -> set[str]:
    """Ids of all calls below ``ids`` that are not deleted; those that never started are among them.

    A level at a time: each call is visited once, whatever its parents say, and each statement has a constant
    project (a recursive statement that passes the project along is refused past one machine).
    """
    seen = set(ids)
    level = list(seen)
    below: set[str] = set()
    while level:
        found: list[str] = []
        for chunk in chunked(level):
            statement = select(calls.c.id).where(
                calls.c.project_id == project_id, calls.c.parent_id.in_(chunk), calls.c.deleted_at.is_(None)
            )
            found.extend(connection.execute(statement).scalars())
        level = [call_id for call_id in dict.fromkeys(found) if call_id not in seen]
        seen.update(level)
        below.update(found)
    return below


def select_tree(connection: Connection, project_id: str, root_id: str, *, max_depth: int, limit: int) -> list[TreeNode]:
    """Started, undeleted calls below ``root_id``, at most ``limit`` of them, breadth first, each once."""
    shown = (calls.c.project_id == project_id, calls.c.started_at.is_not(None), calls.c.deleted_at.is_(None))
    nodes: dict[str, TreeNode] = {}
    level = [root_id]
    depth = 0
    while level and depth < max_depth and len(nodes) < limit:
        depth += 1
        found: list[TreeNode] = []
        for chunk in chunked(level):
            statement = (
                select(calls.c.id, calls.c.parent_id, calls.c.started_at, literal(depth, Integer))
                .where(*shown, calls.c.parent_id.in_(chunk))
                .order_by(calls.c.started_at, calls.c.id)
                .limit(limit - len(nodes))
            )
            found.extend(TreeNode(*row) for row in connection.execute(statement))
        level = []
        for node in found:
            if node.id != root_id and node.id not in nodes and len(nodes) < limit:
                nodes[node.id] = node
                level.append(node.id)
    return list(nodes.values())

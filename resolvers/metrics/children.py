"""Composites: that their children are there, and that none has itself among them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from db.metrics import select_composites, select_metrics_by_id
from resolvers.errors import InvalidInputError
from resolvers.metrics.content import child_metrics_of
from resolvers.metrics.definition import ChildMetric, MetricDefinition

__all__ = ["check_children", "check_cycles"]


def check_children(connection: Connection, definition: MetricDefinition, place: str) -> None:
    """Raise InvalidInputError for a child whose id no metric of the project has. One that is named alone may be a
    value that calls bring along, which no metric defines."""
    children = definition.child_metrics or ()
    ids = [child.id for child in children if child.id is not None]
    found = select_metrics_by_id(connection, definition.project, [each for each in ids if each], ())
    for index, child in enumerate(children):
        if child.id is not None and child.id not in found and child.id != definition.metric_id:
            raise InvalidInputError(
                f"No metric has the id {child.id!r}, which the child {child.name!r} names",
                [place, "childMetrics", index, "metricId"],
            )


def check_cycles(connection: Connection, definition: MetricDefinition, place: str) -> None:
    """Raise InvalidInputError where the metric would be among its own children, or theirs, at any depth."""
    own = definition.metric_id
    if not definition.child_metrics or own is None:
        return
    children: dict[str, Sequence[ChildMetric]] = {}
    names: dict[str, str] = {}
    for metric_id, name, text in select_composites(connection, definition.project):
        children[metric_id] = child_metrics_of(text) or ()
        names[metric_id] = name
    children[own], names[own] = definition.child_metrics, definition.name
    ids = {name: metric_id for metric_id, name in names.items()}

    # Depth first, with the way that leads to each; a composite that was left leads to no cycle.
    left: set[str] = set()
    way = [own]
    open_ = [iter(_composites(children[own], children, ids))]
    while open_:
        below = next(open_[-1], None)
        if below is None:
            left.add(way.pop())
            open_.pop()
        elif below == own:
            shown = " > ".join(repr(names[each]) for each in [*way, own])
            raise InvalidInputError(f"A metric cannot be among its own children: {shown}", [place, "childMetrics"])
        elif below not in left and below not in way:
            way.append(below)
            open_.append(iter(_composites(children[below], children, ids)))


def _composites(children: Sequence[ChildMetric], known: Mapping[str, object], ids: Mapping[str, str]) -> Sequence[str]:
    """The ids of those of ``children`` that are composites."""
    found = (child.id if child.id is not None else ids.get(child.name) for child in children)
    return [each for each in found if each is not None and each in known]

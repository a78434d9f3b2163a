"""Which metrics are to run on calls that ended."""

import hashlib
import logging
from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from db.calls.reads import select_matching_ids
from db.changes import Change
from db.followers import set_following
from db.metric_jobs import count_pending, insert_jobs
from db.metrics import has_enabled_metrics, select_enabled_metrics
from resolvers.calls.event_filters import filters_expression
from resolvers.calls.pages import CallList
from resolvers.context import Context, now
from resolvers.errors import Refusal
from resolvers.followers import Later, Work
from resolvers.live.follow import CallChange
from resolvers.metrics.content import definition_of
from resolvers.metrics.definition import MetricDefinition, MetricType

__all__ = ["FOLLOWER", "MetricFollower", "follow_for_metrics", "is_sampled"]

log = logging.getLogger("tracegraph.metrics")

FOLLOWER = "metrics"


def follow_for_metrics(connection: Connection, project: str) -> None:
    """Follow the project as long as it has metrics that run on new calls. Call it in the transaction that changes its
    metrics, after ``db.projects.lock``."""
    set_following(connection, project, FOLLOWER, wanted=has_enabled_metrics(connection, project))


def is_sampled(metric_id: str, call_id: str, percentage: float) -> bool:
    """Whether a metric with this percentage runs on a call: the same answer always and everywhere, and calls that a
    percentage has are among those of any higher one."""
    digest = hashlib.sha256(f"{metric_id}\n{call_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") < percentage / 100 * (1 << 64)


class MetricFollower:
    """Makes the jobs; a ``resolvers.followers.Follower``. ``backlog`` is how many of a project may wait: beyond it
    calls wait where they are, in the order in which they ended, and nothing is left out."""

    name = FOLLOWER
    changes: Collection[CallChange] = (CallChange.ENDED,)

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog

    async def handle(self, context: Context, project: str, changes: Sequence[Change]) -> Work | None:
        """One statement for the metrics, and one for each that some of the calls are sampled for."""
        call_ids = [change.id for change in changes]
        jobs = await context.read(lambda connection: self._find(connection, project, call_ids))
        return (lambda connection: insert_jobs(connection, project, jobs, now())) if jobs else None

    def _find(self, connection: Connection, project: str, call_ids: Sequence[str]) -> list[tuple[str, str]]:
        if count_pending(connection, project) >= self._backlog:
            raise Later
        jobs = []
        for definition in map(definition_of, select_enabled_metrics(connection, project)):
            matching = _matching(connection, definition, call_ids)
            assert definition.metric_id is not None, "it is stored"
            jobs += [(definition.metric_id, call_id) for call_id in call_ids if call_id in matching]
        return jobs


def _matching(connection: Connection, definition: MetricDefinition, call_ids: Sequence[str]) -> set[str]:
    if definition.type is MetricType.HUMAN:
        return set()
    sampled = [
        call_id
        for call_id in call_ids
        if is_sampled(definition.metric_id or "", call_id, definition.sampling_percentage)
    ]
    try:
        expression = filters_expression(definition.filters)
        where = CallList(definition.project, query=expression).conditions()
    except Refusal as refusal:  # written by another version
        log.warning("metric %s of %s runs on nothing: %s", definition.name, definition.project, refusal.message)
        return set()
    return select_matching_ids(connection, sampled, where)

"""Metrics that are to run on calls, and those that failed.

The table stays local where others are sharded (docs/storage.md): it is a queue of this installation, read across
projects by whoever works it off. A job that is being run is due when its lease ends, so that another process takes it
over from one that is gone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    PrimaryKeyConstraint,
    Table,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)

from db.chunks import chunked
from db.metadata import Name, Time, metadata
from db.upsert import insert

__all__ = [
    "Failure",
    "Job",
    "claim_jobs",
    "count_jobs",
    "count_pending",
    "delete_jobs_of_metric",
    "end_job",
    "extend_jobs",
    "fail_job",
    "insert_jobs",
    "is_job_due",
    "metric_jobs",
    "postpone_job",
    "select_failures",
]

metric_jobs = Table(
    "metric_jobs",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("metric_id", Name, nullable=False),
    Column("call_id", Name, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    # When it is to be run, or run again; of one that failed, when it did.
    Column("due_at", Time, nullable=False),
    Column("error", Name, nullable=True),
    PrimaryKeyConstraint("project_id", "metric_id", "call_id"),
    Index(None, "failed", "due_at"),
    Index(None, "project_id", "metric_id", "failed", "due_at"),
)

c = metric_jobs.c


class Job(NamedTuple):
    """A metric that a process runs on a call; ``attempts`` counts this one, and tells it from those of others."""

    project: str
    metric_id: str
    call_id: str
    attempts: int


class Failure(NamedTuple):
    """A metric that gave no value for a call. Times are microseconds."""

    project_slug: str
    metric_id: str
    call_id: str
    attempts: int
    failed_at: int
    error: str


def insert_jobs(connection: Connection, project_id: str, jobs: Iterable[tuple[str, str]], due_at: int) -> None:
    """Add jobs, each a metric and a call; those that are there stay as they are."""
    values = [
        {
            "project_id": project_id,
            "metric_id": metric_id,
            "call_id": call_id,
            "failed": False,
            "attempts": 0,
            "due_at": due_at,
            "error": None,
        }
        for metric_id, call_id in jobs
    ]
    if values:
        key = ["project_id", "metric_id", "call_id"]
        connection.execute(insert(connection, metric_jobs).on_conflict_do_nothing(index_elements=key), values)


def count_pending(connection: Connection, project_id: str) -> int:
    """How many jobs of a project wait or run."""
    waiting = select(func.count()).where(c.project_id == project_id, c.failed.is_(False))
    return int(connection.execute(waiting).scalar_one())


def is_job_due(connection: Connection, now: int) -> bool:
    """Whether any job is to be run."""
    return connection.execute(select(c.call_id).where(*_due(now)).limit(1)).first() is not None


def claim_jobs(connection: Connection, now: int, lease_until: int, limit: int) -> list[Job]:
    """Take jobs that are due, the longest due first, so that nobody else has them until ``lease_until``."""
    # Locked rows are another process's, which is taking them. SQLite has one writer, and leaves the clause out.
    due = select(c.project_id, c.metric_id, c.call_id, c.attempts).where(*_due(now)).order_by(c.due_at).limit(limit)
    rows = connection.execute(due.with_for_update(skip_locked=True)).all()
    jobs = [Job(row[0], row[1], row[2], row[3] + 1) for row in rows]
    for job in jobs:
        connection.execute(update(metric_jobs).where(_key(job)).values(attempts=job.attempts, due_at=lease_until))
    return jobs


def extend_jobs(connection: Connection, jobs: Iterable[Job], lease_until: int) -> None:
    """Say that jobs are still being run."""
    for job in jobs:
        connection.execute(update(metric_jobs).where(_owned(job)).values(due_at=lease_until))


def postpone_job(connection: Connection, job: Job, due_at: int, *, attempts: int) -> None:
    """Give a job back, to be run again then."""
    connection.execute(update(metric_jobs).where(_owned(job)).values(attempts=attempts, due_at=due_at))


def end_job(connection: Connection, job: Job) -> bool:
    """Take a job out of the queue; False where another process has taken it over."""
    return bool(connection.execute(delete(metric_jobs).where(_owned(job))).rowcount)


def fail_job(connection: Connection, job: Job, now: int, error: str, keep: int) -> bool:
    """Note that a job failed for good; False as above. The last ``keep`` failures of a metric are kept."""
    failed = connection.execute(update(metric_jobs).where(_owned(job)).values(failed=True, due_at=now, error=error))
    of_metric = and_(c.project_id == job.project, c.metric_id == job.metric_id, c.failed.is_(True))
    newest = select(c.call_id).where(of_metric).order_by(c.due_at.desc(), c.call_id)
    old = connection.execute(newest.offset(keep).limit(100)).scalars().all()
    for chunk in chunked(old):
        connection.execute(delete(metric_jobs).where(of_metric, c.call_id.in_(chunk)))
    return bool(failed.rowcount)


def delete_jobs_of_metric(connection: Connection, project_id: str, metric_id: str) -> None:
    """Forget the jobs of a metric, failures too."""
    connection.execute(delete(metric_jobs).where(c.project_id == project_id, c.metric_id == metric_id))


def count_jobs(connection: Connection, project_id: str, metric_ids: Collection[str]) -> Mapping[str, tuple[int, int]]:
    """How many jobs of each metric wait or run, and how many failed; metrics without any are missing."""
    found: dict[str, tuple[int, int]] = {}
    failed = func.count().filter(c.failed.is_(True))
    for chunk in chunked(metric_ids):
        counts = select(c.metric_id, func.count() - failed, failed)
        rows = connection.execute(
            counts.where(c.project_id == project_id, c.metric_id.in_(chunk)).group_by(c.metric_id)
        )
        found.update((row[0], (row[1], row[2])) for row in rows)
    return found


def select_failures(
    connection: Connection, project_id: str, metric_ids: Collection[str], most: int
) -> Mapping[str, Sequence[Failure]]:
    """The last failures of each metric, the newest first; metrics without any are missing."""
    found: dict[str, list[Failure]] = {}
    place = func.row_number().over(partition_by=c.metric_id, order_by=(c.due_at.desc(), c.call_id)).label("place")
    columns = (c.project_id, c.metric_id, c.call_id, c.attempts, c.due_at, c.error)
    for chunk in chunked(metric_ids):
        failed = (
            select(*columns, place)
            .where(c.project_id == project_id, c.failed.is_(True), c.metric_id.in_(chunk))
            .subquery()
        )
        rows = connection.execute(
            select(failed).where(failed.c.place <= bindparam(None, most)).order_by(failed.c.place)
        )
        for row in rows:
            found.setdefault(row.metric_id, []).append(Failure(*row[:6]))
    return found


def _due(now: int) -> tuple[ColumnElement[bool], ...]:
    return c.failed.is_(False), c.due_at <= now


def _key(job: Job) -> ColumnElement[bool]:
    return and_(c.project_id == job.project, c.metric_id == job.metric_id, c.call_id == job.call_id)


def _owned(job: Job) -> ColumnElement[bool]:
    """The job as long as nobody took it over."""
    return and_(_key(job), c.failed.is_(False), c.attempts == job.attempts)

"""Working off the jobs of metrics."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from db.json_text import JSONText, dump_json
from db.metric_jobs import Job, claim_jobs, end_job, extend_jobs, fail_job, is_job_due, postpone_job
from db.projects import lock
from resolvers.calls.events import CallPatch
from resolvers.calls.record import write_events
from resolvers.context import Context, now
from resolvers.errors import Refusal
from resolvers.metrics.definition import MetricDefinition, MetricType
from resolvers.metrics.engines import MetricEvent, MetricResult, run_metric
from resolvers.metrics.events import metric_events
from resolvers.metrics.read import definitions_by_id

__all__ = ["KEPT_FAILURES", "LEASE_SECONDS", "MOST_ATTEMPTS", "MetricWorker"]

log = logging.getLogger("tracegraph.metrics")

LEASE_SECONDS = 30
RENEWALS = 3
"""How often a lease is renewed before it would run out."""

LOOK = 1.0  # seconds between two looks for jobs
MOST_ATTEMPTS = 3
PAUSES = (5, 60)  # seconds before the second and the third attempt
LONGEST_RUN = 900.0  # seconds
KEPT_FAILURES = 1000
"""Of each metric."""

LONGEST_ERROR = 1000  # characters


class MetricWorker:
    """Runs jobs of all projects, ``concurrency`` at a time in this process; other processes run others."""

    def __init__(self, context: Callable[[], Context], concurrency: int) -> None:
        """``context`` makes a context of the server itself, with nothing loaded."""
        self._context = context
        self._concurrency = concurrency
        self._running: dict[asyncio.Task[None], Job] = {}

    async def run(self) -> None:
        """Work until cancelled; then jobs that are not done are given back."""
        renewing = asyncio.create_task(self._renew(), name="renewing leases of metrics")
        try:
            while True:
                try:
                    await self._claim()
                except Exception as error:  # noqa: BLE001 - whatever it was, the next look may do
                    log.warning("metrics that are to run cannot be looked for: %s", error)
                await self._wait()
        finally:
            renewing.cancel()
            left = dict(self._running)
            for task in left:
                task.cancel()
            await asyncio.wait([renewing, *left])
            await self._give_back([job for task, job in left.items() if task.cancelled()])

    async def _wait(self) -> None:
        """Until there is room for a job where there was none, or for a moment."""
        if len(self._running) >= self._concurrency:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        elif self._running:
            await asyncio.wait(self._running, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(LOOK)

    async def _claim(self) -> None:
        room = self._concurrency - len(self._running)
        database = self._context().database
        if not await database.read(partial(is_job_due, now=now())):
            return
        claim = partial(claim_jobs, now=now(), lease_until=_lease_end(), limit=room)
        for job in await database.write(claim, always=True):
            task = asyncio.create_task(self._run(job), name=f"metric {job.metric_id} on {job.call_id}")
            self._running[task] = job
            task.add_done_callback(self._running.pop)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / RENEWALS)
            if self._running:
                try:
                    jobs = list(self._running.values())
                    await self._context().database.write(
                        partial(extend_jobs, jobs=jobs, lease_until=_lease_end()), always=True
                    )
                except Exception as error:  # noqa: BLE001 - the next renewal may do
                    log.warning("leases of metrics are not renewed: %s", error)

    async def _give_back(self, jobs: list[Job]) -> None:
        def write(connection: Connection) -> None:
            for job in jobs:
                postpone_job(connection, job, now(), attempts=job.attempts - 1)

        if jobs:
            await self._context().database.write(write, always=True)

    async def _run(self, job: Job) -> None:
        context = self._context()
        try:
            async with asyncio.timeout(LONGEST_RUN):
                found = await _to_run(context, job)
                result = None if found is None else await _result(context, *found)
        except TimeoutError:
            result, found = MetricResult(error=f"It takes longer than {LONGEST_RUN:g} seconds", transient=True), None
        except Exception:
            log.exception("metric %s failed on call %s of %s", job.metric_id, job.call_id, job.project)
            result, found = MetricResult(error="The server failed to run it", transient=True), None
        try:
            await context.database.write(
                partial(_finish, job=job, definition=found and found[0], result=result), always=True
            )
        except Exception:  # its lease ends, and it is run again
            log.exception("the result of metric %s on call %s is not kept", job.metric_id, job.call_id)


def _lease_end() -> int:
    return now() + LEASE_SECONDS * 1_000_000


async def _to_run(context: Context, job: Job) -> tuple[MetricDefinition, MetricEvent] | None:
    """The metric and the event; None where one of them is gone, or has changed so that there is nothing to do."""
    definition = (await definitions_by_id(context, [(job.project, job.metric_id)]))[0]
    if definition is None or not definition.enabled_in_prod or definition.type is MetricType.HUMAN:
        return None
    event = (await metric_events(context, [(job.project, job.call_id)]))[0]
    if event is None:
        return None
    values = await asyncio.to_thread(event.section, "metrics")
    # A value that the program gave itself, or that was given before this process came, counts.
    return None if values.get(definition.name) is not None else (definition, event)


async def _result(context: Context, definition: MetricDefinition, event: MetricEvent) -> MetricResult:
    try:
        return await run_metric(context, definition, event)
    except Refusal as refusal:
        return MetricResult(error=refusal.message)


def _finish(connection: Connection, job: Job, definition: MetricDefinition | None, result: MetricResult | None) -> None:
    """Take the job out of the queue and keep its result, in one transaction; or put it back."""
    at = now()
    if result is None or result.waiting:
        end_job(connection, job)
        return
    if result.error is not None and result.transient and job.attempts < MOST_ATTEMPTS:
        postpone_job(connection, job, at + PAUSES[job.attempts - 1] * 1_000_000, attempts=job.attempts)
        return
    lock(connection, job.project, at, changes=0)
    if result.error is None:
        kept = end_job(connection, job)
    else:
        kept = fail_job(connection, job, at, result.error[:LONGEST_ERROR], KEPT_FAILURES)
    if kept and definition is not None:
        write_events(connection, job.project, [_patch(definition, job.call_id, result)], {}, at)


def _patch(definition: MetricDefinition, call_id: str, result: MetricResult) -> CallPatch:
    """The value among the call's metrics, and what is said of it, as HoneyHive's SDK keeps what evaluators say; an
    error in the metadata."""
    name = definition.name
    if result.error is not None:
        newer = {"metadata": {f"metric_errors.{name}": result.error[:LONGEST_ERROR]}}
    else:
        newer = {"metrics": {name: result.value}}
        if result.explanation is not None:
            newer["metrics"][f"{name}_explanation"] = result.explanation
    texts = {section: JSONText(dump_json(values)) for section, values in newer.items()}
    return CallPatch(definition.project, call_id, newer=texts)

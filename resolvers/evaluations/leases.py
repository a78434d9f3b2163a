"""Which process runs an evaluation, and whether it still does.

A process renews its lease while it runs one. Where it is gone without a word (it was killed, the machine went down),
the evaluation has failed: at once where another process on the machine can see that it is gone, otherwise when the
lease has run out.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from pathlib import Path

from db.evaluations import EvaluationRun, delete_run, extend_run, insert_run
from resolvers.context import Context, now

__all__ = ["INTERRUPTED", "LEASE_SECONDS", "begin_run", "end_run", "is_gone", "lease_end", "renewed"]

LEASE_SECONDS = 30
RENEWALS = 3
"""How often a lease is renewed before it would run out."""

INTERRUPTED = "The evaluation was interrupted: the server that ran it stopped"


@cache
def this_process() -> str:
    """A name of this process that no other has: on Linux one that a process of the same machine can check."""
    return _linux_process("self") or f"process/{uuid.uuid4()}"


def _linux_process(pid: str) -> str | None:
    """Boot, process namespace, number and start time of a process; None where it is gone, or on another system."""
    with suppress(OSError, IndexError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = Path(f"/proc/{pid}/ns/pid").readlink().name
        # The name of the program, in brackets, may hold anything.
        number, _, rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").partition(" ")
        started = rest.rpartition(")")[2].split()[19]
        return f"linux/{boot}/{space}/{number}/{started}"
    return None


def lease_end() -> int:
    """Until when a lease goes that is given now, in microseconds."""
    return now() + LEASE_SECONDS * 1_000_000


def is_gone(run: EvaluationRun) -> bool:
    """Whether nobody runs an evaluation any more."""
    if run.lease_until < now():
        return True
    ours = this_process().split("/")
    owner = run.owner.split("/")
    if owner[0] != "linux" or owner[:3] != ours[:3]:
        return False
    return _linux_process(owner[3]) != run.owner


async def begin_run(context: Context, project: str, call_id: str, total_rows: int) -> None:
    """Note that this process runs an evaluation."""
    run = EvaluationRun(project, call_id, this_process(), total_rows, lease_end())
    await context.database.write(lambda connection: insert_run(connection, run))


async def end_run(context: Context, project: str, call_id: str) -> None:
    """Note that nobody does any more."""
    await context.database.write(lambda connection: delete_run(connection, project, call_id))


@asynccontextmanager
async def renewed(context: Context, project: str, call_id: str) -> AsyncGenerator[None, None]:
    """Renew the lease of an evaluation as long as the block runs."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / RENEWALS)
            await context.database.write(
                partial(extend_run, project_id=project, call_id=call_id, lease_until=lease_end())
            )

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])

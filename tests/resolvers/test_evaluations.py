"""Summaries of evaluations, and evaluations whose process is gone."""

import sys
from typing import Any

import anyio
import pytest

from db.evaluations import EvaluationRun, insert_run, select_run, select_runs
from db.json_text import JSONText, parse_json
from resolvers.calls.events import CallStart
from resolvers.calls.read import calls_by_id
from resolvers.calls.record import record_calls
from resolvers.context import Context, now
from resolvers.evaluations import leases
from resolvers.evaluations.run import end_interrupted
from resolvers.evaluations.status import EvaluationFailed, EvaluationRunning, evaluation_status
from resolvers.evaluations.summary import columns_of, summarize

PROJECT = "team/app"
FOREVER = 1 << 62


@pytest.mark.parametrize(
    ("values", "summary"),
    [
        ([], {}),
        ([None, None], None),
        (["a", "b"], None),
        ([True, False, None, True], {"true_count": 2, "true_fraction": 2 / 3}),
        ([1, 2.5, None], {"mean": 1.75}),
        ([1, "two", 3], {"mean": 2.0}),
        (
            [{"a": 1, "b": "x"}, {"a": 3, "c": {"d": True}}],
            {"a": {"mean": 2.0}, "c": {"d": {"true_count": 1, "true_fraction": 1.0}}},
        ),
        ([{"why": "x"}], None),
        ([{"ok": True}, {}], {"ok": {"true_count": 1, "true_fraction": 0.5}}),
        ([{"n": 4}, {}], {"n": {"mean": 4.0}}),
        ([{}, {}], None),
    ],
)
def test_summaries(values: list[Any], summary: Any) -> None:
    assert summarize(values) == summary


def test_columns_hold_the_values_that_rows_have() -> None:
    assert columns_of([{"a": 1, "b": 2}, {"a": 3}]) == {"a": [1, 3], "b": [2]}


async def begin(context: Context, call_id: str, owner: str, lease_until: int) -> None:
    op_name = f"weave:///{PROJECT}/op/Evaluation.evaluate:x"
    start = CallStart(PROJECT, call_id, "t", None, op_name, 1, JSONText("{}"), JSONText("{}"))
    await record_calls(context, [start])
    run = EvaluationRun(PROJECT, call_id, owner, 5, lease_until)
    await context.database.write(lambda connection: insert_run(connection, run))


async def test_an_evaluation_without_a_lease_has_failed(context: Context) -> None:
    await begin(context, "gone", "process/gone", now() - 1)
    await begin(context, "held", "process/held", FOREVER)
    assert await evaluation_status(context, PROJECT, "gone") == EvaluationFailed(leases.INTERRUPTED)
    assert await evaluation_status(context, PROJECT, "held") == EvaluationRunning(0, 5)
    assert await end_interrupted(context) == 1
    assert [run.call_id for run in await context.database.read(select_runs)] == ["held"]
    key = (PROJECT, "gone")
    (call,) = await calls_by_id(context, [key], columns=frozenset({"exception", "status"}))
    assert call is not None
    assert call.status == "error"
    assert parse_json(call.exception) == {"type": "Interrupted", "message": leases.INTERRUPTED, "traceback": []}
    assert await evaluation_status(context, PROJECT, "gone") == EvaluationFailed(leases.INTERRUPTED)
    assert await end_interrupted(context) == 0


async def test_a_process_of_this_machine_that_is_gone_is_noticed_before_its_lease_ends(context: Context) -> None:
    async with await anyio.open_process([sys.executable, "-c", "input()"]) as other:
        owner = leases._linux_process(str(other.pid))
        assert owner is not None
        await begin(context, "other", owner, FOREVER)
        await begin(context, "own", leases.this_process(), FOREVER)
        await begin(context, "elsewhere", owner.replace("linux/", "linux/another-"), FOREVER)
        assert await end_interrupted(context) == 0
        assert other.stdin is not None
        await other.stdin.aclose()
        await other.wait()
    assert await end_interrupted(context) == 1
    assert sorted(run.call_id for run in await context.database.read(select_runs)) == ["elsewhere", "own"]


async def test_a_lease_is_renewed_while_it_is_held(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.03)
    await leases.begin_run(context, PROJECT, "c", 5)

    async def lease() -> int:
        run = await context.database.read(lambda connection: select_run(connection, PROJECT, "c"))
        assert run is not None
        return run.lease_until

    first = await lease()
    async with leases.renewed(context, PROJECT, "c"):
        while await lease() == first:
            pass
    await leases.end_run(context, PROJECT, "c")
    assert await context.database.read(select_runs) == []

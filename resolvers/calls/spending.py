"""What calls used and cost themselves, counted once (docs/costs.md): their traces are read, as far as usage goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_

from db.calls.groupings import Grouping
from db.calls.model_usage import ModelUsage, usage_from
from db.calls.statistics import select_trace_ids, select_usage
from db.chunks import chunked
from db.prices import select_prices_by_model
from db.rows import RowSet
from resolvers.calls.rollup import own_shares
from resolvers.calls.totals import Costs, add_costs, costs_of
from resolvers.context import Context

__all__ = ["Spending", "Spent"]

PAGE = 5_000
"""Calls of one read: their ids, and what those that report usage report."""


@dataclass(slots=True)
class Spent:
    """Tokens and costs."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    costs: Costs = field(default_factory=dict)

    def merge(self, other: "Spent") -> None:
        """Add what ``other`` has."""
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.total_tokens += other.total_tokens
        add_costs(self.costs, other.costs)


Spend = Callable[[int, list[Any], Spent], None]
"""Takes when a call began, its values of what is grouped by, and what it used itself."""


class Spending:
    """What the calls that fulfil ``conditions`` used themselves.

    One trace at a time is held: the ids of its calls, and the usage that they report. What is grouped by the model goes
    to the model that was used, whatever the call names.
    """

    def __init__(
        self, project: str, grouping: Grouping, conditions: Sequence[ColumnElement[bool]], *, with_costs: bool
    ) -> None:
        self._project = project
        self._grouping = grouping
        self._model = grouping.by.index("model") if "model" in grouping.by else None
        self._conditions = conditions
        self._with_costs = with_costs
        self._prices: dict[str, RowSet] = {}
        self._known: set[str] = set()

    async def read(self, context: Context, spend: Spend) -> None:
        """Give ``spend`` what each call used, in the order of traces and ids."""
        traces = await context.read(lambda connection: select_trace_ids(connection, self._conditions))
        for chunk in chunked(sorted(traces)):
            left: Sequence[str] = chunk
            while left:
                left, begun = await context.read(partial(self._read_page, traces=left, spend=spend))
                while begun:
                    begun = await context.read(partial(self._read_on, trace=begun, spend=spend))

    def _select(
        self, connection: Connection, traces: Sequence[str], after: tuple[int, str] | None
    ) -> list[tuple[Any, ...]]:
        return select_usage(connection, self._project, traces, and_(*self._conditions), self._grouping, after, PAGE)

    def _read_page(
        self, connection: Connection, *, traces: Sequence[str], spend: Spend
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Read calls of the traces and work those traces off that are whole; returns the ones that are left, and what
        was read of the one that was begun, which is none of these."""
        rows = self._select(connection, traces, None)
        begun: list[tuple[Any, ...]] = []
        met = set()
        for trace_id, group in groupby(rows, itemgetter(0)):
            met.add(trace_id)
            trace = list(group)
            if len(rows) == PAGE and trace[-1] is rows[-1]:
                begun = trace
            else:
                self._spend_trace(connection, trace, spend)
        return [trace_id for trace_id in traces if trace_id not in met] if begun else [], begun

    def _read_on(self, connection: Connection, *, trace: list[tuple[Any, ...]], spend: Spend) -> list[tuple[Any, ...]]:
        """Read more of a trace, and work it off where it is whole then; returns what was read of it where it is not."""
        last = trace[-1]
        rows = self._select(connection, [last[0]], (last[3], last[1]))
        trace += rows
        if len(rows) == PAGE:
            return trace
        self._spend_trace(connection, trace, spend)
        return []

    def _spend_trace(self, connection: Connection, trace: Sequence[Any], spend: Spend) -> None:
        # In the order of ids: costs are added up to the last digit as ever, whatever order calls are read in.
        reporting = sorted((row for row in trace if row[4] is not None), key=itemgetter(1))
        if not any(row[5] for row in reporting):
            return
        parents = {row[1]: row[2] for row in trace}
        owned = own_shares(parents, {row[1]: usage_from(row[4]) for row in reporting})
        for _, call_id, _, started_at, _, chosen, *key in reporting:
            own = owned.get(call_id)
            if chosen and own:
                self._spend_call(connection, started_at, key, own, spend)

    def _spend_call(
        self, connection: Connection, started_at: int, key: list[Any], own: Sequence[ModelUsage], spend: Spend
    ) -> None:
        if self._with_costs:
            new = {usage.model for usage in own} - self._known
            if new:
                self._known |= new
                self._prices.update(select_prices_by_model(connection, self._project, new))
        for usage in own:
            if self._model is not None:
                key[self._model] = usage.model
            spend(started_at, key, self._spent(usage, started_at))

    def _spent(self, usage: ModelUsage, at: int) -> Spent:
        costs = costs_of(usage, at, self._prices) if self._with_costs else {}
        return Spent(usage.input_tokens, usage.output_tokens, usage.total_tokens, costs)

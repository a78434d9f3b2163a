"""What calls used and cost themselves, counted once (docs/costs.md): their traces are read, as far as usage goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_

from db.calls.groupings import Grouping
from db.calls.statistics import select_trace_ids, select_usage
from db.chunks import chunked
from db.prices import select_prices_by_model
from db.rows import RowSet
from resolvers.calls.rollup import own_shares
from resolvers.calls.totals import Costs, add_costs, costs_of
from resolvers.calls.usage import ModelUsage, usage_in
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
        self._waiting: list[Any] = []

    async def read(self, context: Context, spend: Spend) -> None:
        """Give ``spend`` what each call used, in the order of traces and ids."""
        traces = await context.read(lambda connection: select_trace_ids(connection, self._conditions))
        for chunk in chunked(sorted(traces)):
            after: tuple[str, str] | None = ("", "")
            while after is not None:
                after = await context.read(partial(self._read_page, chunk=chunk, after=after, spend=spend))

    def _read_page(
        self, connection: Connection, *, chunk: Sequence[str], after: tuple[str, str], spend: Spend
    ) -> tuple[str, str] | None:
        """Read a page and work the traces off that are whole; returns where the next page begins, None behind the
        last."""
        rows = select_usage(connection, self._project, chunk, and_(*self._conditions), self._grouping, after, PAGE)
        more = len(rows) == PAGE
        unfinished = rows[-1][0] if more else None
        for trace_id, group in groupby(self._waiting + rows, itemgetter(0)):
            trace = list(group)
            if trace_id == unfinished:
                self._waiting = trace
            else:
                self._spend_trace(connection, trace, spend)
        if not more:
            self._waiting = []
            return None
        return rows[-1][0], rows[-1][1]

    def _spend_trace(self, connection: Connection, trace: Sequence[Any], spend: Spend) -> None:
        parents = {row[1]: row[2] for row in trace}
        reporting = [row for row in trace if row[5] is not None]
        owned = own_shares(parents, {row[1]: usage_in(row[5]) for row in reporting})
        for _, call_id, _, started_at, chosen, _, *key in reporting:
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

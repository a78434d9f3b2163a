"""Which traces, sessions and threads lists hold."""

from dataclasses import replace
from typing import Any

import strawberry

from db.calls.filters import EVERY_CALL, CallFilter
from db.group_filters import GroupFilter
from db.threads import ThreadFilter
from db.traces import TraceFilter
from graph.calls.connection import filter_of
from graph.calls.filters import CallFilterInput
from graph.fields import column
from graph.scalars import BigInt, DateTime
from graph.selection import camel
from resolvers.calls.pages import LONGEST_LIST
from resolvers.calls.read import CallStatus
from resolvers.errors import InvalidInputError

__all__ = ["GroupFilterInput", "SessionFilterInput", "ThreadFilterInput", "TraceFilterInput"]


@strawberry.input(description="Which groups of calls.")
class GroupFilterInput:
    """The domain's GroupFilter."""

    started_after: DateTime | None = column("`startedAt` is at this time or later.", default=None)
    started_before: DateTime | None = column("`startedAt` is earlier than this.", default=None)
    ended_after: DateTime | None = column("`endedAt` is at this time or later; it has ended.", default=None)
    ended_before: DateTime | None = column("`endedAt` is earlier than this; it has ended.", default=None)
    min_duration_ms: float | None = column("`durationMs` is at least this; it has ended.", default=None)
    max_duration_ms: float | None = column("`durationMs` is at most this; it has ended.", default=None)
    min_call_count: BigInt | None = column("`callCount` is at least this.", default=None)
    has_errors: bool | None = column(
        "True: with a call that ended with an exception. False: without any.", default=None
    )
    statuses: list[CallStatus] | None = column(
        "`status` is one of these: of all calls, so that one that failed makes it ERROR, though a second try "
        "succeeded. For traces see `rootStatuses`.",
        default=None,
    )
    ops: list[str] | None = column("With a call of one of these ops, by `Call.opShortName`.", default=None)
    models: list[str] | None = column("With a call that used one of these models alone.", default=None)
    wb_user_ids: list[str] | None = column("With a call of one of these users, by id.", default=None)
    with_call: CallFilterInput | None = column("With a call that fulfils all of this.", default=None)

    def chosen(self) -> GroupFilter:
        """The domain's filter; raises InvalidInputError for a list that is too long."""
        return GroupFilter(**self.common(None))

    def common(self, keys: str | None, **with_calls: str) -> dict[str, Any]:
        """The fields of the domain's filter. ``keys`` names the field of ids; ``with_calls`` says by field of the input
        which field of CallFilter one call must fulfil."""
        for name, value in vars(self).items():
            if isinstance(value, list) and len(value) > LONGEST_LIST:
                message = f"{camel(name)} has {len(value)} values, at most {LONGEST_LIST} are taken"
                raise InvalidInputError(message, ["filter", camel(name)])
        named = {"ops": "ops", "models": "models", "wb_user_ids": "wb_user_ids", **with_calls}
        lists: dict[str, Any] = {name: getattr(self, field) for field, name in named.items()}
        wanted = [_narrowed(name, values) for name, values in lists.items() if values]
        if self.with_call is not None:
            wanted.append(filter_of(self.with_call))
        return {
            "keys": getattr(self, keys) if keys else None,
            "started_after": self.started_after,
            "started_before": self.started_before,
            "ended_after": self.ended_after,
            "ended_before": self.ended_before,
            "min_duration_ms": self.min_duration_ms,
            "max_duration_ms": self.max_duration_ms,
            "min_call_count": self.min_call_count,
            "has_errors": self.has_errors,
            "statuses": [status.value for status in self.statuses or ()] or None,
            "with_calls": tuple(wanted),
        }


def _narrowed(name: str, values: Any) -> CallFilter:
    narrower: dict[str, Any] = {name: tuple(values)}
    return replace(EVERY_CALL, **narrower)


_LISTS = "all fields that are set must hold, within a list any value will do. Lists hold at most 1,000 values."


@strawberry.input(description=f"Which traces: {_LISTS}")
class TraceFilterInput(GroupFilterInput):
    """The domain's TraceFilter."""

    trace_ids: list[str] | None = column("Ids of traces.", default=None)
    root_ops: list[str] | None = column("With a root of one of these ops, by `Call.opShortName`.", default=None)
    root_statuses: list[CallStatus] | None = column(
        "`rootStatus` is one of these: `[ERROR]` for traces that failed as a whole, where `statuses` also finds those "
        "that got over the error of a call.",
        default=None,
    )
    session_ids: list[str] | None = column("With a call in one of these sessions.", default=None)
    thread_ids: list[str] | None = column("With a call in one of these threads.", default=None)

    def chosen(self) -> GroupFilter:
        """The domain's filter; raises InvalidInputError for a list that is too long."""
        common = self.common("trace_ids", session_ids="session_ids", thread_ids="thread_ids")
        if self.root_ops:
            roots = CallFilter(ops=tuple(self.root_ops), is_root=True)
            common["with_calls"] = (*common["with_calls"], roots)
        return TraceFilter(**common, root_statuses=[status.value for status in self.root_statuses or ()] or None)


@strawberry.input(description=f"Which sessions: {_LISTS}")
class SessionFilterInput(GroupFilterInput):
    """The domain's GroupFilter."""

    session_ids: list[str] | None = column("Ids of sessions.", default=None)
    trace_ids: list[str] | None = column("With a call in one of these traces.", default=None)
    thread_ids: list[str] | None = column("With a call in one of these threads.", default=None)

    def chosen(self) -> GroupFilter:
        """The domain's filter; raises InvalidInputError for a list that is too long."""
        return GroupFilter(**self.common("session_ids", trace_ids="trace_ids", thread_ids="thread_ids"))


@strawberry.input(description=f"Which threads: {_LISTS}")
class ThreadFilterInput(GroupFilterInput):
    """The domain's ThreadFilter."""

    thread_ids: list[str] | None = column("Ids of threads.", default=None)
    trace_ids: list[str] | None = column("With a call in one of these traces.", default=None)
    session_ids: list[str] | None = column("With a call in one of these sessions.", default=None)
    start_time_after: DateTime | None = column("`startTime`, of its turns, is later than this.", default=None)
    updated_before: DateTime | None = column("`lastUpdated`, of its turns, is earlier than this.", default=None)
    has_ended_turns: bool = column("Only threads with a turn that has ended.", default=False)

    def chosen(self) -> GroupFilter:
        """The domain's filter; raises InvalidInputError for a list that is too long."""
        return ThreadFilter(
            **self.common("thread_ids", trace_ids="trace_ids", session_ids="session_ids"),
            start_time_after=self.start_time_after,
            updated_before=self.updated_before,
            has_ended_turns=self.has_ended_turns,
        )

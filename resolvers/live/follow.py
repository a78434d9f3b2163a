"""Following the calls or the feedback of a project."""

from collections.abc import AsyncGenerator, Collection, Hashable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sqlalchemy import ColumnElement, Connection

from db.calls.changes import CALL_CHANGES, call_changes
from db.calls.fields import call_fields
from db.calls.filters import EVERY_CALL, CallFilter, conditions
from db.changes import Changes, Kind, Position, beyond, select_changes
from db.feedback import FEEDBACK_CHANGES, feedback_changes
from db.query.compile import compile_query
from db.query.expression import Expression
from resolvers.calls.pages import check_filter
from resolvers.context import Context
from resolvers.errors import InvalidInputError, NotConfiguredError
from resolvers.live.cursors import Noun, decode_cursor
from resolvers.live.feed import Page
from resolvers.live.hub import Hub
from resolvers.queries import refusing_queries

__all__ = ["CallChange", "CallsFollowed", "FeedbackChange", "FeedbackFollowed", "follow"]

PAGE = 100
PAGE_BYTES = 1 << 20  # of payloads: what one follower at its own place may hold in memory
LONGEST_LIST = 1000


class CallChange(StrEnum):
    """What happens to a call; the values are those of ``CALL_CHANGES``, in its order."""

    STARTED = "started"
    ENDED = "ended"
    UPDATED = "updated"
    DELETED = "deleted"


class FeedbackChange(StrEnum):
    """What happens to feedback; the values are those of ``FEEDBACK_CHANGES``, in its order."""

    CREATED = "created"
    DELETED = "deleted"


assert [*CallChange] == [*CALL_CHANGES]
assert [*FeedbackChange] == [*FEEDBACK_CHANGES]


class Followed(Protocol):
    """What is followed in a project."""

    @property
    def noun(self) -> Noun: ...

    @property
    def project(self) -> str: ...

    @property
    def types(self) -> Collection[StrEnum]:
        """The kinds of change."""

    def key(self) -> Hashable:
        """Equal for what is the same."""

    def kinds(self) -> Sequence[Kind]:
        """In SQL. Raises a Refusal for what cannot be."""


@dataclass(frozen=True, slots=True)
class CallsFollowed:
    """What happens to the calls of a project that fulfil a filter and a query, as they are when it is read."""

    project: str
    filter: CallFilter = EVERY_CALL
    query: Expression | None = None
    types: Collection[CallChange] = tuple(CallChange)
    noun: Noun = "calls"

    def key(self) -> Hashable:
        # Filters and queries hold lists; their text says all that is in them.
        return self.noun, self.project, repr(self.filter), repr(self.query), frozenset(self.types)

    def kinds(self) -> Sequence[Kind]:
        check_filter(self.filter)
        where: list[ColumnElement[bool]] = conditions(self.project, self.filter)
        if self.query is not None:
            with refusing_queries("query"):
                where.append(compile_query(self.query, call_fields(self.project)))
        return call_changes(self.project, self.types, where)


@dataclass(frozen=True, slots=True)
class FeedbackFollowed:
    """What happens to the feedback of a project that is of one of the types on one of the refs; none named: of any."""

    project: str
    feedback_types: Sequence[str] | None = None
    target_refs: Sequence[str] | None = None
    types: Collection[FeedbackChange] = tuple(FeedbackChange)
    noun: Noun = "feedback"

    def key(self) -> Hashable:
        chosen = frozenset(self.feedback_types or ()), frozenset(self.target_refs or ())
        return self.noun, self.project, *chosen, frozenset(self.types)

    def kinds(self) -> Sequence[Kind]:
        for name, values in (("feedbackTypes", self.feedback_types), ("targetRefs", self.target_refs)):
            if values and len(values) > LONGEST_LIST:
                raise InvalidInputError(f"{name} has {len(values)} values; the limit is {LONGEST_LIST}", [name])
        return feedback_changes(self.project, self.types, self.feedback_types, self.target_refs)


async def follow(context: Context, followed: Followed, after: str | None) -> AsyncGenerator[Page, None]:
    """The pages of what happens from now on, or after the cursor ``after``.

    Whatever is wrong with what is asked is raised here, before there is a page.
    """
    project = followed.project
    context.caller.require_read(project)
    if not followed.types:
        raise InvalidInputError("types is empty: nothing would ever be sent", ["types"])
    position = None if after is None else decode_cursor(after, followed.noun, project)
    kinds = followed.kinds()
    hub = context.live
    if hub is None:
        raise NotConfiguredError("Subscriptions are not served here")
    head = await hub.head(project)
    if position is None:
        position = beyond(head)
    elif position.seq > head + 1:
        raise InvalidInputError(
            f"The cursor {after!r} is ahead of the project, whose last change is number {head}: it was made on another "
            "database, or this one was set back. Read anew and take a new cursor",
            ["after"],
        )
    return _pages(context, hub, followed, kinds, position)


async def _pages(
    context: Context, hub: Hub, followed: Followed, kinds: Sequence[Kind], position: Position
) -> AsyncGenerator[Page, None]:
    def read(connection: Connection, after: Position, head: int) -> Changes:
        return select_changes(connection, kinds, after, head, PAGE, PAGE_BYTES)

    async def read_page(after: Position, head: int) -> Changes:
        return await context.read(lambda connection: read(connection, after, head))

    with hub.watch(followed.project) as watch, hub.feed(followed.key(), watch, read_page) as feed:
        async with aclosing(feed.follow(position, context.caller)) as pages:
            async for page in pages:
                yield page

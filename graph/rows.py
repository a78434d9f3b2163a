"""Getting rows to the fields that give them out."""

from collections.abc import Awaitable, Hashable, Iterable
from typing import TypeVar

from graph.context import Info, context_of
from graph.selection import columns_of
from resolvers.calls.read import calls_by_id
from resolvers.loaders import BatchRead

__all__ = ["load_call", "load_row", "row_columns"]

V = TypeVar("V")


def load_row(
    info: Info, read: BatchRead, key: Hashable, type_: type | str, always: Iterable[str] = (), **parameters: Hashable
) -> Awaitable[V]:
    """What ``read`` gives for ``key``, by its loader, with the columns of ``type_`` that are selected and ``always``.

    Rows stand for their types, so what is awaited is whatever type the field declares.
    """
    columns = row_columns(info, type_, always)
    return context_of(info).loaders.load(read, key, columns=columns, **parameters)


def row_columns(info: Info, type_: type | str, always: Iterable[str] = ()) -> frozenset[str]:
    """``columns_of`` of the current field, worked out once for all rows of a list."""
    raw = info._raw_info  # noqa: SLF001 - as in graph.connections.shared_by_siblings
    same = (*raw.field_nodes, raw.variable_values, type_, always)
    return context_of(info).loaders.shared(same, lambda: columns_of(info, type_, always=always))


async def load_call(info: Info, project: str, call_id: str | None) -> V | None:
    """A call by its id, as ``load_row`` gives it; None where there is no id."""
    return None if call_id is None else await load_row(info, calls_by_id, (project, call_id), "Call")

"""What a column of results comes to, by the rules of Weave's SDK."""

from collections.abc import Sequence
from typing import Any

from db.json_text import JSONValue

__all__ = ["columns_of", "summarize"]


def columns_of(rows: Sequence[dict[str, JSONValue]]) -> dict[str, list[JSONValue]]:
    """The values of each member, over the rows that have it."""
    columns: dict[str, list[JSONValue]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns


def summarize(values: Sequence[JSONValue]) -> JSONValue:
    """Booleans to ``true_count`` and ``true_fraction``, numbers to their ``mean``, objects member by member.

    The first value that is not null decides which; None where nothing of a column can be summed up. An empty object
    stands for a row without a score: it counts in fractions, not in means.
    """
    if not values:
        return {}
    scored = [value for value in values if value != {}]
    return _summarize(scored, len(values) - len(scored))


def _summarize(values: Sequence[JSONValue], unscored: int) -> JSONValue:
    present = [value for value in values if value is not None]
    if not present:
        return None
    first = present[0]
    if isinstance(first, bool):
        true = sum(1 for value in present if value)
        return {"true_count": true, "true_fraction": true / (len(present) + unscored)}
    if isinstance(first, int | float):
        # A model is free to answer otherwise than the row before.
        numbers = [value for value in present if isinstance(value, int | float)]
        return {"mean": sum(numbers) / len(numbers)}
    if isinstance(first, dict):
        return _summarize_members([value for value in present if isinstance(value, dict)], unscored)
    return None


def _summarize_members(values: Sequence[dict[str, Any]], unscored: int) -> JSONValue:
    names = dict.fromkeys(name for value in values for name in value)
    found = {name: _summarize([value.get(name) for value in values], unscored) for name in names}
    return {name: summary for name, summary in found.items() if summary is not None} or None

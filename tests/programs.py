"""On which databases the published programs of others run: to start one takes seconds, and it sees answers alone, which
tests of every endpoint compare on both."""

import pytest

__all__ = ["on_postgresql_first", "on_sqlite_first"]


def _first(kind: str, other: str) -> pytest.MarkDecorator:
    """``database_url`` is of one kind in ``make test``, and of the other in ``.ci/run``."""
    return pytest.mark.parametrize("database_url", [kind, pytest.param(other, marks=pytest.mark.big)], indirect=True)


on_sqlite_first = _first("sqlite", "postgresql")
on_postgresql_first = _first("postgresql", "sqlite")

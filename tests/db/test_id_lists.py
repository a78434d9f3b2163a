"""Lists of ids as one bound value."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Text, literal, select

from db.engines import engine_for, parse_url
from db.id_lists import among
from db.text import encode_text

TEXTS = st.text(st.characters() | st.sampled_from('"\\{},\x00\ud800 \n'), max_size=6)
"""Surrogates and U+0000 among them."""


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = engine_for(parse_url(database_url), pool_size=1, read_only=True)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@given(st.lists(TEXTS, max_size=6), TEXTS)
@example([], "")
@example(['"', "\\"], "\\")
@example(['a","b', "c"], "a")
@example(["NULL", "null"], "NULL")
@example(["", ""], "")
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=200
)
def test_a_text_is_among_those_of_a_list(connection: Connection, ids: list[str], text: str) -> None:
    for each in {text, *ids}:
        found = connection.execute(select(literal(1)).where(among(literal(encode_text(each), Text()), ids))).all()
        assert len(found) == (each in ids)

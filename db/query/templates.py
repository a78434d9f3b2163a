"""SQL of the conversions, side by side for SQLite and PostgreSQL.

The SQL types are: text; number (any number on SQLite, ``numeric`` on PostgreSQL, see below); boolean; JSON node
(``db.query.json``). On both databases a number is an integer of 64 bits, or else a double: PostgreSQL's ``numeric``
would tell 0.1 from 0.1000000000000000055, which are one number to every client and to SQLite. A double is written
there as its shortest text, or as the integer that it is, so that ``numeric`` compares as SQLite does.
"""

from typing import Any, NamedTuple

from sqlalchemy import Boolean, ColumnElement, Dialect, Integer, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import NullType, TypeEngine, UserDefinedType

from db.query.json import SQLITE_REAL, JsonNode
from db.query.numbers import postgresql_number

__all__ = ["NUMBER", "POSTGRESQL_COMPACT", "START_CHARACTERS", "Number", "apply", "postgresql_functions"]


class Number(UserDefinedType[Any]):
    """A number bound as it compares: see the module."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        return postgresql_number if dialect.name == "postgresql" else None

    def get_col_spec(self, **_: Any) -> str:
        return "NUMERIC"


NUMBER = Number()


class _Template(NamedTuple):
    sqlite: str
    postgresql: str
    type: TypeEngine[Any]
    in_place: bool = False
    """The operand is repeated however often, as an index on the expression has no subquery."""


_MAX = "1.7976931348623157e308"
_SQLITE_LIMIT = f"BETWEEN -{_MAX} AND {_MAX}"


def _put(sql: str, **parts: str) -> str:
    """``sql`` with its places ``{name}`` filled; unlike ``str.format`` it leaves other braces alone."""
    for name, part in parts.items():
        sql = sql.replace("{" + name + "}", part)
    return sql


def _postgresql_double(value: str) -> str:
    """``numeric`` of a double."""
    return (
        f"CASE WHEN {value} >= -9223372036854775808 AND {value} < 9223372036854775808 AND {value} = trunc({value})"
        f" THEN CAST(CAST({value} AS bigint) AS numeric) ELSE CAST(CAST({value} AS text) AS numeric) END"
    )


def _postgresql_read(text: str) -> str:
    """``numeric`` of the text of a JSON number; null beyond a double."""
    number = f"CAST({text} AS numeric)"
    return (
        f"CASE WHEN {text} ~ '^-?[0-9]{{1,18}}$' THEN {number}"
        f" WHEN {text} !~ '[.eE]' AND {number} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN {number}"
        f" WHEN abs({number}) > {_MAX} THEN NULL WHEN abs({number}) < 4.94e-324 THEN 0"
        f" ELSE {_postgresql_double(f'CAST({text} AS double precision)')} END"
    )


# A text counts as a number if it is one in JSON, in at most 64 characters, with at most 3 digits of exponent.
_SQLITE_IS_NUMBER = (
    "length({t}) <= 64 AND {t} NOT GLOB '*[^-+.0-9eE]*'"
    " AND {t} NOT GLOB '*[eE]*[0-9][0-9][0-9][0-9]' AND json_valid({t})"
)
_POSTGRESQL_IS_NUMBER = "length({t}) <= 64 AND {t} ~ '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$'"
_SQLITE_NUMBER = f"CASE WHEN json_extract({{t}}, '$') {_SQLITE_LIMIT} THEN json_extract({{t}}, '$') END"
_SQLITE_TEXT_NUMBER = f"CASE WHEN {_SQLITE_IS_NUMBER} THEN {_SQLITE_NUMBER} END"
_POSTGRESQL_TEXT_NUMBER = f"CASE WHEN {_POSTGRESQL_IS_NUMBER} THEN {_postgresql_read('{t}')} END"

_SQLITE_WHOLE = (
    "CASE typeof({i}) WHEN 'integer' THEN {i} WHEN 'real' THEN"
    " CASE WHEN {i} >= -9223372036854775808.0 AND {i} < 9223372036854775808.0 THEN CAST({i} AS INTEGER) END END"
)
_POSTGRESQL_WHOLE = "CASE WHEN trunc({i}) BETWEEN -9223372036854775808 AND 9223372036854775807 THEN trunc({i}) END"
# A text is taken for an integer only if it is one: "7.5" is no way to write an integer.
_SQLITE_TEXT_INTEGER = (
    f"CASE WHEN {_SQLITE_IS_NUMBER} AND {{t}} NOT GLOB '*[^-0-9]*'"
    " THEN CASE typeof(json_extract({t}, '$')) WHEN 'integer' THEN json_extract({t}, '$') END END"
)
_POSTGRESQL_TEXT_INTEGER = (
    "CASE WHEN length({t}) <= 64 AND {t} ~ '^-?(0|[1-9][0-9]*)$' THEN"
    " CASE WHEN CAST({t} AS numeric) BETWEEN -9223372036854775808 AND 9223372036854775807"
    " THEN CAST({t} AS numeric) END END"
)
_TEXT_BOOLEAN = "CASE {t} WHEN 'true' THEN true WHEN '1' THEN true WHEN 'false' THEN false WHEN '0' THEN false END"

# ISO 8601: a date, or a date and a time, with a zone or without (then it is UTC). SQLite reads it by itself, once the
# text begins like a date: a lone number would be a day of its calendar.
_SQLITE_IS_TIME = "length({t}) <= 64 AND {t} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
_SQLITE_TIME = "CAST(round((julianday({t}) - 2440587.5) * 86400000.0) AS INTEGER)"
_POSTGRESQL_IS_TIME = (
    "length({t}) <= 64 AND {t} ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "([T ]([01][0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?( *([Zz]|[-+](0[0-9]|1[0-4]):[0-5][0-9]))?)?$'"
)
_POSTGRESQL_TIME = (
    "round((CAST(extract(epoch FROM make_timestamp(CAST(substr({t}, 1, 4) AS integer),"
    " CAST(substr({t}, 6, 2) AS integer), 1, 0, 0, 0)) AS numeric)"
    " + (CAST(substr({t}, 9, 2) AS integer) - 1) * 86400"
    " + coalesce(CAST(nullif(substr({t}, 12, 2), '') AS integer), 0) * 3600"
    " + coalesce(CAST(nullif(substr({t}, 15, 2), '') AS integer), 0) * 60"
    " + coalesce(CAST(substring({t} FROM '^.{16}:([0-9.]+)') AS numeric), 0)"
    " - coalesce(CAST(substring({t} FROM '([-+])[0-9]{2}:[0-9]{2}$') || '1' AS integer), 0)"
    " * coalesce(CAST(substring({t} FROM '[-+]([0-9]{2}):[0-9]{2}$') AS integer) * 3600"
    " + CAST(substring({t} FROM '[-+][0-9]{2}:([0-9]{2})$') AS integer) * 60, 0)) * 1000)"
)
_SQLITE_TEXT_TIME = f"CASE WHEN {_SQLITE_IS_TIME} THEN {_SQLITE_TIME} ELSE {_SQLITE_TEXT_NUMBER} END"
_POSTGRESQL_TEXT_TIME = f"CASE WHEN {_POSTGRESQL_IS_TIME} THEN {_POSTGRESQL_TIME} ELSE {_POSTGRESQL_TEXT_NUMBER} END"

# A list or object as text: without spaces between its tokens, all else as it was sent (SQLite does so by itself).
# To see that it has none takes a small part of the time that taking them out does.
POSTGRESQL_COMPACT = (
    'CASE WHEN CAST({n} AS text) ~ \'^([^" \\t]|"([^"\\\\]|\\\\.)*")*$\' THEN CAST({n} AS text)'
    " ELSE regexp_replace(CAST({n} AS text), '(\"([^\"\\\\]|\\\\.)*\")|[ \\t]+', '\\1', 'g') END"
)
START_CHARACTERS = 100
"""How much of a text an index on a path holds: an entry of PostgreSQL's has room for 2,704 bytes."""

_S = "({n} ->> '$')"
_P = "({n} #>> '{}')"
_SQLITE_TEXT_OF = f"CASE json_type({{n}}) WHEN 'text' THEN {_S} WHEN 'null' THEN NULL ELSE {{n}} END"
_POSTGRESQL_TEXT_OF = f"CASE WHEN json_typeof({{n}}) IN ('array', 'object') THEN {POSTGRESQL_COMPACT} ELSE {_P} END"
_SQLITE_NUMBER_OF = (
    f"CASE json_type({{n}}) WHEN 'integer' THEN {_put(_SQLITE_NUMBER, t='{n}')}"
    f" WHEN 'real' THEN {_put(_SQLITE_NUMBER, t='{n}')} WHEN 'true' THEN 1 WHEN 'false' THEN 0"
    f" WHEN 'text' THEN {_put(_SQLITE_TEXT_NUMBER, t=_S)} END"
)
_POSTGRESQL_NUMBER_OF = (
    f"CASE json_typeof({{n}}) WHEN 'number' THEN {_postgresql_read(_P)}"
    f" WHEN 'boolean' THEN CASE {_P} WHEN 'true' THEN 1 ELSE 0 END"
    f" WHEN 'string' THEN {_put(_POSTGRESQL_TEXT_NUMBER, t=_P)} END"
)

_TEMPLATES = {
    # JSON nodes: what is there
    "json_exists": _Template("coalesce({n} <> 'null', false)", "({n} #>> '{}') IS NOT NULL", Boolean()),
    "json_kind": _Template(
        "CASE json_type({n}) WHEN 'text' THEN 'string' WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number'"
        " WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean'"
        " WHEN 'object' THEN 'object' WHEN 'array' THEN 'array' END",
        "nullif(json_typeof({n}), 'null')",
        Text(),
    ),
    "json_length": _Template(
        "CASE json_type({n}) WHEN 'array' THEN json_array_length({n})"
        " WHEN 'object' THEN (SELECT count(*) FROM json_each({n})) END",
        "CASE json_typeof({n}) WHEN 'array' THEN json_array_length({n})"
        " WHEN 'object' THEN (SELECT count(*) FROM json_object_keys({n})) END",
        Integer(),
    ),
    # Two lists or objects are equal when these are: keys in any order, 1 and 1.0 the same.
    "json_tree": _Template(
        "CASE WHEN json_type({n}) IN ('array', 'object') THEN (SELECT group_concat(tg_r.fullkey || ' ' ||"
        " CASE WHEN tg_r.type IN ('integer', 'real') THEN 'number ' || quote(CASE WHEN tg_r.type = 'real'"
        " AND abs(tg_r.atom) < 9e18 AND tg_r.atom = CAST(tg_r.atom AS INTEGER) THEN CAST(tg_r.atom AS INTEGER)"
        " ELSE tg_r.atom END) ELSE tg_r.type || ' ' || quote(tg_r.atom) END)"
        " FROM (SELECT fullkey, type, atom FROM json_tree({n}) ORDER BY fullkey) AS tg_r) END",
        "CASE WHEN json_typeof({n}) IN ('array', 'object') THEN CAST(CAST({n} AS text) AS jsonb) END",
        NullType(),
    ),
    # JSON nodes: the value, if it is of that type
    "json_string": _Template(
        f"CASE json_type({{n}}) WHEN 'text' THEN {_S} END",
        f"CASE json_typeof({{n}}) WHEN 'string' THEN {_P} END",
        Text(),
    ),
    "json_number": _Template(
        f"CASE WHEN json_type({{n}}) IN ('integer', 'real') THEN {_put(_SQLITE_NUMBER, t='{n}')} END",
        f"CASE json_typeof({{n}}) WHEN 'number' THEN {_postgresql_read(_P)} END",
        NUMBER,
    ),
    "json_key": _Template(
        f"CASE json_type({{n}}) WHEN 'text' THEN {_S} WHEN 'integer' THEN {{n}} WHEN 'real' THEN {{n}} END",
        f"CASE WHEN json_typeof({{n}}) IN ('string', 'number') THEN {_P} END",
        Text(),
        in_place=True,
    ),
    "json_boolean": _Template(
        "CASE {n} WHEN 'true' THEN true WHEN 'false' THEN false END",
        "CASE json_typeof({n}) WHEN 'boolean' THEN CAST(CAST({n} AS text) AS boolean) END",
        Boolean(),
    ),
    # JSON nodes: the value, converted
    "json_to_text": _Template(_SQLITE_TEXT_OF, _POSTGRESQL_TEXT_OF, Text()),
    # The same with the spaces between tokens: for searches that they make no difference to.
    "json_to_sent_text": _Template(
        f"CASE json_type({{n}}) WHEN 'text' THEN {_S} WHEN 'null' THEN NULL ELSE {{n}} END", _P, Text()
    ),
    "json_to_number": _Template(_SQLITE_NUMBER_OF, _POSTGRESQL_NUMBER_OF, NUMBER),
    "json_to_integer": _Template(
        f"CASE json_type({{n}}) WHEN 'integer' THEN {_put(_SQLITE_WHOLE, i=_S)}"
        f" WHEN 'real' THEN {_put(_SQLITE_WHOLE, i=_S)} WHEN 'true' THEN 1 WHEN 'false' THEN 0"
        f" WHEN 'text' THEN {_put(_SQLITE_TEXT_INTEGER, t=_S)} END",
        "CASE json_typeof({n}) WHEN 'number' THEN"
        f" {_put(_POSTGRESQL_WHOLE, i='(' + _postgresql_read(_P) + ')')}"
        f" WHEN 'boolean' THEN CASE {_P} WHEN 'true' THEN 1 ELSE 0 END"
        f" WHEN 'string' THEN {_put(_POSTGRESQL_TEXT_INTEGER, t=_P)} END",
        NUMBER,
    ),
    "json_to_boolean": _Template(
        f"CASE json_type({{n}}) WHEN 'true' THEN true WHEN 'false' THEN false"
        f" WHEN 'integer' THEN CASE {_S} WHEN 1 THEN true WHEN 0 THEN false END"
        f" WHEN 'real' THEN CASE {_S} WHEN 1 THEN true WHEN 0 THEN false END"
        f" WHEN 'text' THEN {_put(_TEXT_BOOLEAN, t=_S)} END",
        f"CASE json_typeof({{n}}) WHEN 'boolean' THEN {_put(_TEXT_BOOLEAN, t=_P)}"
        f" WHEN 'number' THEN CASE {_postgresql_read(_P)} WHEN 1 THEN true WHEN 0 THEN false END"
        f" WHEN 'string' THEN {_put(_TEXT_BOOLEAN, t=_P)} END",
        Boolean(),
    ),
    "json_to_milliseconds": _Template(
        f"CASE json_type({{n}}) WHEN 'integer' THEN {_put(_SQLITE_NUMBER, t='{n}')}"
        f" WHEN 'real' THEN {_put(_SQLITE_NUMBER, t='{n}')} WHEN 'text' THEN {_put(_SQLITE_TEXT_TIME, t=_S)} END",
        f"CASE json_typeof({{n}}) WHEN 'number' THEN {_postgresql_read(_P)}"
        f" WHEN 'string' THEN {_put(_POSTGRESQL_TEXT_TIME, t=_P)} END",
        NUMBER,
    ),
    # Text, numbers, booleans, times
    "text_to_milliseconds": _Template(_put(_SQLITE_TEXT_TIME, t="{n}"), _put(_POSTGRESQL_TEXT_TIME, t="{n}"), NUMBER),
    "time_to_milliseconds": _Template(
        "({n} / 1000.0)", _postgresql_double("(CAST({n} AS double precision) / 1000)"), NUMBER
    ),
    # A column as a JSON node
    "integer_to_json": _Template("CAST({n} AS TEXT)", "to_json({n})", NullType()),
    "text_to_json": _Template("json_quote({n})", "to_json({n})", NullType()),
    "text_to_number": _Template(_put(_SQLITE_TEXT_NUMBER, t="{n}"), _put(_POSTGRESQL_TEXT_NUMBER, t="{n}"), NUMBER),
    "text_to_integer": _Template(_put(_SQLITE_TEXT_INTEGER, t="{n}"), _put(_POSTGRESQL_TEXT_INTEGER, t="{n}"), NUMBER),
    "text_to_boolean": _Template(_put(_TEXT_BOOLEAN, t="{n}"), _put(_TEXT_BOOLEAN, t="{n}"), Boolean()),
    "number_to_double": _Template("CAST({n} AS REAL)", _postgresql_double("CAST({n} AS double precision)"), NUMBER),
    "number_to_integer": _Template(_put(_SQLITE_WHOLE, i="{n}"), _put(_POSTGRESQL_WHOLE, i="{n}"), NUMBER),
    "number_to_text": _Template(
        "CASE WHEN {n} IS NULL THEN NULL WHEN typeof({n}) = 'integer' THEN CAST({n} AS TEXT)"
        " WHEN {n} >= -9223372036854775808.0 AND {n} < 9223372036854775808.0 AND {n} = CAST({n} AS INTEGER)"
        f" THEN CAST(CAST({{n}} AS INTEGER) AS TEXT) ELSE {SQLITE_REAL} END",
        "CASE WHEN {n} = trunc({n}) AND {n} BETWEEN -9223372036854775808 AND 9223372036854775807"
        " THEN CAST(CAST({n} AS bigint) AS text) ELSE CAST(CAST({n} AS double precision) AS text) END",
        Text(),
    ),
    "number_to_boolean": _Template(
        "CASE {n} WHEN 1 THEN true WHEN 0 THEN false END", "CASE {n} WHEN 1 THEN true WHEN 0 THEN false END", Boolean()
    ),
    "boolean_to_number": _Template("CAST({n} AS INTEGER)", "CAST(CAST({n} AS integer) AS numeric)", NUMBER),
    "boolean_to_text": _Template("CASE {n} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END", "CAST({n} AS text)", Text()),
    "time_to_number": _Template(
        "({n} / 1000000.0)", _postgresql_double("(CAST({n} AS double precision) / 1000000)"), NUMBER
    ),
    "time_to_text": _Template(
        "strftime('%Y-%m-%dT%H:%M:%S', ({n} - (({n} % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch')"
        " || printf('.%06dZ', (({n} % 1000000) + 1000000) % 1000000)",
        "to_char(timestamp 'epoch' + {n} * interval '1 microsecond', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        Text(),
    ),
    # Columns of the database as the types above
    "integer": _Template("{n}", "CAST({n} AS numeric)", NUMBER),
    "float": _Template("{n}", _postgresql_double("{n}"), NUMBER),
    # What an index on a path holds (db.query.path_keys); PostgreSQL's functions take the node, so that it is read once.
    "json_number_key": _Template(_SQLITE_NUMBER_OF, "tg_json_number({n})", NUMBER, in_place=True),
    "json_start": _Template(
        f"substr({_SQLITE_TEXT_OF}, 1, {START_CHARACTERS})", '(tg_json_start({n}) COLLATE "C")', Text(), in_place=True
    ),
    # Text as it is compared: by code point
    "ordered": _Template("{n}", '({n} COLLATE "C")', Text()),
    "prefix": _Template("substr({n}, 1, 500)", '(substr({n}, 1, 500) COLLATE "C")', Text()),
    "folded": _Template("lower({n})", 'lower({n} COLLATE "C")', Text()),
}


def postgresql_functions() -> list[str]:
    """The statements that make the functions of the templates."""
    bodies = {
        "tg_json_number": ("numeric", _POSTGRESQL_NUMBER_OF),
        "tg_json_start": ("text", f"substr({_POSTGRESQL_TEXT_OF}, 1, {START_CHARACTERS})"),
    }
    return [
        f"CREATE OR REPLACE FUNCTION {name}(n json) RETURNS {returned} LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE"
        f" AS $tg$ BEGIN RETURN {_put(body, n='n')}; END $tg$"
        for name, (returned, body) in bodies.items()
    ]


class _Applied(FunctionElement[Any]):
    """A template with its operand in the place of ``{n}``."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012  # SQLAlchemy declares it so
        *FunctionElement._traverse_internals,  # noqa: SLF001  # documented for elements with state of their own
        ("template", InternalTraversal.dp_string),
    ]

    def __init__(self, template: str, operand: ColumnElement[Any]) -> None:
        super().__init__(operand)
        self.template = template
        self.type = _TEMPLATES[template].type


def apply(template: str, operand: ColumnElement[Any]) -> ColumnElement[Any]:
    """``operand`` put through the template of that name, on the database at hand."""
    return _Applied(template, operand)


_REPEATED = 2
"""Occurrences of the operand up to which it is repeated in place of computed once."""


def _compile(template: _Template, sql: str, operand: str, most: int = _REPEATED) -> str:
    if template.in_place or sql.count("{n}") <= most:
        return f"({_put(sql, n=operand)})"
    # Computed once: the operand may be another conversion. OFFSET keeps both planners from putting it back in place.
    return f"(SELECT {_put(sql, n='tg_v.n')} FROM (SELECT {operand} AS n LIMIT 1 OFFSET 0) AS tg_v)"


@compiles(_Applied, "sqlite")
def _sqlite(element: _Applied, compiler: SQLCompiler, **kw: Any) -> str:
    template = _TEMPLATES[element.template]
    return _compile(template, template.sqlite, compiler.process(element.clauses, **kw))


@compiles(_Applied, "postgresql")
def _postgresql(element: _Applied, compiler: SQLCompiler, **kw: Any) -> str:
    template = _TEMPLATES[element.template]
    (operand,) = element.clauses
    # SQLite remembers a document that it has read; PostgreSQL reads it for each node anew.
    most = 1 if isinstance(operand, JsonNode) else _REPEATED
    return _compile(template, template.postgresql, compiler.process(element.clauses, **kw), most)

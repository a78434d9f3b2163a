"""Substrings: ``$contains``, with and without regard to case.

SQLite folds ASCII only. A substring that is known and has other letters is therefore made into a pattern whose every
letter stands for its upper and lower case: both databases can match that, and fold alike.
"""

import json
import re
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType

from db.query.expression import Path, QueryError
from db.query.templates import apply
from db.text import encode_text

__all__ = ["contains", "contains_constant", "escaped_forms", "spans_tokens"]

MAX_PATTERN = 2_000
"""Characters of a substring that is matched as a pattern; SQLite takes patterns up to 50,000 bytes."""


class _Position(FunctionElement[bool]):
    """Whether the first text has the second in it; null if one is null."""

    inherit_cache = True
    type = Boolean()


@compiles(_Position, "sqlite")
def _sqlite_position(element: _Position, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(instr({compiler.process(element.clauses, **kw)}) > 0)"


@compiles(_Position, "postgresql")
def _postgresql_position(element: _Position, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(strpos({compiler.process(element.clauses, **kw)}) > 0)"


class _Matches(FunctionElement[bool]):
    """Whether the first text matches the pattern that the second is bound as."""

    inherit_cache = True
    type = Boolean()


@compiles(_Matches, "sqlite")
def _sqlite_matches(element: _Matches, compiler: SQLCompiler, **kw: Any) -> str:
    text, pattern = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({text} GLOB {pattern})"


@compiles(_Matches, "postgresql")
def _postgresql_matches(element: _Matches, compiler: SQLCompiler, **kw: Any) -> str:
    text, pattern = (compiler.process(clause, **kw) for clause in element.clauses)
    return f'({text} COLLATE "C" ~ {pattern})'


class _FoldedPattern(UserDefinedType[str]):
    """Binds a substring as the pattern that finds it in any case: GLOB on SQLite, a regular expression elsewhere."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        return _regular_expression if dialect.name == "postgresql" else _glob

    def get_col_spec(self, **_: Any) -> str:
        return "TEXT"


def _cases(character: str) -> list[str]:
    """The character and its other cases, where these are one character."""
    cases = (character, character.lower(), character.upper(), character.title())
    return [case for case in dict.fromkeys(cases) if len(case) == 1]


def _glob(substring: str) -> str:
    return (
        "*"
        + "".join(
            f"[{''.join(cases)}]" if len(cases) > 1 or cases[0] in "*?[" else cases[0]
            for cases in map(_cases, substring)
        )
        + "*"
    )


def _regular_expression(substring: str) -> str:
    return "".join(
        f"[{''.join(cases)}]"
        if len(cases) > 1
        else re.sub(r"([^\w\s])", r"\\\1", cases[0], flags=re.ASCII)
        if cases[0].isascii()
        else cases[0]
        for cases in map(_cases, substring)
    )


def contains(text: ColumnElement[Any], substring: ColumnElement[Any], *, folded: bool) -> ColumnElement[bool]:
    """Whether ``text`` has ``substring`` in it. ``folded`` disregards the case of ASCII letters."""
    if folded:
        text, substring = apply("folded", text), apply("folded", substring)
    return _Position(text, substring)


def contains_constant(text: ColumnElement[Any], substring: str, at: Path, *, folded: bool) -> ColumnElement[bool]:
    """Whether ``text`` has the known ``substring`` in it. ``folded`` disregards the case of all letters.

    Raises ``QueryError`` for a substring too long to be folded.
    """
    stored = encode_text(substring)
    if not folded or stored.isascii():
        needle = literal(stored.lower() if folded else stored, Text())
        return _Position(apply("folded", text) if folded else text, needle)
    if len(stored) > MAX_PATTERN:
        raise QueryError(
            f"a substring of {len(stored)} characters that are not all ASCII cannot be sought without regard to case"
            f" (limit {MAX_PATTERN})",
            at,
        )
    return _Matches(text, literal(stored, _FoldedPattern()))


def escaped_forms(substring: str) -> list[str]:
    """How ``substring`` may be written inside a JSON string, where that is different from the substring itself."""
    forms = (json.dumps(substring, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True))
    return [form for form in dict.fromkeys(forms) if form != substring]


_OUTSIDE_STRINGS = re.compile(r'["{}\[\],:]|^[ \t]|[ \t]$')


def spans_tokens(substring: str) -> bool:
    """Whether ``substring`` could be found at the seam of two tokens of JSON text, where spaces make a difference."""
    return _OUTSIDE_STRINGS.search(substring) is not None

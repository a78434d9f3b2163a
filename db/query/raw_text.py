r"""What must stand in the text of a JSON document where a value inside it equals, or contains, a known text.

To follow a path SQLite reads the whole document, which takes several times as long as to look for a few characters in
its text. So a condition on a value is preceded by one on the text, which is true wherever the condition is, and spares
most rows the reading. It is right whatever the document is:

- A character is written in JSON as itself or as an escape. Quotes, backslashes, slashes and control characters
  have escapes of their own, so a *run* of others is sought.
- Any other escape is ``\uXXXX``, of an ASCII character one from ``\u0000`` to ``\u007f``. A document in which such an
  escape stands anywhere is read.
- What lies at the seam of two tokens may have spaces there in the text. So of what may be found in a list or object,
  punctuation ends a run as well.
"""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import Function, FunctionElement

from db.query.json import JsonNode, is_plain_path
from db.text import encode_text

__all__ = ["may_contain", "may_equal"]

LONGEST_RUN = 100
LEAST_RUN = 2
"""Characters of a run that are sought at most, and at least: hardly a document is without a given letter."""

MOST_TEXTS = 8
"""Texts of a list that are sought one by one."""

_UNLIKE_OTHERS = '\\x00-\\x1f"\\\\/*?['
"""Characters with escapes of their own, and those that mean something in a pattern of SQLite."""

_IN_STRING = re.compile(f"[^{_UNLIKE_OTHERS}]+")
_IN_TOKEN = re.compile(f"[^{_UNLIKE_OTHERS}\\]{{}},:]+")


class _Holds(FunctionElement[bool]):
    """Whether a JSON text has one of some runs in it, or escapes that could be written in place of them.

    True on PostgreSQL, which reads a document as quickly as it looks through it. ``instr`` of SQLite compares at each
    place; GLOB finds the first character of a pattern at the speed of memory.
    """

    inherit_cache = True
    type = Boolean()


@compiles(_Holds, "sqlite")
def _sqlite_holds(element: _Holds, compiler: SQLCompiler, **kw: Any) -> str:
    text, *patterns = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({' OR '.join(f'{text} GLOB {pattern}' for pattern in patterns)})"


@compiles(_Holds, "postgresql")
def _postgresql_holds(_element: _Holds, _compiler: SQLCompiler, **_: Any) -> str:
    return "true"


def may_equal(node: ColumnElement[Any], texts: Iterable[str]) -> ColumnElement[bool] | None:
    """A condition that is true wherever the node is one of these texts; None where there is none that is worth it."""
    return _any_run(node, [*map(_of_string, texts)])


def may_contain(node: ColumnElement[Any], text: str) -> ColumnElement[bool] | None:
    """A condition that is true wherever the text of the node (``json_to_text``) contains ``text``; None where there is
    none that is worth it."""
    return _any_run(node, [_longest(_IN_TOKEN, encode_text(text))])


def _of_string(text: str) -> str:
    stored = encode_text(text)
    run = _longest(_IN_STRING, stored)
    return f'"{run}"' if run == stored else run


def _longest(of: re.Pattern[str], text: str) -> str:
    return max(of.findall(text), key=len, default="")[:LONGEST_RUN]


def _any_run(node: ColumnElement[Any], runs: list[str]) -> ColumnElement[bool] | None:
    if not isinstance(node, JsonNode) or not is_plain_path(node.parts, from_end=node.from_end):
        return None
    # Anything but a column may take as long as the reading.
    text = node.text
    if not (isinstance(text, Function) and all(isinstance(clause, Column) for clause in text.clauses)):
        return None
    if len(runs) > MOST_TEXTS or min(map(len, runs)) < LEAST_RUN:
        return None
    escape = r"\u00[0-7]" if all(map(str.isascii, runs)) else r"\u"
    return _Holds(text, *(literal(f"*{each}*", Text()) for each in (*runs, escape)))

"""What a search asks for."""

import re

from db.folding import fold
from resolvers.context import Context
from resolvers.errors import InvalidInputError, NotConfiguredError
from resolvers.search.texts import LONGEST_TERM

__all__ = ["terms_of"]

MOST_TERMS = 20

_TERM = re.compile(r'"([^"]*)"|(\S+)')


def terms_of(context: Context, search: str | None) -> tuple[str, ...]:
    """The words and quoted phrases of a search, folded, each once; none where there is nothing but space.

    A quotation mark that is not closed stands for itself. Raises InvalidInputError for too many, or one too long, and
    NotConfiguredError where this server does not search.
    """
    if not search:
        return ()
    if not context.search:
        raise NotConfiguredError(
            "This server does not search: its setting `search` is off, or its SQLite has no FTS5 with trigrams; "
            "a query with `contains` looks into each call",
            ["search"],
        )
    found = dict.fromkeys(fold(match[1] if match[2] is None else match[2]) for match in _TERM.finditer(search))
    terms = tuple(term for term in found if term)
    if len(terms) > MOST_TERMS:
        raise InvalidInputError(f"search has {len(terms)} words and phrases, of {MOST_TERMS} at most", ["search"])
    for term in terms:
        if len(term) > LONGEST_TERM:
            raise InvalidInputError(
                f"search has a word or phrase of {len(term)} characters, of {LONGEST_TERM} at most: {term[:50]!r}...",
                ["search"],
            )
    return terms

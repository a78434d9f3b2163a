"""JSON as text, for the layers above that make and read values of the JSON scalar."""

from db.json_members import members_of, object_of
from db.json_text import (
    MAX_DEPTH,
    JSONText,
    dump_json,
    normalise_json,
    pair_surrogates,
    parse_json,
    quote_constants,
    unpair_surrogates,
)

__all__ = [
    "MAX_DEPTH",
    "JSONText",
    "dump_json",
    "members_of",
    "normalise_json",
    "object_of",
    "pair_surrogates",
    "parse_json",
    "quote_constants",
    "unpair_surrogates",
]

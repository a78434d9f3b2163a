"""The printed GraphQL schema, and what a change of it means to clients.

`schema.graphql` holds the schema of the last commit; `make check` fails where it differs from the code.
"""

from graphql import BreakingChangeType, DangerousChangeType, build_schema
from graphql.utilities import find_schema_changes

__all__ = ["compare", "printed_schema"]


def printed_schema() -> str:
    """The schema in the GraphQL schema language, with a line end at its end."""
    # Imported here: building the schema takes a second, which no other command should wait for.
    from graph.schema import schema

    return f"{schema.as_str().rstrip()}\n"


def compare(earlier: str, later: str) -> list[str]:
    """One line a difference, breaking ones first, such as `breaking: Call.id was removed.`; empty for equal texts.

    Both texts are schemas in the schema language; raises `graphql.GraphQLSyntaxError` for one that is not.
    """
    if earlier == later:
        return []
    # Federation's directives are used without being defined in the print, so the texts are taken as valid.
    old, new = (build_schema(text, assume_valid_sdl=True) for text in (earlier, later))
    labelled: dict[str, list[str]] = {"breaking": [], "dangerous": [], "safe": []}
    for change in find_schema_changes(old, new):
        labelled[_label(change.type)].append(change.description)
    lines = [f"{label}: {text}" for label, texts in labelled.items() for text in texts]
    return lines or ["safe: descriptions, directives or the order of definitions changed."]


def _label(kind: object) -> str:
    if isinstance(kind, BreakingChangeType):
        return "breaking"
    return "dangerous" if isinstance(kind, DangerousChangeType) else "safe"

"""Refusals as data: what a mutation answers when it did not do what was asked."""

import strawberry

from graph.enums import described_enum
from graph.fields import column
from resolvers.errors import Refusal, RefusalCode

__all__ = ["UserError", "user_errors"]

described_enum(
    RefusalCode,
    name="UserErrorCode",
    description="Why something was refused. Values may be added.",
    values={
        "INVALID_INPUT": "What was asked cannot be: a bad ref, a value out of range.",
        "INVALID_NAME": "A name has characters that it may not have.",
        "INVALID_QUERY": "A query, an order or a cursor cannot be read, or names a field that is not there.",
        "NOT_FOUND": "What was asked for is not there.",
        "DELETED": "What was asked for was there and is deleted.",
        "CONFLICT": "It is there already, and differs.",
        "TOO_LARGE": "A limit of size was passed.",
        "TOO_SLOW": "A read took longer than the server allows, and was stopped; the message says what would help.",
        "FORBIDDEN": "The caller may not do this.",
        "NOT_CONFIGURED": "This server is not set up for it.",
        "UNAVAILABLE": "Not now: the database is away, or too much waits to be written; the same request may do later.",
        "PROVIDER_FAILED": "The provider of language models refused, failed, or could not be reached.",
    },
)


@strawberry.type(description="One reason why a mutation did not do what was asked.")
class UserError:
    """GraphQL's form of ``resolvers.errors.Refusal``."""

    code: RefusalCode = column("The kind of refusal, for programs.")
    message: str = column("What is wrong, with the value that is, for people.")
    field: list[str] = column("Path into the input, list positions as numbers; empty where it is about the whole.")


def user_errors(refusal: Refusal) -> list[UserError]:
    """The list that a payload carries for ``refusal``."""
    return [UserError(code=refusal.code, message=refusal.message, field=[str(part) for part in refusal.field])]

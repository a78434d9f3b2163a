"""Settings of text that is not taken as it is: what each may be, and what is said to one that cannot be used."""

import re
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from db.engines import DatabaseURLError, parse_url
from db.path_indexes.paths import parse_path
from db.query.expression import QueryError
from resolvers.callers import check_slug
from resolvers.errors import InvalidInputError
from resolvers.subjects.entities import MappingError, parse_mappings

__all__ = ["CHECKS", "SettingsError", "masked_url"]


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the value and the flag or variable that it came from."""


def _database_url(text: str, source: str) -> str:
    """`text` where it is a URL of a database the server knows; the message of a refusal hides the password."""
    try:
        parse_url(text)
    except DatabaseURLError:
        raise SettingsError(
            f"{source}: {masked_url(text)!r} is no database; use sqlite:///PATH or postgresql://HOST/NAME"
        ) from None
    return text


def _direct_url(text: str, source: str) -> str:
    """`text` where it is a URL of PostgreSQL."""
    if not text.startswith(("postgresql://", "postgres://")):
        raise SettingsError(f"{source}: {masked_url(text)!r} is no PostgreSQL database; use postgresql://HOST/NAME")
    return _database_url(text, source)


def _provider_base_url(text: str, source: str) -> str:
    """`text` where it is an HTTP address."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"{source}: {masked_url(text)!r} is no base URL, expected http(s)://HOST[:PORT][/PATH]")
    return text


def _name_prefix(text: str, source: str) -> str:
    """`text` where names of GraphQL may begin with it."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", text) is None:
        raise SettingsError(
            f"{source}: {text!r} cannot begin a name; use up to 64 letters, digits and _, a letter first"
        )
    return text


def _root_fields(text: str, source: str) -> str:
    """`text` where it is a list of names."""
    for name in text.split(","):
        if (
            re.fullmatch(r"\s*(Query|Mutation|Subscription|((Query|Mutation|Subscription)\.)?[a-z]\w*)\s*", name)
            is None
        ):
            raise SettingsError(f"{source}: {name.strip()!r} is no field of Query, Mutation or Subscription")
    return text


def _entities(text: str, source: str) -> str:
    """`text` where it maps entities."""
    try:
        parse_mappings(text)
    except MappingError as error:
        raise SettingsError(f"{source}: {error}") from error
    return text


def _indexed_paths(text: str, source: str) -> str:
    """`text` where it is a list of paths that can be indexed."""
    try:
        for path in text.split(","):
            parse_path(path.strip())
    except QueryError as error:
        raise SettingsError(f"{source}: {error.message}") from error
    return text


def _project(text: str, source: str) -> str:
    """`text` where it names a project."""
    try:
        return check_slug(text)
    except InvalidInputError as error:
        raise SettingsError(f"{source}: {error}") from error


CHECKS = {
    "database_url": _database_url,
    "database_direct_url": _direct_url,
    "provider_base_url": _provider_base_url,
    "federation_type_prefix": _name_prefix,
    "federation_field_prefix": _name_prefix,
    "federation_omit": _root_fields,
    "federation_entities": _entities,
    "honeyhive_project": _project,
    "indexed_paths": _indexed_paths,
}
"""By the name of the setting: a function of the text and of where it came from, which raises SettingsError."""


def masked_url(text: str) -> str:
    """The database URL with its password hidden, for messages and logs."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return re.sub(r"(?<=://)[^/@]*@", "***@", text)
    query = {key: "hidden" if "password" in key else value for key, value in url.query.items()}
    return url.set(query=query).render_as_string()

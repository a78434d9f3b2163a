"""Making, changing and deleting configurations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from db.configurations import delete_configuration, insert_configuration, update_configuration
from db.json_text import JSONText
from db.projects import lock
from resolvers.configurations.parameters import check_parameters
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.ids import new_id

__all__ = [
    "ConfigurationType",
    "Environment",
    "NewConfiguration",
    "configuration_create",
    "configuration_delete",
    "configuration_update",
]

LONGEST_NAME = 200
LONGEST_PROVIDER = 500
MOST_TAGS = 1000


class ConfigurationType(StrEnum):
    """What is configured; the values are those of the column and of REST."""

    LLM = "LLM"
    PIPELINE = "pipeline"


class Environment(StrEnum):
    """Where a configuration is in use; the values are those of the column and of REST."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


@dataclass(frozen=True, slots=True)
class NewConfiguration:
    """A configuration as it is made; ``parameters`` is a JSON object (``resolvers.configurations.parameters``)."""

    name: str
    provider: str
    parameters: JSONText
    type: ConfigurationType = ConfigurationType.LLM
    environments: Sequence[Environment] = ()
    tags: Sequence[str] = ()
    user_properties: JSONText | None = None


async def configuration_create(context: Context, project: str, new: NewConfiguration) -> str:
    """Make a configuration; returns its id. Names need not be unique.

    Raises InvalidInputError for a value that cannot be.
    """
    context.caller.require_write(project)
    values = _columns(
        {
            "name": new.name,
            "type": new.type,
            "provider": new.provider,
            "parameters": new.parameters,
            "environments": new.environments,
            "tags": new.tags,
            "user_properties": new.user_properties,
        }
    )
    at = now()
    row = {"project_id": project, "id": new_id(), **values, "created_at": at, "updated_at": None}

    def write(connection: Connection) -> None:
        lock(connection, project, at, changes=0)
        insert_configuration(connection, row)

    await context.database.write(write)
    return str(row["id"])


async def configuration_update(
    context: Context, project: str, configuration_id: str, changes: Mapping[str, Any]
) -> None:
    """Change what ``changes`` names (the fields of ``NewConfiguration``) and nothing else.

    Raises NotFoundError where it is not there, InvalidInputError for a value that cannot be.
    """
    context.caller.require_write(project)
    values = {**_columns(changes), "updated_at": now()}

    def write(connection: Connection) -> bool:
        return update_configuration(connection, project, configuration_id, values)

    if not await context.database.write(write):
        raise _not_found(configuration_id)


async def configuration_delete(context: Context, project: str, configuration_id: str) -> None:
    """Delete it for good; raises NotFoundError where it is not there."""
    context.caller.require_write(project)
    if not await context.database.write(lambda connection: delete_configuration(connection, project, configuration_id)):
        raise _not_found(configuration_id)


def _not_found(configuration_id: str) -> NotFoundError:
    return NotFoundError(f"Configuration not found: {configuration_id!r}", ["configurationId"])


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of what is given; raises InvalidInputError."""
    columns: dict[str, Any] = dict(given)
    if len(given.get("name", "")) > LONGEST_NAME:
        raise InvalidInputError(
            f"name has {len(given['name'])} characters, at most {LONGEST_NAME} are taken: {given['name'][:60]!r}...",
            ["name"],
        )
    if "provider" in given and not 1 <= len(given["provider"]) <= LONGEST_PROVIDER:
        raise InvalidInputError(
            f"provider must have 1 to {LONGEST_PROVIDER} characters, not {len(given['provider'])}", ["provider"]
        )
    if "parameters" in given:
        columns["model"] = check_parameters(given["parameters"])
    if "environments" in given:
        columns["environments"] = list(dict.fromkeys(str(one) for one in given["environments"]))
    if "tags" in given:
        columns["tags"] = list(dict.fromkeys(given["tags"]))
        if len(columns["tags"]) > MOST_TAGS:
            raise InvalidInputError(f"at most {MOST_TAGS} tags are taken, not {len(columns['tags'])}", ["tags"])
    properties = given.get("user_properties")
    if properties is not None and not properties.lstrip().startswith("{"):
        raise InvalidInputError(f"userProperties must be a JSON object, not {properties[:60]}", ["userProperties"])
    return columns

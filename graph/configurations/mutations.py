"""Making, changing and deleting configurations."""

from typing import Any, cast

import strawberry
from strawberry import UNSET

from db.json_text import JSONText
from graph.configurations.types import Configuration, ConfigurationType, Environment
from graph.context import Info, context_of
from graph.fields import column, link
from graph.rows import load_row
from graph.scalars import JSON
from graph.user_errors import UserError, user_errors
from resolvers.configurations.read import configurations_by_id
from resolvers.configurations.record import (
    NewConfiguration,
    configuration_create,
    configuration_delete,
    configuration_update,
)
from resolvers.errors import InvalidInputError, Refusal

__all__ = ["ConfigurationMutations"]

_NAME = "Its name, at most 200 characters; need not be unique."
_PARAMETERS = (
    "A JSON object with `call_type` (`chat` or `completion`) and `model`; `hyperparameters`, `responseFormat`, "
    "`selectedFunctions`, `functionCallParams`, `forceFunction` and `template` must have their shapes, other members "
    "are taken as they are."
)


@strawberry.input(description="A configuration to make.")
class ConfigurationCreateInput:
    """A new one."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    name: str = column(_NAME)
    provider: str = column("Who runs the model, such as `openai`; 1 to 500 characters.")
    parameters: JSON = column(_PARAMETERS)
    type: ConfigurationType = column("What is configured.", default=ConfigurationType.LLM)
    environments: list[Environment] = column("Where it is in use.", default_factory=list)
    tags: list[str] = column("Its tags, at most 1,000; a tag that is named twice counts once.", default_factory=list)
    user_properties: JSON | None = column("A JSON object to keep with it.", default=None)


@strawberry.input(description="What to change of a configuration; fields that are left out stay as they are.")
class ConfigurationUpdateInput:
    """Changes."""

    project: str = column("Slug of the project, `entity/name`.")
    configuration_id: str = column("`Configuration.configurationId`.")
    name: str | None = column(f"{_NAME} Null is refused.", default=UNSET)
    provider: str | None = column("Who runs the model; 1 to 500 characters. Null is refused.", default=UNSET)
    parameters: JSON | None = column(f"In place of those that it has: {_PARAMETERS} Null is refused.", default=UNSET)
    type: ConfigurationType | None = column("What is configured. Null is refused.", default=UNSET)
    environments: list[Environment] | None = column("In place of those that it has. Null is refused.", default=UNSET)
    tags: list[str] | None = column("In place of those that it has, at most 1,000. Null is refused.", default=UNSET)
    user_properties: JSON | None = column("In place of those that it has; null takes them away.", default=UNSET)


@strawberry.input(description="A configuration to delete.")
class ConfigurationDeleteInput:
    """Which one."""

    project: str = column("Slug of the project, `entity/name`.")
    configuration_id: str = column("`Configuration.configurationId`.")


@strawberry.type(description="What became of a configuration.")
class ConfigurationPayload:
    """A configuration."""

    project: strawberry.Private[str]
    configuration_id: str | None = column("Its id; null where it was refused.")
    user_errors: list[UserError] = column("Why nothing was written; `field` is the path below `input`.")

    @link("The configuration as it is now; null where it was refused.")
    async def configuration(self, info: Info) -> Configuration | None:
        """Read only where it is asked for."""
        if self.configuration_id is None:
            return None
        return await load_row(info, configurations_by_id, (self.project, self.configuration_id), Configuration)


@strawberry.type(description="What became of a deletion.")
class ConfigurationDeletePayload:
    """Whether it is gone."""

    configuration_id: str | None = column("Id of the configuration that is gone; null where none is.")
    user_errors: list[UserError] = column("Why nothing was deleted; `NOT_FOUND` where there was nothing.")


_CHANGEABLE = ("name", "provider", "parameters", "type", "environments", "tags", "user_properties")


def _changes(input: ConfigurationUpdateInput) -> dict[str, Any]:
    """What an input names; raises InvalidInputError for null where there must be something."""
    given = {name: value for name in _CHANGEABLE if (value := getattr(input, name)) is not UNSET}
    for name, value in given.items():
        if value is None and name != "user_properties":
            raise InvalidInputError(f"{name} cannot be null; leave it out to keep what there is", [name])
    return given


@strawberry.type
class ConfigurationMutations:
    """The part of Mutation about configurations."""

    @strawberry.mutation(description="Make a configuration. Not idempotent: each is a new one, whatever its name.")
    async def configuration_create(self, info: Info, input: ConfigurationCreateInput) -> ConfigurationPayload:
        """A new one."""
        new = NewConfiguration(
            name=input.name,
            provider=input.provider,
            parameters=cast("JSONText", input.parameters),
            type=input.type,
            environments=input.environments,
            tags=input.tags,
            user_properties=cast("JSONText | None", input.user_properties),
        )
        try:
            made = await configuration_create(context_of(info), input.project, new)
        except Refusal as refusal:
            return ConfigurationPayload(project=input.project, configuration_id=None, user_errors=user_errors(refusal))
        return ConfigurationPayload(project=input.project, configuration_id=made, user_errors=[])

    @strawberry.mutation(description="Change a configuration in place. `NOT_FOUND` where it is not there.")
    async def configuration_update(self, info: Info, input: ConfigurationUpdateInput) -> ConfigurationPayload:
        """Changes."""
        try:
            await configuration_update(context_of(info), input.project, input.configuration_id, _changes(input))
        except Refusal as refusal:
            return ConfigurationPayload(project=input.project, configuration_id=None, user_errors=user_errors(refusal))
        return ConfigurationPayload(project=input.project, configuration_id=input.configuration_id, user_errors=[])

    @strawberry.mutation(description="Delete a configuration for good. `NOT_FOUND` where it is not there.")
    async def configuration_delete(self, info: Info, input: ConfigurationDeleteInput) -> ConfigurationDeletePayload:
        """A deletion."""
        try:
            await configuration_delete(context_of(info), input.project, input.configuration_id)
        except Refusal as refusal:
            return ConfigurationDeletePayload(configuration_id=None, user_errors=user_errors(refusal))
        return ConfigurationDeletePayload(configuration_id=input.configuration_id, user_errors=[])

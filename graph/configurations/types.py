"""Configurations."""

import strawberry

from graph.enums import described_enum
from graph.fields import column
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.scalars import JSON, DateTime
from resolvers.configurations.record import ConfigurationType, Environment

__all__ = ["Configuration", "ConfigurationType", "Environment"]

described_enum(
    ConfigurationType,
    name="ConfigurationType",
    description="What is configured. Values may be added.",
    values={"LLM": "One call of a language model.", "PIPELINE": "A pipeline of several steps."},
)
described_enum(
    Environment,
    name="ConfigurationEnvironment",
    description="Where a configuration is in use. Values may be added.",
    values={"DEV": "In development.", "STAGING": "In tests before production.", "PROD": "In production."},
)


@strawberry.federation.type(
    keys=["id", "projectSlug configurationId"],
    description="How a language model or a pipeline is set up: provider, model, prompt template, hyperparameters. "
    "It is changed in place and has no versions.",
)
class Configuration(ProjectLink, TracegraphNode):
    """Rows of ``db.configurations``."""

    is_type_of = is_row_of("Configuration")

    configuration_id: str = column("Id within the project.")
    name: str = column("Its name, such as `v0`; several may have the same.")
    type: ConfigurationType = column("What is configured.")
    provider: str = column("Who runs the model, such as `openai`.")
    model: str = column("The model: `parameters.model`.")
    parameters: JSON = column(
        "A JSON object, as it was sent: `call_type` (`chat` or `completion`), `model`, and where they were given "
        "`hyperparameters`, `responseFormat`, `selectedFunctions`, `functionCallParams`, `forceFunction`, `template` "
        "(text, or a list of messages with `role` and `content`) and any other member."
    )
    environments: list[Environment] = column("Where it is in use, in the order given, each once; at most 3.")
    tags: list[str] = column("Its tags, in the order given, each once; at most 1,000.")
    user_properties: JSON | None = column("A JSON object that the user keeps with it; null where there is none.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime | None = column("When it was last changed; null where it never was.")

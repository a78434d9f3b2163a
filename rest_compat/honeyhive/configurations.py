"""Configurations of language models and pipelines. All four endpoints are deprecated, and answer as MongoDB does."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from graph.json_text import JSONText
from resolvers.errors import RefusalCode
from rest_compat.dialects import Problem, RefusedError
from rest_compat.honeyhive.models import Open, Strict
from rest_compat.json_fields import JSONObject
from rest_compat.registry import OTHER_PAGES, Data, Endpoint, Request, Stream, Variables, connection_of

__all__ = ["ENDPOINTS"]

ConfigurationName = Annotated[str, Field(max_length=200)]
Kind = Literal["LLM", "pipeline"]
Environment = Literal["dev", "staging", "prod"]


class CreateConfigurationRequest(Strict):
    """Seed 003. What ``parameters`` (ConfigurationParameters) have to be is checked where they are written."""

    name: ConfigurationName
    type: Kind = "LLM"
    provider: Annotated[str, Field(min_length=1)]
    parameters: JSONObject
    env: list[Environment] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    user_properties: JSONObject | None = None


class UpdateConfigurationRequest(Strict):
    """Seed 003. What is left out stays as it is, ``type`` too."""

    name: ConfigurationName
    type: Kind = "LLM"
    provider: Annotated[str, Field(min_length=1)] = ""
    parameters: JSONObject = Field(default_factory=lambda: JSONText("{}"))
    env: list[Environment] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    user_properties: JSONObject | None = None


class GetConfigurationsQuery(Open):
    """Seed 003. ``tags`` are one or several, with commas between them, or the parameter several times."""

    name: Annotated[str, Field(max_length=200)] | None = None
    env: Environment | None = None
    tags: list[str] | None = None


_NAMES = {"env": "environments", "user_properties": "userProperties"}
_ENUMS = {"LLM": "LLM", "pipeline": "PIPELINE", "dev": "DEV", "staging": "STAGING", "prod": "PROD"}
_SAID = {name: value for value, name in _ENUMS.items()}


def _fields(body: BaseModel) -> Variables:
    """What a body has, by the graph's names."""
    given: Variables = {_NAMES.get(name, name): getattr(body, name) for name in body.model_fields_set}
    if "type" in given:
        given["type"] = _ENUMS[given["type"]]
    if "environments" in given:
        given["environments"] = [_ENUMS[one] for one in given["environments"]]
    return given


def _list(request: Request) -> Variables:
    query: GetConfigurationsQuery = request.query
    tags = [tag for part in query.tags or () for tag in part.split(",") if tag]
    chosen = {
        "names": None if query.name is None else [query.name],
        "environments": None if query.env is None else [_ENUMS[query.env]],
        "tags": tags,
    }
    return {"project": request.project, "filter": chosen, "first": OTHER_PAGES, "after": None}


def _item(node: Mapping[str, Any], _request: Request) -> dict[str, Any]:
    """ConfigurationItem."""
    return {
        "id": node["configurationId"],
        "name": node["name"],
        "type": _SAID[node["type"]],
        "provider": node["provider"],
        "parameters": node["parameters"],
        "env": [_SAID[one] for one in node["environments"]],
        "tags": node["tags"],
        "user_properties": node["userProperties"],
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }


def _create(request: Request) -> Variables:
    return {"input": {"project": request.project, **_fields(request.body)}}


def _created(data: Data, _request: Request) -> dict[str, Any]:
    return {"acknowledged": True, "insertedId": data["configurationCreate"]["configurationId"]}


def _which(request: Request) -> Variables:
    return {"project": request.project, "configurationId": request.path["configId"]}


def _update(request: Request) -> Variables:
    return {"input": {**_which(request), **_fields(request.body)}}


def _found(payload: Mapping[str, Any]) -> int:
    """1 where there was such a configuration, else 0, as MongoDB counts; raises RefusedError for other refusals."""
    for refusal in payload["refusals"]:
        if refusal["code"] != RefusalCode.NOT_FOUND:
            raise RefusedError(Problem(RefusalCode(refusal["code"]), refusal["message"], refusal["field"]))
        return 0
    return 1


def _updated(data: Data, _request: Request) -> dict[str, Any]:
    found = _found(data["configurationUpdate"])
    return {
        "acknowledged": True,
        "modifiedCount": found,
        "upsertedId": None,
        "upsertedCount": 0,
        "matchedCount": found,
    }


def _deleted(data: Data, _request: Request) -> dict[str, Any]:
    return {"acknowledged": True, "deletedCount": _found(data["configurationDelete"])}


ENDPOINTS = [
    Endpoint(
        "/v1/configurations",
        "honeyhive/configurations_page",
        "All configurations, the first made first; by name, environment and tags, of which it must have all.",
        method="GET",
        parameters=GetConfigurationsQuery,
        variables=_list,
        stream=Stream(connection=connection_of("configurations"), line=_item, member="configurations"),
        deprecated=True,
    ),
    Endpoint(
        "/v1/configurations",
        "honeyhive/configuration_create",
        "Make a configuration.",
        model=CreateConfigurationRequest,
        variables=_create,
        respond=_created,
        deprecated=True,
    ),
    Endpoint(
        "/v1/configurations/{configId}",
        "honeyhive/configuration_update",
        "Change what the body names of a configuration; counts 0 where it is not there.",
        method="PUT",
        model=UpdateConfigurationRequest,
        variables=_update,
        respond=_updated,
        deprecated=True,
    ),
    Endpoint(
        "/v1/configurations/{configId}",
        "honeyhive/configuration_delete",
        "Delete a configuration for good; counts 0 where it is not there.",
        method="DELETE",
        variables=lambda request: {"input": _which(request)},
        respond=_deleted,
        deprecated=True,
    ),
]

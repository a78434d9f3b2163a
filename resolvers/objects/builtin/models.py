"""Completion models and the providers they run at."""

import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from resolvers.objects.builtin.base import BaseModel, BaseObject

__all__ = ["LLMStructuredCompletionModel", "Provider", "ProviderModel"]

# Asked of a cloud's metadata service with one of these, a server gives away its own credentials.
_METADATA_HEADER = re.compile(r"metadata-flavor|x-aws-ec2-metadata-token(-ttl-seconds)?", re.IGNORECASE)


class Provider(BaseObject):
    base_url: str
    api_key_name: str
    extra_headers: dict[str, str] = Field(default_factory=dict)
    return_type: Literal["openai"] = "openai"

    @field_validator("base_url")
    @classmethod
    def is_an_address(cls, url: str) -> str:
        """An HTTP address; private ones too, since a model may run beside this server."""
        parts = urlsplit(url)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or "?" in url or "#" in url:
            raise ValueError(f"{url!r} is no base URL, expected http(s)://host[:port][/path]")
        return url

    @field_validator("extra_headers")
    @classmethod
    def are_harmless(cls, headers: dict[str, str]) -> dict[str, str]:
        for name in headers:
            if _METADATA_HEADER.fullmatch(name):
                raise ValueError(f"header {name!r} may not be sent")
        return headers


class ProviderModel(BaseObject):
    provider: str
    max_tokens: int


class Message(BaseModel):
    role: str
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    function_call: dict[str, Any] | None = None
    tool_call_id: str | None = None


class LLMStructuredCompletionModelDefaultParams(BaseModel):
    messages_template: list[Message] | None = None
    prompt: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    stop: list[str] | None = None
    n_times: int | None = None
    functions: list[dict[str, Any]] | None = None
    response_format: Literal["json_object", "json_schema", "text"] | None = None


class Object(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str | None = None
    description: str | None = None
    ref: None = None


class Model(Object):
    pass


class LLMStructuredCompletionModel(Model):
    llm_model_id: str
    default_params: LLMStructuredCompletionModelDefaultParams = Field(
        default_factory=LLMStructuredCompletionModelDefaultParams
    )

    @model_validator(mode="before")
    @classmethod
    def without_class_names(cls, data: Any) -> Any:
        """Take what was stored once and comes back changed: its class names are no fields."""
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if key not in {"_type", "_class_name", "_bases"}}
        return data

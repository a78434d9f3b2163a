"""Types of request models for JSON that is kept as text."""

from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from graph.json_text import JSONText, dump_json

__all__ = ["JSONAny", "JSONObject", "RawJSON"]


class RawJSON:
    """Marks a field whose value the body's decoder leaves as text (``rest_compat.bodies``)."""

    def __init__(self, *, is_object: bool) -> None:
        self.is_object = is_object

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "object", "additionalProperties": True} if self.is_object else {}

    def _check(self, value: Any) -> JSONText:
        text = value if value.__class__ is JSONText else dump_json(value)
        if self.is_object and text[0] != "{" and not text.lstrip().startswith("{"):
            raise PydanticCustomError("dict_type", "Input should be a valid dictionary")
        return text


JSONAny = Annotated[JSONText, RawJSON(is_object=False)]
"""Any JSON value."""

JSONObject = Annotated[JSONText, RawJSON(is_object=True)]
"""A JSON object."""

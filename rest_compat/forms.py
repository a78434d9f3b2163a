"""Multipart forms: fields and files, files as open handles."""

from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from rest_compat.bodies import InvalidBodyError, validate_model

__all__ = ["read_form"]

M = TypeVar("M", bound=BaseModel)


async def read_form(http: Request, model: type[M], _limit: int) -> M:
    """The model that a multipart form holds; raises InvalidBodyError."""
    try:
        form = await http.form(max_files=1, max_fields=100)
    except HTTPException as error:
        raise InvalidBodyError([{"type": "form_invalid", "loc": ["body"], "msg": str(error.detail)}]) from error
    values: dict[str, Any] = {}
    for name, value in form.multi_items():
        values[name] = value.file if isinstance(value, UploadFile) else value
    return validate_model(values, model)

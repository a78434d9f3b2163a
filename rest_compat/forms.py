"""Multipart forms: fields, and files as open handles."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, InstanceOf, WithJsonSchema
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from rest_compat.bodies import InvalidBodyError, validate_model

__all__ = ["FileField", "read_form"]

M = TypeVar("M", bound=BaseModel)

FileField = Annotated[UploadFile, InstanceOf(), WithJsonSchema({"type": "string", "format": "binary"})]
"""A file of a form: ``file`` is open until the request is answered, and on disk where it is large."""


async def read_form(http: Request, model: type[M]) -> M:
    """The model that a multipart form holds; raises InvalidBodyError.

    The form is closed with the request.
    """
    content_type = http.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        message = f"Expected multipart/form-data, not {content_type!r}"
        raise InvalidBodyError([{"type": "form_invalid", "loc": ["body"], "msg": message}])
    try:
        form = await http.form(max_files=1, max_fields=100)
    except (HTTPException, MultiPartException, KeyError) as error:
        message = str(getattr(error, "detail", error))
        raise InvalidBodyError([{"type": "form_invalid", "loc": ["body"], "msg": message}]) from error
    return validate_model(dict(form.multi_items()), model)

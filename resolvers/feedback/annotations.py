"""Annotations: values that a person gives, held to the schema of an AnnotationSpec object.

The spec's ``field_schema`` is JSON Schema, draft 2020-12 unless it names another. Schemas come from clients, so
nothing is fetched over the network for them and their patterns backtrack within bounds. The validator is imported where
it is used first, since few servers do.
"""

from typing import TYPE_CHECKING

from db.json_text import JSONText, JSONValue, parse_json
from resolvers.errors import InvalidInputError

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = ["check_annotation", "check_field_schema"]

BACKTRACK_LIMIT = 100_000


def check_field_schema(schema: JSONValue, where: str) -> None:
    """Raise InvalidInputError, which names ``where`` it stood, unless ``schema`` is a JSON schema we can use."""
    _validator(schema, where)


def check_annotation(annotation_ref: str, spec: JSONText, payload: JSONText) -> None:
    """Raise InvalidInputError unless ``payload.value`` is what the spec asks for. Slow for large values."""
    import jsonschema_rs

    value = parse_json(payload)["value"]
    try:
        validator = _validator(_schema_of(spec, annotation_ref), annotation_ref)
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        raise _invalid(annotation_ref, error.message) from error
    except (ValueError, RecursionError) as error:  # a lone surrogate, or nesting beyond the validator's
        raise _invalid(annotation_ref, str(error)) from error


def _schema_of(spec: JSONText, annotation_ref: str) -> JSONValue:
    value = parse_json(spec)
    if not isinstance(value, dict):
        raise InvalidInputError(f"annotation_ref {annotation_ref!r} names no AnnotationSpec", ["annotation_ref"])
    return value.get("field_schema", {})


def _validator(schema: JSONValue, where: str) -> "jsonschema_rs.Validator":
    import jsonschema_rs

    if not isinstance(schema, dict):  # the library would read a string as the text of a schema
        raise InvalidInputError(f"The field_schema of {where!r} is not a JSON schema: it must be an object")
    try:
        return jsonschema_rs.validator_for(
            schema,
            offline=True,
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT),
        )
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "message", str(error))
        raise InvalidInputError(f"The field_schema of {where!r} is not a JSON schema: {reason}") from error


def _invalid(annotation_ref: str, reason: str) -> InvalidInputError:
    return InvalidInputError(
        f"Feedback payload does not match annotation spec {annotation_ref!r}: {reason[:500]}", ["payload", "value"]
    )

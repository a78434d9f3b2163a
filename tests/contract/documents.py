"""What the documents of an API say, and how a schema of ours or an answer is held against it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

__all__ = ["HONEYHIVE", "WEAVE", "Documents", "Schema", "alternatives"]

Schema = dict[str, Any]

LIMITS = ("enum", "const", "format", "minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength")
"""What schemas of one type are compared by."""


def resolved(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """The schema that a reference names."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def alternatives(schema: Schema, schemas: dict[str, Schema]) -> list[Schema]:
    """The members of a union, of unions inside it too."""
    schema = resolved(schema, schemas)
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": one} for one in schema["type"]]
    members = schema.get("anyOf") or schema.get("oneOf")
    return [one for member in members for one in alternatives(member, schemas)] if members else [schema]


class Documents:
    """Operations and schemas of one API."""

    def __init__(self, name: str) -> None:
        """Of ``NAME.json``."""
        content = json.loads((Path(__file__).parent / f"{name}.json").read_text("utf-8"))
        self.operations: list[dict[str, Any]] = content["operations"]
        self.schemas: dict[str, Schema] = content["schemas"]

    def differences(self, documented: Schema, ours: Schema, our_schemas: dict[str, Schema], at: str = "") -> list[str]:
        """Where a body that the documents describe would be read otherwise by ``ours``: fields, types, limits, what is
        required, and whether unknown fields are refused. What ours takes beyond the documents is no difference."""
        wanted, given = alternatives(documented, self.schemas), alternatives(ours, our_schemas)
        types, our_types = ({schema.get("type", "any") for schema in union} for union in (wanted, given))
        if "any" in our_types:
            return []
        # Null for what may be left out, and whole numbers, are taken beyond the documents.
        other = (types - our_types) or (our_types - types - {"null", "integer"})
        found = [f"{at}: {sorted(types)} is {sorted(our_types)}"] if other else []
        for one in wanted:
            alike = [other for other in given if other.get("type") == one.get("type")]
            candidates = [self._differences_of(one, other, our_schemas, at) for other in alike]
            closest = min(candidates, key=len, default=list[str]())
            found += closest
        return found

    def _differences_of(self, one: Schema, other: Schema, our_schemas: dict[str, Schema], at: str) -> list[str]:
        """Between two schemas of one type."""
        found = [
            f"{at}: {key} {one[key]!r} is {other.get(key)!r}"
            for key in LIMITS
            if key in one and one[key] != other.get(key)
        ]
        if "items" in one:
            found += self.differences(one["items"], other.get("items", {}), our_schemas, f"{at}[]")
        if isinstance(one.get("additionalProperties"), dict):
            found += self.differences(one["additionalProperties"], _values(other), our_schemas, f"{at}.*")
        if "properties" not in one or ("properties" not in other and other.get("additionalProperties") is True):
            return found  # an object that is taken whole
        fields, our_fields = one["properties"], other.get("properties", {})
        found += [f"{at}.{name}: is not there" for name in fields if name not in our_fields]
        required = set(one.get("required", ())) ^ set(other.get("required", ()))
        found += [f"{at}.{name}: is required by one side only" for name in sorted(required)]
        if (one.get("additionalProperties") is False) is not (other.get("additionalProperties") is False):
            found.append(f"{at}: unknown fields are refused by one side only")
        for name, schema in fields.items():
            if name in our_fields:
                found += self.differences(schema, our_fields[name], our_schemas, f"{at}.{name}")
        return found

    def misfits(self, schema: Schema, value: Any) -> list[str]:
        """Where an answer is not what the documents describe."""
        validator = jsonschema_rs.Draft202012Validator({**schema, "schemas": self.schemas})
        return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(value)]

    def fields_of(self, schema: Schema, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
        """(schema, field) of every field that an answer of this schema can have."""
        name = schema.get("$ref", "").rpartition("/")[2]
        if name in seen:
            return
        inner = resolved(schema, self.schemas)
        seen |= {name} if name else set()
        for field, value in inner.get("properties", {}).items():
            if name:
                yield name, field
            yield from self.fields_of(value, seen)
        for key in ("items", "additionalProperties"):
            if isinstance(inner.get(key), dict):
                yield from self.fields_of(inner[key], seen)
        for member in inner.get("anyOf") or inner.get("oneOf") or ():
            yield from self.fields_of(member, seen)

    def written(self, schema: Schema, value: Any) -> Iterator[tuple[str, str]]:
        """(schema, field) of the documented fields that ``value`` has."""
        name = schema.get("$ref", "").rpartition("/")[2]
        inner = resolved(schema, self.schemas)
        for member in inner.get("anyOf") or inner.get("oneOf") or ():
            if self._could_be(member, value):
                yield from self.written(member, value)
        if isinstance(value, dict):
            for field, item in inner.get("properties", {}).items():
                if field in value:
                    if name:
                        yield name, field
                    yield from self.written(item, value[field])
            if isinstance(inner.get("additionalProperties"), dict):
                for item in value.values():
                    yield from self.written(inner["additionalProperties"], item)
        elif isinstance(value, list) and "items" in inner:
            for item in value:
                yield from self.written(inner["items"], item)

    def _could_be(self, schema: Schema, value: Any) -> bool:
        """Whether a value may be of this member of a union: it has what is required, and constants agree."""
        inner = resolved(schema, self.schemas)
        if not isinstance(value, dict):
            return True
        constants = {field: item["const"] for field, item in inner.get("properties", {}).items() if "const" in item}
        return set(inner.get("required", ())) <= value.keys() and constants.items() <= value.items()


def _values(schema: Schema) -> Schema:
    values = schema.get("additionalProperties", {})
    return values if isinstance(values, dict) else {}


WEAVE = Documents("weave")
HONEYHIVE = Documents("honeyhive")

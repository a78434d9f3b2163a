"""Makes what an API's documents say: `python tests/contract/make_documents.py weave.openapi.json > weave.json`.

The argument is an OpenAPI document in JSON. What is kept of it is what the tests beside this file compare: operations
with their parameters and the media types and schemas of their bodies and answers, and of each schema its fields, types,
limits and strictness.
"""

import json
import sys
from pathlib import Path
from typing import Any

KEPT = (
    *("type", "format", "enum", "const", "required", "minItems", "maxItems"),
    *("minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength"),
)
NESTED = ("items", "additionalProperties", "propertyNames")
LISTS = ("anyOf", "oneOf", "prefixItems")


def stripped(schema: Any) -> Any:
    """A schema without what only people read."""
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {key: schema[key] for key in KEPT if key in schema}
    if "$ref" in schema:
        kept["$ref"] = "#/schemas/" + schema["$ref"].rpartition("/")[2]
    if "properties" in schema:
        kept["properties"] = {name: stripped(value) for name, value in schema["properties"].items()}
    kept |= {key: stripped(schema[key]) for key in NESTED if key in schema}
    kept |= {key: [stripped(item) for item in schema[key]] for key in LISTS if key in schema}
    return kept


def content(described: Any) -> dict[str, Any]:
    """Media type -> schema."""
    return {media: stripped(value.get("schema", {})) for media, value in described.get("content", {}).items()}


def parameter(described: Any) -> dict[str, Any]:
    """A parameter of the query string."""
    return {"required": described.get("required", False), "schema": stripped(described["schema"])}


def documents(document: Any) -> dict[str, Any]:
    """The whole file."""
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "deprecated": operation.get("deprecated", False),
            "query": {one["name"]: parameter(one) for one in operation.get("parameters", ()) if one["in"] == "query"},
            "request": content(operation.get("requestBody", {})),
            "status": int(status),
            "answer": content(answer),
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    ]
    schemas = {name: stripped(schema) for name, schema in document["components"]["schemas"].items()}
    return {
        "operations": sorted(operations, key=lambda operation: (operation["path"], operation["method"])),
        "schemas": dict(sorted(schemas.items())),
    }


if __name__ == "__main__":
    made = documents(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    print(json.dumps(made, indent=1))

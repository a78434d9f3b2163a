"""Makes weave.json, what Weave's API documents say: `python tests/contract/make_weave.py weave.openapi.json`.

The argument is an OpenAPI document. What is kept of it is what the tests beside this file compare: operations with the
media types and schemas of their bodies and answers, and of each schema its fields, types and strictness.
"""

import json
import sys
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parent / "weave.json"

KEPT = ("type", "format", "enum", "const", "required", "minItems", "maxItems")
NESTED = ("items", "additionalProperties", "propertyNames")
LISTS = ("anyOf", "prefixItems")


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


def contract(document: Any) -> dict[str, Any]:
    """The whole file."""
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "request": content(operation.get("requestBody", {})),
            "answer": content(operation["responses"]["200"]),
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = {name: stripped(schema) for name, schema in document["components"]["schemas"].items()}
    return {
        "operations": sorted(operations, key=lambda operation: (operation["path"], operation["method"])),
        "schemas": dict(sorted(schemas.items())),
    }


if __name__ == "__main__":
    made = contract(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    CONTRACT.write_text(json.dumps(made, indent=1) + "\n", "utf-8")

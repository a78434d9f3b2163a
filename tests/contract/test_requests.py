"""Every documented operation is served, and takes the parameters and bodies that the documents describe."""

from typing import Any

import pytest

from rest_compat.honeyhive.endpoints import ENDPOINTS as HONEYHIVE_ENDPOINTS
from rest_compat.openapi import openapi
from rest_compat.weave.endpoints import ENDPOINTS as WEAVE_ENDPOINTS
from tests.contract.documents import HONEYHIVE, WEAVE, Documents, alternatives

OURS = {WEAVE: openapi(WEAVE_ENDPOINTS, "0"), HONEYHIVE: openapi(HONEYHIVE_ENDPOINTS, "0")}

DELIBERATE = {
    # The other alternative of the documents is a Python class, which no JSON holds.
    ".inputs.response_format: ['any', 'null', 'object'] is ['null', 'object']",
    # The mode is what tells a start from an end, so another word is refused and not guessed at.
    ".batch[].mode: const None is 'start'",
    ".batch[].mode: const None is 'end'",
    # The project of an older body is passed over, whatever it is: the key says it.
    ".event.project: is not there",
    ".events[].project: is not there",
    ".model_event.project: is not there",
    ".model_events[].project: is not there",
    ".logs[].project: is not there",
    # What the SDK sends beside: events under their new name, filters without a type or a value, half of a range.
    ".logs: is required by one side only",
    ".filters[].type: is required by one side only",
    ".filters[].value: is required by one side only",
    ".filters.filterArray[].type: is required by one side only",
    ".metric.filters.filterArray[].type: is required by one side only",
    ".dateRange.$gte: is required by one side only",
    ".dateRange.$lte: is required by one side only",
    # Times are read into microseconds; pages are whole numbers.
    ".dateRange.$gte: ['string'] is ['integer', 'null']",
    ".dateRange.$lte: ['string'] is ['integer', 'null']",
    ".dateRange.start_time: ['string'] is ['integer']",
    ".dateRange.end_time: ['string'] is ['integer']",
    ".limit: ['number'] is ['integer']",
    ".page: ['number'] is ['integer']",
    # Metrics of all types can be run: one of people answers that it waits.
    ".metric.type: enum ['LLM', 'PYTHON'] is ['PYTHON', 'LLM', 'HUMAN', 'COMPOSITE']",
}


def is_deliberate(difference: str) -> bool:
    """Thresholds and scales are left to the graph to check, which says the same of them to all of its clients."""
    return difference in DELIBERATE or any(
        difference.lstrip(".").removeprefix("metric.").startswith(part)
        for part in ("threshold", "scale: exclusiveMinimum", "child_metrics[].scale: exclusiveMinimum")
    )


OPERATIONS = [(documents, operation) for documents in (WEAVE, HONEYHIVE) for operation in documents.operations]


def named(value: Any) -> str:
    return f"{value['method']} {value['path']}" if isinstance(value, dict) else ""


@pytest.mark.parametrize(("documents", "operation"), OPERATIONS, ids=named)
def test_it_is_served_and_takes_what_is_documented(documents: Documents, operation: dict[str, Any]) -> None:
    document = OURS[documents]
    ours = document["paths"][operation["path"]][operation["method"].lower()]
    schemas = document["components"]["schemas"]
    assert ours.get("deprecated", False) is operation["deprecated"]
    assert str(operation["status"]) in ours["responses"]
    bodies = ours.get("requestBody", {}).get("content", {})
    assert bodies.keys() == operation["request"].keys()
    found = [
        difference
        for media, documented in operation["request"].items()
        for difference in documents.differences(documented, bodies[media]["schema"], schemas)
    ]
    assert [difference for difference in found if not is_deliberate(difference)] == []


@pytest.mark.parametrize("operation", HONEYHIVE.operations, ids=named)
def test_it_takes_the_parameters_that_are_documented(operation: dict[str, Any]) -> None:
    document = OURS[HONEYHIVE]
    ours = document["paths"][operation["path"]][operation["method"].lower()]
    given = {one["name"]: one for one in ours.get("parameters", ()) if one["in"] == "query"}
    assert given.keys() == operation["query"].keys()
    for name, documented in operation["query"].items():
        assert given[name]["required"] is documented["required"]
        types = {one.get("type") for one in alternatives(documented["schema"], HONEYHIVE.schemas)} - {"null"}
        assert types <= our_types(given[name]["schema"], document["components"]["schemas"])


def our_types(schema: dict[str, Any], schemas: dict[str, Any]) -> set[Any]:
    types = {one.get("type") for one in alternatives(schema, schemas)}
    # JSON text is read wherever the model takes what is no text (rest_compat.parameters).
    return types | {"string", "object", "array"} if types - {"string", "integer", "boolean", "null"} else types

"""Every documented operation is served, and takes the bodies that the documents describe."""

from typing import Any

import pytest

from rest_compat.openapi import openapi
from rest_compat.weave.endpoints import ENDPOINTS
from tests.contract.weave import OPERATIONS, differences

OURS = openapi(ENDPOINTS, "0")
OUR_SCHEMAS = OURS["components"]["schemas"]

DELIBERATE = {
    # The other alternative of the documents is a Python class, which no JSON holds.
    ".inputs.response_format: ['any', 'null', 'object'] is ['null', 'object']",
    # The mode is what tells a start from an end, so another word is refused and not guessed at.
    ".batch[].mode: const None is 'start'",
    ".batch[].mode: const None is 'end'",
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation['method']} {operation['path']}")
def test_it_is_served_and_takes_what_is_documented(operation: dict[str, Any]) -> None:
    ours = OURS["paths"][operation["path"]][operation["method"].lower()]
    bodies = ours.get("requestBody", {}).get("content", {})
    assert bodies.keys() == operation["request"].keys()
    found = [
        difference
        for media, documented in operation["request"].items()
        for difference in differences(documented, bodies[media]["schema"], OUR_SCHEMAS)
    ]
    assert set(found) - DELIBERATE == set()

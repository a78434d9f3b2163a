import pytest

from graph.schema import schema
from rest_compat.honeyhive.endpoints import ENDPOINTS as HONEYHIVE
from rest_compat.registry import OPERATIONS, operation_of
from rest_compat.weave.endpoints import ENDPOINTS as WEAVE

NAMES = sorted({endpoint.operation for endpoint in (*WEAVE, *HONEYHIVE)})


@pytest.mark.parametrize("name", NAMES)
def test_a_document_fits_the_schema(name: str) -> None:
    document = operation_of(name, schema).document
    assert document.definitions


def test_every_document_answers_an_endpoint() -> None:
    kept = {str(path.relative_to(OPERATIONS).with_suffix("")) for path in OPERATIONS.rglob("*.graphql")}
    assert {name for name in kept if "/fragments/" not in name} == set(NAMES)

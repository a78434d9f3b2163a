from collections.abc import Iterator

import pytest

from graph.executor import functions


@pytest.fixture(autouse=True, scope="module")
def eager() -> Iterator[None]:
    """Everything is compiled when it is first met."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(functions, "WORTH_COMPILING", 1)
        yield

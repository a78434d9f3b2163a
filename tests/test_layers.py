import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What each layer may import of the others: server -> rest_compat -> graph -> resolvers -> db.
ALLOWED = {
    "db": {"db"},
    "resolvers": {"resolvers", "db"},
    "graph": {"graph", "resolvers", "db"},
    "rest_compat": {"rest_compat", "graph", "resolvers"},
    "server": {"server", "rest_compat", "graph", "resolvers", "db"},
}
# Libraries that belong to other layers.
FOREIGN = {
    "db": {"graphql", "starlette", "strawberry", "uvicorn"},
    "resolvers": {"graphql", "starlette", "strawberry", "uvicorn"},
    "graph": {"starlette", "uvicorn"},
    "rest_compat": {"sqlalchemy", "uvicorn"},
    "server": set[str](),
}
# The batch loader is plain asyncio and knows nothing of GraphQL.
NEUTRAL = {"strawberry.dataloader"}
LONGEST = 400


def modules(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of each import, those inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A relative import stays inside its own package, as long as it does not leave the layer.
            assert node.level < len(path.relative_to(ROOT).parts), f"{path}:{node.lineno} leaves its layer"
            if node.level == 0 and node.module:
                yield node.lineno, node.module


@pytest.mark.parametrize("layer", ALLOWED)
def test_imports_point_down(layer: str) -> None:
    refused = (ALLOWED.keys() - ALLOWED[layer]) | FOREIGN[layer] | {"tests", "tracegraph"}
    climbing = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(layer)
        for line, name in imports(path)
        if name.partition(".")[0] in refused and name not in NEUTRAL
    ]
    assert climbing == []


def test_the_launcher_imports_only_the_server() -> None:
    ours = [name for _, name in imports(ROOT / "tracegraph.py") if name.partition(".")[0] in ALLOWED]
    assert ours == ["server.cli"]


def test_modules_stay_near_one_concept() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for layer in ALLOWED
        for path in modules(layer)
        if "migrations" not in path.parts
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}

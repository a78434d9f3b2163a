"""Finding the route of a request among many.

Starlette tries one route after another, each by a regular expression; with two hundred of them that takes longer than
some answers. Most paths here have no parameters and can be looked up.
"""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

__all__ = ["looked_up"]

_ROUTE = "tracegraph.route"


def looked_up(routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    """Routes that answer as ``routes`` do in their order, those without parameters found by their path."""
    fixed: list[Route] = []
    others: list[BaseRoute] = []
    for route in routes:
        if isinstance(route, Route) and "{" not in route.path and not _is_hidden(route.path, others):
            fixed.append(route)
        else:
            others.append(route)
    return [_FixedRoutes(fixed), *others]


def _is_hidden(path: str, earlier: Sequence[BaseRoute]) -> bool:
    """Whether a route with parameters comes first for a path."""
    return any(isinstance(route, Route) and route.path_regex.match(path) for route in earlier)


def _path(scope: Scope) -> str:
    """The path below where the application is mounted."""
    path: str = scope["path"]
    root = scope.get("root_path", "")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


class _FixedRoutes(BaseRoute):
    """Routes by their path; several where they differ in their methods."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes: dict[str, list[Route]] = {}
        for route in routes:
            self._routes.setdefault(route.path, []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        partial: tuple[Match, Scope] = Match.NONE, {}
        if scope["type"] == "http":
            for route in self._routes.get(_path(scope), ()):
                match, child = route.matches(scope)
                if match is Match.FULL:
                    return match, {**child, _ROUTE: route}
                if match is Match.PARTIAL and partial[0] is Match.NONE:
                    partial = match, {**child, _ROUTE: route}
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[_ROUTE].handle(scope, receive, send)

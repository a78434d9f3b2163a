"""The pages for people: GraphiQL, and the links that lead there.

GraphiQL takes the project at hand as `?project=entity/name`, and opens a call (`&call=ID`) or a version of an object
(`&object=NAME&version=DIGEST`, of an op with `&kind=op`) of it. `?query=...&variables=...` opens any operation.
"""

from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["page_routes"]

ASSETS = Path(__file__).parent / "assets"
PLAYGROUND = "/graphiql"

NOT_BUILT = """The pages of this checkout are not built yet.

Build them with

    make assets

or, without make, in the folder of the checkout

    .venv/bin/python web/build.py
"""

# Nothing is loaded from another host, and nothing of another host may frame the page. The editor sets styles on its
# elements and starts its workers from scripts of its own.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def page_routes(assets: Path = ASSETS) -> list[BaseRoute]:
    """The routes of the pages. `assets` is the folder that web/build.py writes.

    Weave's SDKs print `/{entity}/{project}/r/call/{id}` as the link of a call, `/{entity}/{project}/weave` as that of a
    project, and `/{entity}/{project}/weave/objects/{name}/versions/{version}` as that of an object (`ops` of an op).
    """
    folder = assets / "graphiql"
    page = folder / "index.html"

    def playground(_: Request) -> Response:
        if not page.is_file():
            return PlainTextResponse(NOT_BUILT, 503)
        headers = {
            "cache-control": "no-cache",
            "content-security-policy": POLICY,
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
        }
        return FileResponse(page, headers=headers, media_type="text/html")

    return [
        Route("/", _to_playground),
        Route(PLAYGROUND, playground),
        Mount(f"{PLAYGROUND}/assets", _Bundles(directory=folder / "assets", check_dir=False)),
        Route("/{entity}/{project}/r/call/{call_id}", _to_call),
        Route("/{entity}/{project}/weave", _to_project),
        Route("/{entity}/{project}/weave/objects/{name}/versions/{version}", _to_object),
        Route("/{entity}/{project}/weave/ops/{name}/versions/{version}", _to_op),
    ]


class _Bundles(StaticFiles):
    """Files whose names hold a digest of their content, so that a browser may keep them."""

    async def check_config(self) -> None:
        """A folder that is not there has no files: 404."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def _to_playground(_: Request) -> Response:
    return RedirectResponse(PLAYGROUND, 302)


def _to_project(request: Request) -> Response:
    return _about(request)


def _to_call(request: Request) -> Response:
    return _about(request, call=request.path_params["call_id"])


def _to_object(request: Request) -> Response:
    return _about(request, object=request.path_params["name"], version=request.path_params["version"])


def _to_op(request: Request) -> Response:
    return _about(request, object=request.path_params["name"], version=request.path_params["version"], kind="op")


def _about(request: Request, **what: str) -> Response:
    """The playground, on what of the project the path is about."""
    project = f"{request.path_params['entity']}/{request.path_params['project']}"
    return RedirectResponse(f"{PLAYGROUND}?{urlencode({'project': project, **what}, safe='/')}", 302)

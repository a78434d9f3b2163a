"""/docs/rest: the REST endpoints as a page and as an OpenAPI document."""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from rest_compat.openapi import openapi
from rest_compat.registry import Endpoint, document_of

__all__ = ["rest_page_routes"]

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>REST endpoints - Tracegraph</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #8884; padding: .4rem .6rem; text-align: left; vertical-align: top; }}
code, pre {{ font: 14px/1.4 ui-monospace, monospace; }}
pre {{ overflow-x: auto; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #16181d; color: #e6e6e6; }} a {{ color: #8ab4f8; }} }}
</style>
</head>
<body>
<h1>REST endpoints</h1>
<p>Each endpoint runs the GraphQL operation that stands beside it. With the header <code>X-Explain: graphql</code> a
request is answered with the document and the variables that it would run, and is not run;
<code>POST /rest/explain</code> with <code>{{"method", "path", "body"}}</code> does the same.
The shapes are in the <a href="/docs/rest/openapi.json">OpenAPI document</a>; the graph is at
<a href="/graphiql">/graphiql</a>.</p>
<table>
<thead><tr><th>Endpoint</th><th>What it does</th><th>Operation</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""

# Nothing is loaded and nothing runs; the one style sheet is in the page.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def rest_page_routes(endpoints: Sequence[Endpoint]) -> list[BaseRoute]:
    """The page and the document, each made when it is first asked for."""

    @cache
    def page() -> Response:
        return HTMLResponse(
            PAGE.format(rows="\n".join(map(_row, endpoints))),
            headers={"content-security-policy": POLICY, "x-content-type-options": "nosniff"},
        )

    @cache
    def document() -> Response:
        return JSONResponse(openapi(endpoints, version("tracegraph")))

    def show(_: Request) -> Response:
        return page()

    def describe(_: Request) -> Response:
        return document()

    return [Route("/docs/rest", show), Route("/docs/rest/openapi.json", describe)]


def _row(endpoint: Endpoint) -> str:
    source = document_of(endpoint.operation)
    return (
        f"<tr><td><code>{endpoint.method} {escape(endpoint.path)}</code></td><td>{escape(endpoint.summary)}</td>"
        f"<td><details><summary><code>{escape(endpoint.operation)}</code></summary>"
        f"<pre>{escape(source)}</pre></details></td></tr>"
    )

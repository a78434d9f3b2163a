import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from graphql import OperationDefinitionNode, parse, validate
from starlette.applications import Starlette

from graph.schema import schema
from server.pages import page_routes
from tests.server.serving import serving
from tests.server.toy import toy_routes

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "web" / "src" / "examples"


def client_of(assets: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=page_routes(assets)))
    return httpx.AsyncClient(transport=transport, base_url="http://pages")


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    bundles = tmp_path / "graphiql" / "assets"
    bundles.mkdir(parents=True)
    (bundles.parent / "index.html").write_text("<!doctype html><title>Tracegraph</title>")
    (bundles / "index-abc.js").write_text("run()")
    return tmp_path


async def test_the_root_leads_to_the_playground(assets: Path) -> None:
    async with client_of(assets) as client:
        response = await client.get("/")
    assert (response.status_code, response.headers["location"]) == (302, "/graphiql")


async def test_the_playground_may_load_from_its_own_host_only(assets: Path) -> None:
    async with client_of(assets) as client:
        page = await client.get("/graphiql")
        script = await client.get("/graphiql/assets/index-abc.js")
        missing = await client.get("/graphiql/assets/index-old.js")
    assert (page.status_code, page.text) == (200, "<!doctype html><title>Tracegraph</title>")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert (script.text, script.headers["cache-control"]) == ("run()", "public, max-age=31536000, immutable")
    assert missing.status_code == 404


async def test_pages_that_are_not_built_say_how_to_build_them(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        page = await client.get("/graphiql")
        script = await client.get("/graphiql/assets/index.js")
    assert page.status_code == 503
    assert "make assets" in page.text
    assert "web/build.py" in page.text
    assert script.status_code == 404


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/team/a%20b/r/call/0198", "/graphiql?project=team/a+b&call=0198"),
        ("/team/demo/r/call/a%22b%26c", "/graphiql?project=team/demo&call=a%22b%26c"),
        ("/team/d%C3%A9mo/weave", "/graphiql?project=team/d%C3%A9mo"),
        (
            "/team/demo/weave/objects/my-prompt/versions/Abc",
            "/graphiql?project=team/demo&object=my-prompt&version=Abc",
        ),
        ("/team/demo/weave/ops/greet/versions/Abc", "/graphiql?project=team/demo&object=greet&version=Abc&kind=op"),
    ],
)
async def test_the_links_of_the_sdks_lead_to_what_they_name(assets: Path, path: str, target: str) -> None:
    async with client_of(assets) as client:
        response = await client.get(path)
    assert (response.status_code, response.headers["location"]) == (302, target)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.graphql")), ids=lambda path: path.stem)
def test_each_example_is_valid_in_the_schema(path: Path) -> None:
    document = parse(path.read_text("utf-8"))
    assert validate(schema._schema, document) == []
    # Its first line is its description, its operation's name that of its tab.
    assert path.read_text("utf-8").startswith("# ")
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == path.stem.title().replace("-", "")


# In a browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    subprocess.run([sys.executable, "web/build.py"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with serving(Starlette(routes=[*toy_routes(), *page_routes()])) as address:
        yield address


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=arguments)
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_playground_runs_a_prefilled_operation_without_another_host(
    browser: Any, address: str, scheme: str, tmp_path: Path
) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1400, "height": 900})
    requests: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    link = urlencode({"query": "query Echo($text: String!) {\n  echo(text: $text)\n}", "variables": '{"text": "ä&b"}'})

    page.goto(f"http://{address}/graphiql?{link}")
    page.locator(".graphiql-query-editor", has_text="query Echo").wait_for()
    page.locator("button.graphiql-execute-button").click()
    page.locator(".graphiql-response", has_text='"echo": "ä&b"').wait_for()

    page.get_by_label("Show Documentation Explorer").click()
    page.locator(".graphiql-doc-explorer", has_text="Subscription").wait_for()
    page.get_by_label("Show GraphiQL Explorer").click()
    page.locator(".docExplorerWrap", has_text="byNumbers").wait_for()
    page.get_by_label("Show History").click()
    page.locator(".graphiql-history", has_text="Echo").wait_for()
    page.screenshot(path=tmp_path / "page.png")

    assert problems == []
    assert {urlsplit(url).netloc for url in requests if urlsplit(url).scheme in ("http", "https")} == {address}
    assert {urlsplit(url).scheme for url in requests} <= {"http", "blob", "data"}


@pytest.mark.browser
def test_the_playground_shows_the_values_of_a_subscription(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.goto(f"http://{address}/graphiql?" + urlencode({"query": "subscription { count(to: 4) }"}))
    page.locator(".graphiql-query-editor", has_text="count").wait_for()
    page.locator("button.graphiql-execute-button").click()
    page.locator(".graphiql-response", has_text='"count": 3').wait_for()

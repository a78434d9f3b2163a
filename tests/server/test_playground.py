"""GraphiQL in a browser, before a real server with the demo, on a machine that reaches nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.processes import ServerProcess, started

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
PROJECT, OTHER = "demo/agent", "demo/other"
TABS = ["NewestTraces", "CallTree", "FailingCalls", "CostByModel", "ObjectVersions", "TwoExperiments", "LiveTail"]
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True)
class Site:
    """A server with two demos."""

    server: ServerProcess
    failed: str
    """Path of the link to a call that failed."""


@pytest.fixture(scope="module")
def pages() -> None:
    subprocess.run([sys.executable, "web/build.py"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pages: None) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path_factory.mktemp('playground') / 'tracegraph.db'}"
    told = ""
    for project, seed in ((OTHER, "2"), (PROJECT, "1")):
        command = [sys.executable, "-m", "tracegraph", "demo", "--database-url", url, "--project", project]
        told = subprocess.run([*command, "--seed", seed], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    link = next(line.split()[-1] for line in told.splitlines() if "/r/call/" in line)
    with started(url) as server:
        yield Site(server, urlsplit(link).path)


@pytest.fixture
def server(site: Site) -> ServerProcess:
    return site.server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=list(CHROMIUM))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A browser of its own, with nothing remembered; what it asked for, and what went wrong in it."""

    browser: Any
    url: str
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def page(self, path: str = "/graphiql") -> Any:
        page = self.browser.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(f"{self.url}{path}")
        page.locator(".graphiql-query-editor .view-line").first.wait_for()
        return page


@contextmanager
def visiting(chromium: Any, url: str, *, problems: bool = False, **options: Any) -> Iterator[Visit]:
    """A visit of the page at ``url``; one without ``problems`` must have had none."""
    context = chromium.new_context(**options)
    visit = Visit(context, url)
    yield visit
    context.close()
    assert {urlsplit(each).netloc for each in visit.requests if urlsplit(each).scheme in ("http", "https", "ws")} == {
        urlsplit(url).netloc
    }
    assert {urlsplit(each).scheme for each in visit.requests} <= {"http", "ws", "blob", "data"}
    assert problems or visit.problems == []


def tabs(page: Any) -> list[str]:
    return [tab.text_content() for tab in page.locator(".graphiql-tab-button").all()]


def show(page: Any, title: str) -> None:
    page.locator(".graphiql-tab-button", has_text=title).last.click()
    page.locator(".graphiql-query-editor", has_text=title).wait_for()


def run(page: Any) -> None:
    page.locator("button.graphiql-execute-button").click()


def answer(page: Any, text: str) -> None:
    page.locator(".graphiql-response", has_text=text).wait_for()


def stored(page: Any, text: str) -> None:
    """Wait until the browser keeps ``text`` in a tab; in the page itself, whose policy lets no test evaluate code."""
    page.evaluate(
        """(text) => new Promise((resolve) => {
            const look = () =>
                localStorage.getItem('graphiql:tabState').includes(text) ? resolve() : requestAnimationFrame(look);
            look();
        })""",
        text,
    )


def variables(page: Any) -> list[Any]:
    """The variables of each tab."""
    kept = json.loads(page.evaluate("localStorage.getItem('graphiql:tabState')"))
    return [json.loads(tab["variables"]) for tab in kept["tabs"]]


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1400, 900), ("dark", 1280, 720)])
def test_the_first_look_has_a_tab_for_each_example_and_an_answer(
    chromium: Any, server: ServerProcess, scheme: str, width: int, height: int
) -> None:
    with visiting(chromium, server.url, color_scheme=scheme, viewport={"width": width, "height": height}) as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        # It runs by itself.
        answer(page, "Ticket T-928")
        assert tabs(page) == TABS
        assert page.get_by_label("Project", exact=True).input_value() == PROJECT
        assert page.title() == f"{PROJECT} · Tracegraph"
        ground = page.evaluate("getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor")
        assert (sum(map(int, ground[4:-1].split(","))) < 300) == (scheme == "dark")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("NewestTraces", '"name": "Ticket T-928'),
        ("CallTree", '"depth": 1'),
        ("FailingCalls", "TimeoutError"),
        ("CostByModel", "gpt-4o-mini"),
        ("ObjectVersions", '"versionIndex": 2'),
        ("TwoExperiments", '"improvedCount": 3'),
    ],
)
def test_each_example_shows_data(chromium: Any, server: ServerProcess, title: str, expected: str) -> None:
    with visiting(chromium, server.url, viewport={"width": 1400, "height": 4000}) as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        answer(page, "Ticket T-928")
        show(page, title)
        with page.expect_response(lambda response: title in (response.request.post_data or "")) as given:
            run(page)
        body = given.value.json()
        assert "errors" not in body, body
        assert expected in json.dumps(body, indent=2, ensure_ascii=False).replace('\\"', '"')
        answer(page, '"project": {')


def record(server: ServerProcess, name: str, project: str = PROJECT) -> None:
    call = {"project_id": project, "op_name": name, "started_at": "2026-11-22T03:00:00Z", "inputs": {}}
    server.post("/call/start", {"start": {**call, "attributes": {}}})


def test_the_live_tail_shows_calls_that_come_after_it_began(chromium: Any, server: ServerProcess) -> None:
    from playwright.sync_api import TimeoutError as Timeout

    with visiting(chromium, server.url) as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        answer(page, "Ticket T-928")
        show(page, "LiveTail")
        run(page)
        # Nobody hears when the server has begun to follow, so calls are made until one is shown.
        for number in range(60):
            record(server, f"early bird {number}")
            try:
                page.locator(".graphiql-response", has_text="early bird").wait_for(timeout=1000)
                break
            except Timeout:
                continue
        record(server, "second breakfast")
        answer(page, "second breakfast")
        answer(page, '"earlier": [')
        answer(page, "early bird")
        page.locator("button.graphiql-execute-button[aria-label^='Stop']").click()
        page.locator("button.graphiql-execute-button[aria-label^='Execute']").wait_for()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("query Other { serverInfo { status } }", '"status": "ok"'),
        ("query { serverInfo { status } }", '"status": "ok"'),
        ('subscription Other { calls(project: "demo/nobody") { __typename } }', None),
        ("query Other { 7 }", "Syntax Error: Expected Name, found Int '7'."),
    ],
)
def test_what_was_just_typed_is_run_as_it_stands(
    chromium: Any, server: ServerProcess, typed: str, expected: str | None
) -> None:
    with visiting(chromium, server.url) as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        answer(page, "Ticket T-928")
        page.locator(".graphiql-query-editor .view-line").first.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(typed)
        page.keyboard.press("Control+Enter")
        if expected:
            answer(page, expected)
        else:
            page.locator("button.graphiql-execute-button[aria-label^='Stop']").wait_for()
            assert f"{server.url.replace('http', 'ws', 1)}/graphql" in visit.requests


def test_a_returning_user_finds_the_tabs_that_were_left(chromium: Any, server: ServerProcess) -> None:
    with visiting(chromium, server.url) as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        answer(page, "Ticket T-928")
        show(page, "FailingCalls")
        page.locator(".graphiql-query-editor .view-line").first.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text("query Mine { serverInfo { version } }")
        stored(page, "query Mine")
        page.close()

        page = visit.page()
        page.locator(".graphiql-query-editor", has_text="query Mine").wait_for()
        assert tabs(page) == ["Mine" if tab == "FailingCalls" else tab for tab in TABS]
        page.close()

        # A link opens a tab of its own, once, and is not run.
        link = urlencode({"query": "query Linked($n: Int) { serverInfo { status } }", "variables": '{"n": 1}'})
        for _ in range(2):
            page = visit.page(f"/graphiql?{link}")
            page.locator(".graphiql-query-editor", has_text="query Linked").wait_for()
            assert tabs(page)[2:] == ["Mine", *TABS[3:], "Linked"]
            assert urlsplit(page.url).query == urlencode({"project": PROJECT})
            assert page.locator(".graphiql-response .view-line").all_text_contents() in ([], [""])
            page.close()


def test_examples_follow_the_project_and_other_tabs_do_not(chromium: Any, server: ServerProcess) -> None:
    with visiting(chromium, server.url) as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        answer(page, "Ticket T-928")
        show(page, "ObjectVersions")
        page.locator(".graphiql-query-editor .view-line").first.click()
        page.keyboard.press("Control+Home")
        page.keyboard.insert_text("# mine\n")
        stored(page, "# mine")

        with page.expect_navigation():
            page.get_by_label("Project", exact=True).select_option(OTHER)
        page.locator(".graphiql-query-editor .view-line").first.wait_for()
        assert urlsplit(page.url).query == urlencode({"project": OTHER})
        assert [each["project"] for each in variables(page)] == [*[OTHER] * 4, PROJECT, OTHER, OTHER]
        page.close()

        # It is remembered.
        page = visit.page()
        assert page.get_by_label("Project", exact=True).input_value() == OTHER


def test_the_link_of_a_call_shows_it_with_its_tree(chromium: Any, site: Site) -> None:
    with visiting(chromium, site.server.url, viewport={"width": 1400, "height": 2000}) as visit:
        page = visit.page(site.failed)
        answer(page, '"status": "ERROR"')
        answer(page, "did not answer; handed over to a person")
        show(page, "Call")
        assert tabs(page)[-1] == "Call"


def test_the_link_of_an_object_shows_the_version(chromium: Any, server: ServerProcess) -> None:
    with visiting(chromium, server.url) as visit:
        page = visit.page(f"/{PROJECT}/weave/objects/support-prompt/versions/v1")
        answer(page, "in three sentences at most")
        page.close()
        page = visit.page(f"/{PROJECT}/weave/ops/answer_ticket/versions/v0")
        answer(page, '"kind": "OP"')


def test_the_panel_opens_an_example_in_a_tab_of_its_own(chromium: Any, server: ServerProcess) -> None:
    with visiting(chromium, server.url) as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        answer(page, "Ticket T-928")
        page.get_by_label("Show Examples").click()
        page.get_by_role("button", name="Failing calls").click()
        page.locator(".graphiql-query-editor", has_text="FailingCalls").wait_for()
        # The tab has its name a moment after the editor has its text.
        page.locator(".graphiql-tab-button").nth(len(TABS)).filter(has_text="FailingCalls").wait_for()
        assert tabs(page) == [*TABS, "FailingCalls"]
        run(page)
        answer(page, '"totalCount"')
        for panel, text in (
            ("Documentation Explorer", "Subscription"),
            ("GraphiQL Explorer", "node"),
            ("History", "Fail"),
        ):
            page.get_by_label(f"Show {panel}").click()
            page.locator(".graphiql-plugin", has_text=text).wait_for()


def test_the_colours_can_be_switched(chromium: Any, server: ServerProcess) -> None:
    with visiting(chromium, server.url, color_scheme="light") as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        page.get_by_label("Open settings dialog").click()
        page.locator("[data-theme='dark']").click()
        page.locator("body.graphiql-dark").wait_for()
        page.close()
        page = visit.page()
        page.locator("body.graphiql-dark").wait_for()


def test_an_empty_server_tells_how_to_begin(chromium: Any, tmp_path: Path, pages: None) -> None:
    with started(f"sqlite:///{tmp_path / 'empty.db'}") as server, visiting(chromium, server.url) as visit:
        page = visit.page()
        panel = page.locator(".tracegraph-examples")
        panel.wait_for()
        told = panel.text_content()
        assert "tracegraph demo" in told
        assert f"export WF_TRACE_SERVER_URL={server.url}\n" in told
        assert tabs(page) == ["Welcome"]
        page.close()
        # As soon as there is something, it is shown.
        record(server, "greet", "team/first")
        page = visit.page()
        answer(page, '"name": "greet"')
        assert tabs(page) == TABS


def test_a_project_without_anything_says_so(chromium: Any, server: ServerProcess) -> None:
    with visiting(chromium, server.url) as visit:
        page = visit.page("/graphiql?project=team/nothing")
        told = page.locator(".tracegraph-examples")
        told.wait_for()
        assert "Nothing was written to team/nothing yet." in told.text_content()
        assert "tracegraph demo --project team/nothing" in told.text_content()


def test_errors_of_the_endpoint_can_be_read(chromium: Any, server: ServerProcess) -> None:
    with visiting(chromium, server.url, problems=True) as visit:
        page = visit.page(f"/graphiql?project={PROJECT}")
        answer(page, "Ticket T-928")
        page.route("**/graphql", lambda route: route.abort())
        run(page)
        answer(page, f"The server at {urlsplit(server.url).netloc} does not answer. Is `tracegraph serve` running?")
        page.unroute("**/graphql")
        page.route("**/graphql", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
        run(page)
        answer(page, "/graphql answered 502 Bad Gateway, which is not JSON: <h1>Bad gateway</h1>")
        page.unroute("**/graphql")
        # What the server refuses is told in its own words.
        page.locator(".graphiql-query-editor .view-line").first.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text("query Wrong { project(slug: 7) { id } }")
        run(page)
        answer(page, "String cannot represent a non string value: 7")

"""The nightly import of the catalogue: one session over a trace for each page."""

from collections.abc import Mapping

from db.json_text import JSONValue
from resolvers.calls.kinds import CallKind
from server.demo.objects import CLAUDE, EMBEDDER, Published
from server.demo.story import HOUR, SECOND, Call, Story
from server.demo.texts import PAGES, PRODUCTS

__all__ = ["tell_imports"]

NIGHTS = ((33.0, "import-2"), (9.0, "import-1"))
"""Hours before the end, and the name of the session."""


def tell_imports(story: Story, published: Published, end: int) -> None:
    """Add two nights."""
    for night, (hours, session) in enumerate(NIGHTS):
        at = end - int(hours * HOUR)
        for number, page in enumerate(PAGES):
            url = f"https://fjord.example/catalogue/{page}"
            with story.trace(
                "import_page",
                {"url": url, "known": published.files["products.csv"]},
                CallKind.CHAIN,
                at=at,
                user="nightly",
                session=session,
                attributes={"env": "prod", "page": number},
            ) as root:
                _import(root, url, number, night)
            at = root.trace.clock + 3 * SECOND


def _import(root: Call, url: str, number: int, night: int) -> None:
    gone = number == 5 + night
    for attempt in (1, 2):
        again: Mapping[str, JSONValue] = {"retry": {"attempt": 2}} if attempt > 1 else {}
        with root.call("fetch_page", {"url": url}, CallKind.TOOL, attributes=again) as fetch:
            if gone or (number == 3 and attempt == 1):
                fetch.takes(0.1 if gone else 10)
                kind, message = ("HTTPError", "404 Not Found") if gone else ("TimeoutError", "no answer in 10 s")
                fetch.fails(kind, f"{url}: {message}", "web.py")
            else:
                fetch.takes(0.6)
                # Two pages are long, so that lists have something to cut.
                text = f"{url}\n" + "Warm, light, and made to last. " * (900 if number in {0, 4} else 12)
                fetch.output = {"status": 200, "text": text}
        if fetch.exception is None or gone:
            break
    if gone:
        root.fails("HTTPError", f"{url}: 404 Not Found", "import.py")
        return
    products: list[JSONValue] = [PRODUCTS[number % 4], PRODUCTS[(number + 1) % 4]]
    with root.call("extract_products", {"page": url}, CallKind.CHAIN) as extract:
        messages: JSONValue = [{"role": "user", "content": f"List the products of {url} as JSON."}]
        with extract.call("chat", {"model": CLAUDE, "messages": messages}, CallKind.LLM) as chat:
            chat.takes(2.2)
            chat.uses(CLAUDE, 6200 if number in {0, 4} else 480 + 13 * number, 210)
            chat.output = {"model": CLAUDE, "content": [{"type": "text", "text": str(products)}]}
        extract.output = products
    with root.call("store_products", {"products": products}, CallKind.TOOL) as store:
        with store.call("embed", {"texts": len(products), "model": EMBEDDER}, CallKind.EMBEDDING) as embed:
            embed.takes(0.1)
            embed.uses(EMBEDDER, 64 + number, 0)
            embed.output = {"dimensions": 1536, "vectors": len(products)}
        store.takes(0.05)
        store.output = {"stored": len(products)}
    root.output = {"products": len(products)}

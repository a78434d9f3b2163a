"""The command `tracegraph demo`: fills the project, and says what it has and where to look."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import quote

from db.engines import Database
from resolvers.callers import LOCAL
from resolvers.context import Context, now
from server.demo.arguments import Plan
from server.demo.fill import Filled, fill
from server.settings import Settings

__all__ = ["run_demo"]


def run_demo(plan: Plan, settings: Settings) -> str:
    """Fill the project in the database of the settings, which is up to date; returns what to tell the user.

    A server may run on the same database meanwhile. Raises Refusal.
    """

    async def run() -> Filled:
        database = Database(settings.database_url)
        try:
            return await fill(Context(database, LOCAL), plan, now())
        finally:
            await database.close()

    return _told(plan, asyncio.run(run()), f"http://127.0.0.1:{settings.port}")


def _told(plan: Plan, filled: Filled, url: str) -> str:
    end = datetime.fromtimestamp(filled.end / 1_000_000, UTC).replace(microsecond=0)
    holds = (
        f"{filled.traces} traces with {filled.calls:,} calls, {filled.feedback} pieces of feedback "
        f"and {filled.versions} versions of objects and ops"
    )
    said = f"{plan.project} now holds" if filled.added else f"Nothing is new: {plan.project} holds"
    path = quote(plan.project)
    links = {
        "queries to begin with": f"{url}/graphiql?project={path}",
        "a call that failed": f"{url}/{path}/r/call/{filled.failed}",
    }
    if filled.tree is not None:
        links[f"a tree of {plan.calls:,} calls"] = f"{url}/{path}/r/call/{filled.tree}"
    width = max(map(len, links))
    lines = [
        f"{said} {holds},",
        f"from the ten days before {end.isoformat().replace('+00:00', 'Z')} (seed {filled.seed}).",
        "",
        "While `tracegraph serve` runs, open",
        *(f"  {name:<{width}}  {link}" for name, link in links.items()),
    ]
    return "\n".join(lines) + "\n"

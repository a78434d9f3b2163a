"""What the server says of itself."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import Connection, literal, select

from resolvers.context import Context

__all__ = ["MIN_WEAVE_PYTHON_VERSION", "TRACE_SERVER_VERSION", "ServerInfo", "server_info"]

MIN_WEAVE_PYTHON_VERSION = "0.51.0"
"""The oldest Weave SDK whose calls are understood; an older one switches itself off."""

TRACE_SERVER_VERSION = "0.54.0"
"""What the newest SDK compares with the trace server that it needs."""


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Versions, and whether the database answers."""

    status: str
    version: str
    min_required_weave_python_version: str
    trace_server_version: str


def own_version() -> str:
    """The version of this distribution; of a checkout that is not installed, ``0+unknown``."""
    try:
        return version("tracegraph")
    except PackageNotFoundError:
        return "0+unknown"


async def server_info(context: Context) -> ServerInfo:
    """Asks the database, so that an answer means that requests can be served."""

    def ask(connection: Connection) -> None:
        connection.execute(select(literal(1)))

    await context.read(ask)
    return ServerInfo("ok", own_version(), MIN_WEAVE_PYTHON_VERSION, TRACE_SERVER_VERSION)

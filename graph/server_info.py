"""What the server says of itself."""

import strawberry

from graph.context import Info, context_of
from graph.fields import column
from resolvers.server_info import server_info

__all__ = ["ServerInfo", "ServerInfoQueries"]


@strawberry.type(description="The server itself.")
class ServerInfo:
    """``resolvers.server_info.ServerInfo``."""

    status: str = column("`ok` where the database answers.")
    version: str = column("Version of this server.")
    min_required_weave_python_version: str = column("The oldest Weave SDK for Python that it serves.")
    trace_server_version: str = column("Version of the Weave trace server that it stands in for.")


@strawberry.type
class ServerInfoQueries:
    """The part of Query about the server."""

    @strawberry.field(description="The server itself; an error where its database does not answer.")
    async def server_info(self, info: Info) -> ServerInfo:
        """Asks the database."""
        return await server_info(context_of(info))  # type: ignore[return-value]  # the same fields

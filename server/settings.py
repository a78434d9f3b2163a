"""The settings: one table, the fields of `Settings`.

The command line, the environment variables, docs/settings.md and every message about a wrong value derive from it.
A flag beats its environment variable, which beats the default.
"""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from sqlalchemy import URL

from server.setting_checks import CHECKS, SettingsError

__all__ = ["SETTINGS", "Setting", "Settings", "load"]

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SIZES = {"": 1, "kib": KIB, "mib": MIB, "gib": GIB}
BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def _default_data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    base = Path(environ.get("XDG_DATA_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".local" / "share") / "tracegraph"


def _setting(
    default: object = MISSING,
    *,
    help: str,  # noqa: A002 -- argparse's word for the same text
    default_factory: Any = MISSING,
    shown: str = "",
    minimum: int | None = None,
    maximum: int | None = None,
    unit: Literal["", "bytes", "seconds"] = "",
    secret: bool = False,
) -> Any:
    """A field of `Settings`; `shown` stands in the documentation for a default that depends on the machine.

    A secret one is left out of what is printed of the settings.
    """
    metadata = {"help": help, "shown": shown, "minimum": minimum, "maximum": maximum, "unit": unit}
    if default is MISSING:
        return field(default_factory=default_factory, metadata=metadata)
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the server runs with. Sizes are bytes, times are seconds."""

    host: str = _setting("127.0.0.1", help="Address to listen on.")
    port: int = _setting(8464, help="Port to listen on; 0 takes a free one.", minimum=0, maximum=65535)
    data_dir: Path = _setting(
        default_factory=_default_data_dir,
        shown="`$XDG_DATA_HOME/tracegraph`, or `~/.local/share/tracegraph`",
        help="Folder of the SQLite database; made if it is missing.",
    )
    database_url: str = _setting(
        "",
        shown="`sqlite:///DATA_DIR/tracegraph.db`",
        help="Database: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.",
    )
    database_direct_url: str = _setting(
        "",
        shown="`database_url`",
        help="Where `database_url` leads to a pooler of PostgreSQL connections, such as pgbouncer: the same database "
        "without it. Two connections of each process go there, which tell subscriptions of changes; without them "
        "events come up to a second late.",
    )
    auth: Literal["off", "keys"] = _setting(
        "off",
        help="Who may use the server. With `off` everyone who reaches it may read and write everything. "
        "`keys` is not available yet: the server refuses to start with it.",
    )
    expose_without_auth: bool = _setting(
        default=False,
        help="With `off` said for `auth` as well: listen on an address that other machines may reach.",
    )
    workers: int = _setting(1, help="Server processes that share the port.", minimum=1, maximum=256)
    read_pool_size: int = _setting(8, help="Database connections a process reads with.", minimum=1, maximum=1000)
    write_queue_bytes: int = _setting(
        256 * MIB,
        help="Payloads that may wait to be written at a time, in each process. What comes then is refused with status "
        "503 and `Retry-After`, and nothing of it is written; SDKs send it again (`docs/storage.md`).",
        minimum=KIB,
        unit="bytes",
    )
    write_queue_requests: int = _setting(
        10_000, help="Writes that may wait at a time, in each process; refused as above.", minimum=1
    )
    query_timeout: int = _setting(
        60,
        help="Longest run of one statement that reads; what takes longer is stopped and refused, and the refusal names "
        "the index that would help (`docs/indexes.md`). 0 is no limit.",
        minimum=0,
        maximum=86_400,
        unit="seconds",
    )
    indexed_paths: str = _setting(
        "",
        shown="none",
        help="Paths inside the JSON of calls, separated by commas, such as `inputs.model, attributes.customer.id`: in "
        "all projects they are indexed, when the server starts. `tracegraph index` makes and drops such indexes, too.",
    )
    shutdown_grace: int = _setting(
        30, help="How long open requests may take to finish after SIGTERM or Ctrl-C.", minimum=0, unit="seconds"
    )
    log_level: Literal["critical", "error", "warning", "info", "debug"] = _setting(
        "info", help="What the server logs on standard error."
    )
    access_log: bool = _setting(default=False, help="Log a line for each request.")
    max_body_bytes: int = _setting(100 * MIB, help="Largest body of a REST request.", minimum=KIB, unit="bytes")
    max_upload_bytes: int = _setting(256 * MIB, help="Largest file of an upload.", minimum=KIB, unit="bytes")
    graphql_max_body_bytes: int = _setting(
        32 * MIB, help="Largest body of a GraphQL request, variables included.", minimum=KIB, unit="bytes"
    )
    graphql_max_source_length: int = _setting(
        200_000, help="Most characters of a GraphQL document.", minimum=1000, maximum=100_000_000
    )
    graphql_max_tokens: int = _setting(5000, help="Most tokens of a GraphQL document.", minimum=100)
    graphql_max_operations: int = _setting(50, help="Most operations of a GraphQL document.", minimum=1)
    graphql_max_depth: int = _setting(15, help="Deepest nesting of fields in a GraphQL document.", minimum=1)
    graphql_max_aliases: int = _setting(100, help="Most aliases of a GraphQL document, fragments expanded.", minimum=0)
    graphql_max_fields: int = _setting(1000, help="Most fields of a GraphQL document, fragments expanded.", minimum=1)
    graphql_max_root_fields: int = _setting(
        50, help="Most fields at the root of a GraphQL operation, under aliases too.", minimum=1
    )
    graphql_max_repetitions: int = _setting(
        50, help="How often a GraphQL operation may select one place of its answer.", minimum=1
    )
    graphql_max_cost: int = _setting(
        500_000, help="Highest cost of a GraphQL document: the weights of its fields times the page sizes.", minimum=1
    )
    graphql_max_batch: int = _setting(10, help="Most operations of a GraphQL request.", minimum=1)
    graphql_max_streams: int = _setting(
        20_000,
        help="Most WebSockets and event streams that are open at a time in a process, and most operations on all its "
        "WebSockets together.",
        minimum=0,
    )
    graphql_max_streams_per_connection: int = _setting(
        1000, help="Most operations that are open at a time on one WebSocket.", minimum=1
    )
    trusted_documents: str = _setting(
        "",
        shown="none",
        help="File of the GraphQL documents that clients may name by their SHA-256, in JSON; `docs/graphql-http.md` "
        "has its forms.",
    )
    trusted_documents_mode: Literal["optional", "required"] = _setting(
        "optional", help="With `required` clients may run no other documents; GraphiQL then shows the schema no more."
    )
    federation_type_prefix: str = _setting(
        "",
        shown="none",
        help="Put before the names of types in the GraphQL schema where other teams of a federated graph have types of "
        "the same names: `Trace` makes `Session` `TraceSession`. Scalars, `Node`, `PageInfo` and `User` keep theirs.",
    )
    federation_field_prefix: str = _setting(
        "",
        shown="none",
        help="Put before the names of the fields of Query, Mutation and Subscription: `trace` makes `project` "
        "`traceProject`. `node`, `nodes` and `viewer` keep theirs.",
    )
    federation_omit: str = _setting(
        "node,nodes,viewer,user",
        help="What gateways are not told of the schema, separated by commas, by the names without a prefix: fields of "
        "Query, Mutation and Subscription (`project`, or `Query.project`), or a whole one of them (`Mutation`).",
    )
    federation_entities: str = _setting(
        "",
        shown="none",
        help="Entities of a federated graph that calls name, by what they carry, separated by semicolons: "
        "`Customer.id = attributes.customer.id; Order.number: String = inputs.order` adds the types `Customer` and "
        "`Order` with their keys, and what calls tell of each. `docs/users.md` says more.",
    )
    honeyhive_project: str = _setting(
        "default/default",
        help="Project, as `entity/name`, of requests to the API of HoneyHive, which name none: with `auth` off any key "
        "is taken for one of this project.",
    )
    otlp_grpc_port: int = _setting(
        4317,
        help="Port, on the same address, for spans of OpenTelemetry over gRPC; 0 for none. It is listened on where the "
        "extra `tracegraph[grpc]` is installed, by one of the workers, and a port that is taken does not keep the "
        "server from starting.",
        minimum=0,
        maximum=65535,
    )
    search: Literal["on", "off"] = _setting(
        "on",
        help="Whether what calls say can be searched (`search:` on lists of calls). The texts of names, inputs and "
        "outputs are kept once more for it, with an index of trigrams: about twice the room of what was recorded, on "
        "PostgreSQL more. They are written in the background, after calls were acknowledged; `off` leaves what is "
        "written as it is, and `on` goes on from there.",
    )
    provider_base_url: str = _setting(
        "",
        shown="none; with a key alone, `https://api.openai.com/v1`",
        help="Where language models run, for completions, images, actions and evaluations: the base URL of any server "
        "with OpenAI's API. Without this and a key those requests are refused.",
    )
    provider_api_key: str = _setting(
        "",
        shown="none",
        secret=True,
        help="Key of that server. It is never logged and never part of a trace; as a flag it can be seen in the list "
        "of processes, so better use the variable.",
    )
    provider_timeout: int = _setting(
        120, help="Longest wait for an answer of the provider.", minimum=1, maximum=86_400, unit="seconds"
    )
    provider_retries: int = _setting(
        2, help="How often a request is sent again when the provider is busy or fails.", minimum=0, maximum=10
    )
    metric_timeout: int = _setting(
        # HoneyHive's SDK waits 5 seconds for an answer.
        3,
        help="Longest run of the code of a PYTHON metric on one event.",
        minimum=1,
        maximum=600,
        unit="seconds",
    )
    metric_memory: int = _setting(
        128 * MIB,
        help="Most memory of such a run; the event, parsed, is part of it.",
        minimum=8 * MIB,
        unit="bytes",
    )
    metric_workers: int = _setting(
        2,
        help="Most processes in which a server process runs PYTHON metrics, each with that much memory, and one more "
        "for runs of a quarter of a second. They are started where such metrics run.",
        minimum=1,
        maximum=256,
    )
    metric_concurrency: int = _setting(
        4,
        help="Metrics that a server process runs on new calls at a time; those that somebody asks for come on top.",
        minimum=1,
        maximum=1000,
    )
    metric_backlog: int = _setting(
        1000,
        help="Runs of metrics on new calls that may wait in a project. Calls that end beyond it wait where they are, "
        "and none is left out.",
        minimum=1,
        maximum=1_000_000,
    )

    def __post_init__(self) -> None:
        if not self.database_url:
            url = URL.create("sqlite", database=str(self.data_dir.absolute() / "tracegraph.db"))
            object.__setattr__(self, "database_url", url.render_as_string(hide_password=False))


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table, as the command line, the environment and the documentation see it."""

    name: str
    type: Any
    default: str
    help: str
    minimum: int | None
    maximum: int | None
    unit: str

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        return f"TRACEGRAPH_{self.name.upper()}"

    @property
    def choices(self) -> tuple[str, ...]:
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def values(self) -> str:
        """The values it takes, in words."""
        if self.choices:
            return " or ".join(", ".join(self.choices).rsplit(", ", 1))
        if self.type is bool:
            return "true or false"
        if self.type is not int:
            return {Path: "a folder"}.get(self.type, "text")
        noun = {"bytes": "a size in bytes, or in KiB, MiB, GiB,", "seconds": "a whole number of seconds"}
        low = "" if self.minimum is None else f" from {self.minimum}"
        high = "" if self.maximum is None else f" to {self.maximum}"
        return f"{noun.get(self.unit, 'a whole number')}{low}{high}"

    def parse(self, text: str, source: str) -> object:
        """The value that `text` stands for; raises SettingsError, which names `source` and `text`."""
        value: object = None
        if self.choices:
            value = text if text in self.choices else None
        elif self.type is bool:
            value = BOOLEANS.get(text.lower())
        elif self.type is int:
            value = self._number(text)
        elif self.type is Path:
            return Path(text).expanduser().absolute()
        else:
            check = CHECKS.get(self.name)
            return text if check is None else check(text, source)
        if value is None:
            raise SettingsError(f"{source}: {text!r} is not {self.values}")
        return value

    def _number(self, text: str) -> int | None:
        pattern = r"([0-9]{1,18})\s*(kib|mib|gib|)" if self.unit == "bytes" else r"([0-9]{1,18})()"
        match = re.fullmatch(pattern, text.strip().lower())
        if match is None:
            return None
        number = int(match[1]) * SIZES[match[2]]
        below = self.minimum is not None and number < self.minimum
        above = self.maximum is not None and number > self.maximum
        return None if below or above else number


def _table() -> dict[str, Setting]:
    table = {}
    for each in fields(Settings):
        default = each.metadata["shown"] or _shown(each.default, each.metadata["unit"])
        about = {key: each.metadata[key] for key in ("help", "minimum", "maximum", "unit")}
        table[each.name] = Setting(name=each.name, type=each.type, default=default, **about)
    return table


def _shown(value: object, unit: str) -> str:
    if unit == "bytes" and isinstance(value, int):
        return f"`{value // MIB}MiB`"
    return f"`{str(value).lower()}`"


SETTINGS = _table()


def load(
    given: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
    names: Collection[str] = tuple(SETTINGS),
) -> Settings:
    """The settings from `given` (flags: setting name to text) and `environ`, as far as `names` goes.

    An empty environment variable counts as unset. Raises SettingsError.
    """
    given = given or {}
    values: dict[str, Any] = {"data_dir": _default_data_dir(environ)}
    for name in names:
        setting = SETTINGS[name]
        if name in given:
            values[name] = setting.parse(given[name], setting.flag)
        elif environ.get(setting.variable):
            values[name] = setting.parse(environ[setting.variable], setting.variable)
    settings = Settings(**values)
    _check_access(settings, said="auth" in values)
    if settings.trusted_documents_mode == "required" and not settings.trusted_documents:
        raise SettingsError("trusted_documents_mode: 'required' needs the file of trusted_documents")
    return settings


def _check_access(settings: Settings, *, said: bool) -> None:
    """Refuse what would leave traces open to others; `said` tells that `auth` was given and not just the default."""
    if settings.auth == "keys":
        raise SettingsError("auth: 'keys' is not available yet, this version has no API keys; the only choice is 'off'")
    if not _is_loopback(settings.host) and not (said and settings.expose_without_auth):
        raise SettingsError(
            f"host: {settings.host!r} may be reached from other machines, and without authentication everyone there "
            "may read and write everything. If that is meant, give both --auth off and --expose-without-auth"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

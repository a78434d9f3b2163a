"""The command line: `tracegraph serve`, `demo`, `migrate`, `index`, `schema`.

Exit codes: 0 done, 1 it could not be done, 2 the command line or a setting is wrong.
"""

import argparse
import sys
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path

from server.demo.arguments import ArgumentError, plan_of
from server.demo.arguments import add_arguments as add_demo_arguments
from server.index_arguments import IndexArgumentError, add_index_arguments
from server.setting_checks import SettingsError
from server.settings import SETTINGS, Setting, Settings, load

__all__ = ["main"]

MIGRATE_SETTINGS = ("data_dir", "database_url")
SCHEMA_SETTINGS = ("federation_type_prefix", "federation_field_prefix", "federation_entities")
DEMO_SETTINGS = (*MIGRATE_SETTINGS, "port")


def main(arguments: Sequence[str]) -> int:
    """Run the command line `arguments` (without the program's name); returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except SettingsError as error:
        return _fail(str(error), 2)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tracegraph", description="A trace server for LLM applications.")
    parser.add_argument("--version", action="version", version=f"tracegraph {version('tracegraph')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the server", description="Run the server.")
    _add_settings(serve, tuple(SETTINGS))
    serve.set_defaults(run=_serve)

    about = (
        "Fill a project with believable traces, so that the first look is not empty. A server may run meanwhile. "
        "A second run into the same project adds nothing twice."
    )
    demo = commands.add_parser("demo", help="fill a project with believable traces", description=about)
    add_demo_arguments(demo)
    _add_settings(demo, DEMO_SETTINGS)
    demo.set_defaults(run=_demo)

    about = "Bring the database to the schema of this version. The server does so itself when it starts."
    migrate = commands.add_parser("migrate", help="bring the database up to date", description=about)
    _add_settings(migrate, MIGRATE_SETTINGS)
    migrate.set_defaults(run=_migrate)

    about = "Indexes on paths inside the JSON of calls (docs/indexes.md). A server may run meanwhile."
    index = commands.add_parser("index", help="add, remove and list indexes on JSON paths", description=about)
    for command in add_index_arguments(index):
        _add_settings(command, MIGRATE_SETTINGS)
    index.set_defaults(run=_index)

    about = "Print the GraphQL schema, or compare it with an earlier print."
    schema = commands.add_parser("schema", help="print the GraphQL schema", description=about)
    compare = (
        "print how the schema differs from FILE, each difference as safe, dangerous or breaking; exit code 1 if so"
    )
    schema.add_argument("--compare", metavar="FILE", type=Path, help=compare)
    _add_settings(schema, SCHEMA_SETTINGS)
    schema.set_defaults(run=_schema)
    return parser


def _add_settings(parser: argparse.ArgumentParser, names: Collection[str]) -> None:
    """A flag a setting. It keeps the text as given: `server.settings.load` reads it."""
    for name in names:
        setting = SETTINGS[name]
        about = f"{setting.help} [{setting.variable}; default {setting.default}]"
        about = about.replace("`", "").replace("%", "%%")
        if setting.type is bool:
            parser.add_argument(
                setting.flag, action="store_const", const="true", dest=name, default=argparse.SUPPRESS, help=about
            )
            parser.add_argument(
                f"--no-{setting.flag[2:]}",
                action="store_const",
                const="false",
                dest=name,
                default=argparse.SUPPRESS,
                help=argparse.SUPPRESS,
            )
        else:
            parser.add_argument(
                setting.flag, metavar=_metavar(setting), dest=name, default=argparse.SUPPRESS, help=about
            )


def _metavar(setting: Setting) -> str:
    if setting.choices:
        return f"{{{','.join(setting.choices)}}}"
    return setting.unit.upper() or setting.name.rsplit("_", 1)[-1].upper()


def _load(options: argparse.Namespace, names: Collection[str] = tuple(SETTINGS)) -> Settings:
    return load({name: value for name, value in vars(options).items() if name in names}, names=names)


def _serve(options: argparse.Namespace) -> int:
    settings = _load(options)
    from server.serve import StartError, serve

    try:
        return serve(settings)
    except StartError as error:
        return _fail(str(error), 1)


def _demo(options: argparse.Namespace) -> int:
    from resolvers.errors import Refusal
    from server.demo.command import run_demo
    from server.serve import StartError, prepare_database, using_database

    settings = _load(options, DEMO_SETTINGS)
    try:
        plan = plan_of(options)
        prepare_database(settings.database_url)
        with using_database(settings.database_url):
            report = run_demo(plan, settings)
    except ArgumentError as error:
        return _fail(str(error), 2)
    except StartError as error:
        return _fail(str(error), 1)
    except Refusal as refusal:
        return _fail(refusal.message, 1)
    sys.stdout.write(report)
    return 0


def _migrate(options: argparse.Namespace) -> int:
    settings = _load(options, MIGRATE_SETTINGS)
    from server.serve import StartError, prepare_database

    try:
        prepare_database(settings.database_url)
    except StartError as error:
        return _fail(str(error), 1)
    return 0


def _index(options: argparse.Namespace) -> int:
    from server.path_indexes import run_index_command
    from server.serve import StartError

    settings = _load(options, MIGRATE_SETTINGS)
    try:
        run_index_command(options, settings.database_url)
    except IndexArgumentError as error:
        return _fail(str(error), 2)
    except StartError as error:
        return _fail(str(error), 1)
    return 0


def _schema(options: argparse.Namespace) -> int:
    from graphql import GraphQLSyntaxError

    from server.schema_diff import compare, printed_schema

    schema = printed_schema(_load(options, SCHEMA_SETTINGS))
    if options.compare is None:
        sys.stdout.write(schema)
        return 0
    name = str(options.compare)
    try:
        differences = compare(options.compare.read_text("utf-8"), schema)
    except OSError as error:
        return _fail(f"--compare: cannot read {name!r}: {error.strerror}", 2)
    except (GraphQLSyntaxError, UnicodeDecodeError) as error:
        return _fail(f"--compare: {name!r} is no schema: {getattr(error, 'message', error)}", 2)
    sys.stdout.writelines(f"{line}\n" for line in differences)
    return 1 if differences else 0


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"tracegraph: {message}\n")
    return code

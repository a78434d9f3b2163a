"""What `tracegraph index` takes."""

import argparse

__all__ = ["ALL", "IndexArgumentError", "add_index_arguments"]

ALL = "all"
"""In the place of a project: all of them."""


class IndexArgumentError(ValueError):
    """What cannot be indexed; the message names it."""


def add_index_arguments(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The commands below `index`; returns their parsers, which need the settings of the database."""
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="index_command")
    parsers = []
    for name, about in (
        ("add", "Index what stands at a path inside the JSON of calls, such as inputs.model."),
        ("remove", "Drop such an index."),
        ("list", "List the indexes: a line each, the project or `all`, and the path."),
    ):
        command = commands.add_parser(name, help=about.lower().rstrip("."), description=about)
        if name != "list":
            command.add_argument("project", metavar="PROJECT", help="slug of the project, entity/name; `all` for all")
            command.add_argument("path", metavar="PATH", help="path below attributes, inputs, output or summary")
        parsers.append(command)
    return parsers

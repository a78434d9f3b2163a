"""`tracegraph index add`, `remove` and `list`, and the setting `indexed_paths`."""

import argparse
import sys

from sqlalchemy import Engine

from db.engines import preparing
from db.path_indexes.changes import add_path_index, path_indexes_of, prepare_path_indexes, remove_path_index
from db.path_indexes.known import know
from db.path_indexes.paths import EVERY_PROJECT, PathIndex, parse_path
from db.query.expression import QueryError
from resolvers.callers import check_slug
from resolvers.errors import InvalidInputError
from server.index_arguments import ALL, IndexArgumentError
from server.serve import prepare_database, using_database

__all__ = ["index_paths", "run_index_command"]


def index_paths(engine: Engine, setting: str) -> None:
    """Make the indexes of the setting that are missing, and know all that there are."""
    paths = filter(None, map(str.strip, setting.split(",")))
    know(prepare_path_indexes(engine, map(parse_path, paths)))


def run_index_command(options: argparse.Namespace, url: str) -> None:
    """Do what the command line says, and print what was done. Raises IndexArgumentError, StartError."""
    if options.index_command == "list":
        prepare_database(url)
        with using_database(url), preparing(url) as engine:
            found = path_indexes_of(engine)
        sys.stdout.writelines(f"{_shown(index)}\n" for index in found)
        return
    index = _index_of(options.project, options.path)
    prepare_database(url)
    with using_database(url), preparing(url) as engine:
        if options.index_command == "add":
            done = "added" if add_path_index(engine, index) else "was there already"
        else:
            done = "removed" if remove_path_index(engine, index) else "was not there"
    sys.stdout.write(f"{_shown(index)}: {done}\n")


def _index_of(project: str, path: str) -> PathIndex:
    try:
        return PathIndex(EVERY_PROJECT if project == ALL else check_slug(project), parse_path(path))
    except QueryError as error:
        raise IndexArgumentError(error.message) from error
    except InvalidInputError as error:
        raise IndexArgumentError(f"{error.message}; or say all, for all projects") from error


def _shown(index: PathIndex) -> str:
    return f"{ALL if index.project == EVERY_PROJECT else index.project} {index.path}"

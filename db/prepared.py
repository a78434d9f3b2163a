"""Statements that are always the same but for their values: compiled once, and run straight on the driver's cursor.

What SQLAlchemy does around a statement (the key of its cache, the context of an execution, the result and its rows)
takes several times as long as a small statement itself. Of a prepared one it says once for each database what the
text is, in which order the values are bound and what is done with them, and with those that come back. Errors are those
that SQLAlchemy raises, and who listens to ``before_cursor_execute`` hears of it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from operator import methodcaller
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import UpdateBase
from sqlalchemy.sql.selectable import SelectBase

from db.metadata import read_name
from db.text import decode_text

__all__ = ["Prepared", "Rows", "Take", "UnpreparableError", "Values", "execute", "reader", "run_sql", "take_all"]

Values = Mapping[str, Any]
Rows = list[tuple[Any, ...]]
Take = Callable[[Any], Rows]
"""Takes rows from the driver's cursor, all of them or the first."""

take_all: Take = methodcaller("fetchall")


class UnpreparableError(TypeError):
    """A statement whose text depends on the values, or that SQLAlchemy gives values of its own; a fault of ours."""


class _Answer:
    """What a statement gives on one database."""

    __slots__ = ("_dialect", "_read", "_types", "columns")

    def __init__(self, compiled: SQLCompiler) -> None:
        entries = compiled._result_columns  # noqa: SLF001 - the types that rows are read by
        self.columns = tuple(entry.keyname for entry in entries)
        """The names of what comes back; none where nothing does."""

        self._dialect = compiled.dialect
        self._types = [entry.type for entry in entries]
        self._read: Callable[[Rows], Rows] | None = None

    def rows(self, cursor: Any, take: Take) -> Rows:
        """What is taken from a cursor that has run it, as the types of its columns read it."""
        if self._read is None:
            codes = [column[1] for column in cursor.description]  # the database's own types, the same each time
            typed = zip(self._types, codes, strict=True)
            self._read = reader(tuple(each._cached_result_processor(self._dialect, code) for each, code in typed))  # noqa: SLF001
        return self._read(take(cursor))


class _Text:
    """A statement as one database takes it."""

    __slots__ = ("answer", "bind", "sql")

    def __init__(self, compiled: SQLCompiler) -> None:
        self.sql = compiled.string
        self.bind = _binder(compiled)
        """Gives the values as the driver takes them."""

        self.answer = _Answer(compiled)


class Prepared:
    """A statement whose parameters are all named, and whose lists are bound as one value (``db.id_lists``).

    ``keys`` are the columns that an insert gives values to, where it does not name them itself.
    """

    __slots__ = ("_keys", "_texts", "invoked_statement")

    def __init__(self, statement: SelectBase | UpdateBase, keys: Collection[str] | None = None) -> None:
        self.invoked_statement = statement
        """Under the name that it has in SQLAlchemy's context of an execution."""

        self._keys = None if keys is None else list(keys)
        self._texts: dict[str, _Text] = {}

    def columns(self, connection: Connection) -> tuple[str, ...]:
        """The names of the columns that come back."""
        return self._text(connection.dialect).answer.columns

    def fetch(self, connection: Connection, values: Values, take: Take = take_all) -> Rows:
        """The rows that come back, as tuples."""
        text = self._text(connection.dialect)
        rows: Rows = run_sql(
            connection, text.sql, text.bind(values), take=lambda cursor: text.answer.rows(cursor, take), of=self
        )
        return rows

    def run(self, connection: Connection, values: Values) -> None:
        """Run it; nothing comes back."""
        text = self._text(connection.dialect)
        run_sql(connection, text.sql, text.bind(values), of=self)

    def run_many(self, connection: Connection, many: Iterable[Values]) -> None:
        """Run it once for each of the values; nothing comes back."""
        text = self._text(connection.dialect)
        bound = [text.bind(values) for values in many]
        if bound:
            run_sql(connection, text.sql, bound, many=True, of=self)

    def _text(self, dialect: Dialect) -> _Text:
        text = self._texts.get(dialect.name)
        if text is None:
            text = self._texts[dialect.name] = _compiled(self.invoked_statement, self._keys, dialect)
        return text


def run_sql(
    connection: Connection,
    sql: str,
    bound: Any = (),
    *,
    many: bool = False,
    take: Callable[[Any], Any] | None = None,
    of: Prepared | None = None,
) -> Any:
    """Run a text as the driver takes it, ``many`` times where so many values are bound; returns what ``take`` takes of
    the cursor.

    Raises what SQLAlchemy raises; a connection that is lost is not used again. ``connection`` is in a transaction of
    SQLAlchemy's where one of the database's must outlive an error.
    """
    driver: Any = connection.connection.dbapi_connection
    cursor = driver.cursor()
    try:
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, sql, bound, of, many)
        if many:
            cursor.executemany(sql, bound)
        else:
            cursor.execute(sql, bound)
        return None if take is None else take(cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        _raise(connection, error, sql, bound, cursor)
    finally:
        cursor.close()


_answers: WeakKeyDictionary[Any, _Answer] = WeakKeyDictionary()


def execute(
    connection: Connection, statement: Select[Any], bound: Values | None = None
) -> tuple[tuple[str, ...], Rows]:
    """Run a statement that is another each time; gives the names of its columns and its rows, as tuples.

    SQLAlchemy makes the text, which it remembers, and runs it; rows are taken from the driver's cursor.
    """
    result = connection.execute(statement, bound)
    compiled: Any = result.context.compiled
    answer = _answers.get(compiled)
    if answer is None:
        answer = _answers[compiled] = _Answer(compiled)
    cursor = result.cursor
    try:
        return answer.columns, answer.rows(cursor, take_all)
    except connection.dialect.loaded_dbapi.Error as error:
        _raise(connection, error, compiled.string, bound, cursor)
    finally:
        result.close()


def _raise(connection: Connection, error: Exception, sql: str, bound: Any, cursor: Any) -> NoReturn:
    """Raise what SQLAlchemy raises for an error of the driver; a connection that is lost is not used again."""
    connection._handle_dbapi_exception(error, sql, bound, cursor, None)  # noqa: SLF001 - it has no other name


def _compiled(statement: Any, keys: list[str] | None, dialect: Dialect) -> _Text:
    compiled = statement.compile(dialect=dialect, column_keys=keys)
    assert isinstance(compiled, SQLCompiler)
    prefetched = isinstance(statement, UpdateBase) and (compiled.insert_prefetch or compiled.update_prefetch)
    if compiled.post_compile_params or compiled.literal_execute_params or compiled.escaped_bind_names or prefetched:
        raise UnpreparableError(str(compiled))
    return _Text(compiled)


def _binder(compiled: SQLCompiler) -> Callable[[Values], Any]:
    """What orders and converts values; those that the statement has itself are converted here and now."""
    processors = compiled._bind_processors  # noqa: SLF001 - what SQLAlchemy does with them itself
    parameters = {name: parameter for parameter, name in compiled.bind_names.items()}
    known: dict[str, Any] = {}
    parts = {}
    for place, (name, parameter) in enumerate(parameters.items()):
        convert: Any = processors.get(name)
        if parameter.required:
            known[f"convert{place}"] = convert
            given = f"values[{parameter.key!r}]"
            parts[name] = given if convert is None else f"convert{place}({given})"
        else:
            value = parameter.effective_value
            known[f"value{place}"] = value if convert is None else convert(value)
            parts[name] = f"value{place}"
    if compiled.positional:
        order = compiled.positiontup or []
        source = f"({''.join(parts[name] + ', ' for name in order)})"
    else:
        source = f"{{{', '.join(f'{name!r}: {part}' for name, part in parts.items())}}}"
    return eval(f"lambda values: {source}", known)  # type: ignore[no-any-return]  # noqa: S307 - names of our own


@lru_cache(maxsize=256)
def reader(processors: tuple[Callable[[Any], Any] | None, ...]) -> Callable[[Rows], Rows]:
    """What makes rows of the driver's, by a function for each column that is not to stay as it is."""
    if not any(processors):
        return lambda rows: rows
    known: dict[str, Any] = {f"read{place}": processor for place, processor in enumerate(processors)}
    known["decode"] = decode_text
    taken = "".join(f"v{place}, " for place in range(len(processors)))
    made = "".join(f"{_read_value(place, processor)}, " for place, processor in enumerate(processors))
    return eval(f"lambda rows: [({made}) for {taken}in rows]", known)  # type: ignore[no-any-return]  # noqa: S307


def _read_value(place: int, processor: Callable[[Any], Any] | None) -> str:
    if processor is None:
        return f"v{place}"
    if processor is read_name:  # of which most rows have ten
        return f"(v{place} if v{place} is None or v{place}.isascii() else decode(v{place}))"
    return f"read{place}(v{place})"

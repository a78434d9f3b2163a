"""Making datapoints of objects by a mapping: which of an object's fields are inputs, history and ground truth.

A field is named as it is spelled, or by a dotted path (``db.query.fields.split_path``) into objects and lists:
``question``, ``context.user``, ``turns.0``; a name with dots in it is looked for as a whole first. The datapoint has
it under the last part of the path, or, where two paths of one list end alike, under the whole path. What an object
lacks is left out.

- A path that is called as its list is (``inputs`` among the inputs, ``ground_truth`` among the ground truth) and leads
  to an object stands for all fields of that object.
- Of history, a list of objects gives its items, an object itself, anything else ``{NAME: value}``, null nothing.
- What is not mapped is kept in the metadata; of a field ``metadata`` that is an object, its fields.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.json_members import members_of, object_of
from db.json_text import JSONText
from db.query.fields import split_path
from resolvers.datapoints.validate import NewDatapoint
from resolvers.errors import InvalidInputError
from resolvers.json_parts import is_list, is_object, items_of, list_of, value_at

__all__ = ["FieldMapping", "check_mapping", "map_history", "map_object", "named"]

MOST_PATHS = 1000


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """Paths of fields."""

    inputs: Sequence[str] = ()
    history: Sequence[str] = ()
    ground_truth: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.inputs or self.history or self.ground_truth)


def check_mapping(mapping: FieldMapping) -> None:
    """Raise InvalidInputError for a path that is empty, and for too many of them."""
    for name in ("inputs", "history", "ground_truth"):
        paths: Sequence[str] = getattr(mapping, name)
        if len(paths) > MOST_PATHS:
            raise InvalidInputError(
                f"A mapping has at most {MOST_PATHS} fields of {name}, not {len(paths)}", ["mapping", name]
            )
        if "" in paths:
            raise InvalidInputError(
                f"A mapping names fields, and {name} has an empty name", ["mapping", name, paths.index("")]
            )


def named(paths: Sequence[str]) -> dict[str, str]:
    """Each path, and the name that what it leads to gets."""
    ends = {path: split_path(path)[-1] or path for path in paths}
    often = Counter(ends.values())
    return {path: end if often[end] == 1 else path for path, end in ends.items()}


def map_object(text: JSONText, mapping: FieldMapping) -> NewDatapoint:
    """The datapoint of a JSON object."""
    members = members_of(text)
    left: dict[str, JSONText] = dict(members)

    def mapped(target: str, paths: Sequence[str]) -> dict[str, JSONText]:
        found: dict[str, JSONText] = {}
        for path, name in named(paths).items():
            value, parts = _find(members, path)
            if value is None:
                continue
            _take(left, parts)
            if path == target and is_object(value):
                found.update(members_of(value))
            else:
                found[name] = value
        return found

    inputs = mapped("inputs", mapping.inputs)
    truth = mapped("ground_truth", mapping.ground_truth)
    history = mapped("", mapping.history)
    rest = left.pop("metadata", None)
    metadata = members_of(rest) if rest is not None and is_object(rest) else {} if rest is None else {"metadata": rest}
    metadata |= left
    return NewDatapoint(
        inputs=object_of(inputs),
        history=map_history(history),
        ground_truth=object_of(truth) if truth else None,
        metadata=object_of(metadata) if metadata else None,
    )


def map_history(values: Mapping[str, JSONText]) -> JSONText:
    """The history that values by their names make."""
    found: list[JSONText] = []
    for name, value in values.items():
        items = items_of(value) if is_list(value) else [value]
        found += [item if is_object(item) else object_of({name: item}) for item in items if item.strip() != "null"]
    return list_of(found)


def _find(members: Mapping[str, JSONText], path: str) -> tuple[JSONText | None, tuple[str, ...]]:
    """What an object has at a path, and the parts of the path as they were understood."""
    if path in members:
        return members[path], (path,)
    parts = split_path(path)
    first = members.get(parts[0])
    return (None if first is None else value_at(first, parts[1:])), parts


def _take(left: dict[str, JSONText], parts: Sequence[str]) -> None:
    """Take what was mapped out of what is left of an object; a list of which something was mapped goes as a whole."""
    first, *rest = parts
    text = left.get(first)
    if text is None:
        return
    if not rest or not is_object(text):
        del left[first]
        return
    inner = members_of(text)
    _take(inner, rest)
    if inner:
        left[first] = object_of(inner)
    else:
        del left[first]

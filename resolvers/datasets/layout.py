"""The rows of a Weave dataset that datapoints are published as, and the datapoints that rows are imported as.

FLAT rows have a column for each field of the inputs and of the ground truth, as a model and scorers of Weave take them,
and ``history`` and ``metadata`` where there are any. Where a field of the ground truth is called as one of the inputs
and is another, its column is ``ground_truth_NAME`` in all rows. NESTED rows have ``id``, ``inputs``, ``history``,
``ground_truth`` and ``metadata``, and so lose nothing.

Rows are imported by a mapping (``resolvers.datapoints.mapping``). Without one, NESTED rows are what they were; of other
rows columns that are called as ground truth is (``is_truth``) are that, ``history`` is the history where all rows have
a list of objects there, ``metadata`` stays metadata where it is an object, and the rest are inputs. If there are no
inputs then, all columns are inputs. So a dataset of plain columns that was published by Weave's SDK, imported and
published again, has the same rows as before.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from db.json_members import members_of, object_of
from db.json_text import JSONText, dump_json
from db.rows import Row
from resolvers.datapoints.mapping import FieldMapping, map_object
from resolvers.datapoints.validate import NewDatapoint
from resolvers.errors import InvalidInputError
from resolvers.json_parts import is_list, is_object, items_of

__all__ = ["DatasetLayout", "datapoints_of_rows", "is_truth", "rows_of_datapoints"]


class DatasetLayout(StrEnum):
    """How a datapoint is a row."""

    FLAT = "flat"
    NESTED = "nested"


_HISTORY, _METADATA, _INPUTS, _TRUTH = "history", "metadata", "inputs", "ground_truth"
_NESTED = {"id", _INPUTS, _HISTORY, _TRUTH, _METADATA}
_TRUTHS = frozenset({
    "answer", "answers", "correct", "correct_answer", "correction", "expected", "gold", "ground_truth", "ground_truths",
    "groundtruth", "ideal", "label", "labels", "output", "outputs", "reference", "references", "target", "targets",
})  # fmt: skip
_TRUTH_PREFIXES = ("expected_", "ground_truth_", "reference_", "target_", "correct_", "gold_", "ideal_")


def is_truth(column: str) -> bool:
    """Whether a column is called as ground truth is: ``expected``, ``answer``, ``label``, ``target_text``."""
    name = column.lower()
    return name in _TRUTHS or name.startswith(_TRUTH_PREFIXES)


def rows_of_datapoints(datapoints: Iterable[Row], layout: DatasetLayout) -> list[JSONText]:
    """The rows of datapoints with all payloads, in their order. Raises InvalidInputError naming a field that FLAT rows
    have no column for."""
    if layout is DatasetLayout.NESTED:
        return [_nested(row) for row in datapoints]
    taken = [_Columns(row) for row in datapoints]
    renamed = {name for columns in taken for name in columns.clashing()}
    return [object_of(columns.flat(renamed)) for columns in taken]


def _nested(row: Row) -> JSONText:
    return object_of(
        {
            "id": dump_json(row.datapoint_id),
            _INPUTS: row.inputs,
            _HISTORY: row.history,
            _TRUTH: row.ground_truth or JSONText("null"),
            _METADATA: row.metadata or JSONText("null"),
        }
    )


class _Columns:
    """The members of a datapoint."""

    def __init__(self, row: Row) -> None:
        self.id = row.datapoint_id
        self.inputs = members_of(row.inputs)
        self.truth = {} if row.ground_truth is None else members_of(row.ground_truth)
        self.others: dict[str, JSONText] = {}
        if is_list(row.history) and items_of(row.history):
            self.others[_HISTORY] = row.history
        if row.metadata is not None:
            self.others[_METADATA] = row.metadata

    def clashing(self) -> Iterable[str]:
        """Names of the ground truth that mean something else among the inputs."""
        return (name for name, value in self.truth.items() if self.inputs.get(name, value) != value)

    def flat(self, renamed: Iterable[str]) -> dict[str, JSONText]:
        found = dict(self.inputs)
        truth = {f"{_TRUTH}_{name}" if name in renamed else name: value for name, value in self.truth.items()}
        for columns in (truth, self.others):
            for name, value in columns.items():
                if found.setdefault(name, value) != value:
                    raise InvalidInputError(
                        f"Datapoint {self.id!r} has two fields {name!r}; publish the dataset with the layout NESTED",
                        ["layout"],
                    )
        return found


def datapoints_of_rows(rows: Sequence[JSONText], mapping: FieldMapping | None) -> list[NewDatapoint]:
    """A datapoint of each row, in order."""
    if mapping is not None:
        return [map_object(row, mapping) for row in rows]
    taken = [members_of(row) for row in rows]
    if taken and all(_is_nested(members) for members in taken):
        return [_datapoint(members) for members in taken]
    default = _default_mapping(taken)
    return [map_object(row, default) for row in rows]


def _is_nested(members: Mapping[str, JSONText]) -> bool:
    return is_object(members.get(_INPUTS, "")) and members.keys() <= _NESTED


def _datapoint(members: Mapping[str, JSONText]) -> NewDatapoint:
    given = {name: value for name, value in members.items() if value.strip() != "null" and name != "id"}
    mapping = FieldMapping((_INPUTS,), (_HISTORY,), (_TRUTH,))
    return map_object(object_of(given), mapping)


def _default_mapping(rows: Sequence[Mapping[str, JSONText]]) -> FieldMapping:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    history = [_HISTORY] if _HISTORY in columns and all(_is_history(row.get(_HISTORY)) for row in rows) else []
    metadata = [_METADATA] if _METADATA in columns and all(_may_be_metadata(row.get(_METADATA)) for row in rows) else []
    rest = [name for name in columns if name not in {*history, *metadata}]
    truth = [name for name in rest if is_truth(name)]
    inputs = [name for name in rest if name not in truth]
    if not inputs:
        inputs, truth = rest, []
    return FieldMapping(tuple(map(_path, inputs)), tuple(history), tuple(map(_path, truth)))


def _path(column: str) -> str:
    return column.replace(".", "\\.")


def _is_history(value: JSONText | None) -> bool:
    return value is None or (is_list(value) and all(map(is_object, items_of(value))))


def _may_be_metadata(value: JSONText | None) -> bool:
    return value is None or is_object(value)

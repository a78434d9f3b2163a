"""Scores: what scorers, annotators and evaluations say of calls, as numbers and labels.

A scorer's output may be a number, a truth value, a word, or any nest of them: each becomes a score, named by the scorer
and the path to it (``judge.correctness.score``).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from db.feedback_types import AGENT_MONITOR, ANNOTATION, REACTION
from db.json_text import JSONValue, parse_json
from db.rows import Row
from db.scores import MOST_SAID, select_scoring_feedback
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.picks import held_in_call, values_at
from resolvers.refs import ObjectRef, is_ref, parse_ref

__all__ = [
    "MOST_FEEDBACK",
    "PREDICT_AND_SCORE",
    "Score",
    "ScoreSource",
    "feedback_scores",
    "is_scored_prediction",
    "metric_scores",
    "prediction_scores",
    "scores_of_feedback",
    "scores_of_scorers",
]

MOST_FEEDBACK = 100
MOST_SCORES = 100
"""Of one piece of feedback."""

MOST_NAMES = 100
LONGEST_LABEL = 1_000

_REASONS = ("reason", "reasoning", "explanation", "rationale", "justification", "comment")
_VERDICTS = ("passed", "pass")

PREDICT_AND_SCORE = "Evaluation.predict_and_score"


class ScoreSource(StrEnum):
    """Where a score was found."""

    SCORER = "scorer"
    ANNOTATION = "annotation"
    REACTION = "reaction"
    EVALUATION = "evaluation"
    METRIC = "metric"


@dataclass(frozen=True, slots=True)
class Score:
    """A number or a label, and who says it. Times are microseconds since the epoch."""

    project: str
    name: str
    scorer_name: str
    source: ScoreSource
    value: float | None = None
    label: str | None = None
    passed: bool | None = None
    reason: str | None = None
    created_at: int | None = None
    wb_user_id: str | None = None
    feedback_id: str | None = None
    runnable_ref: str | None = None
    call_ref: str | None = None


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value inside what was said, where it stands, and what is said about it beside."""

    path: tuple[str, ...]
    value: JSONValue = None
    passed: bool | None = None
    reason: str | None = None


async def feedback_scores(
    context: Context, keys: Sequence[tuple[str, str]], *, limit: int, names: tuple[str, ...] | None
) -> list[list[Score]]:
    """The scores in the newest ``limit`` pieces of feedback on each (project, target ref), newest first."""
    if not 1 <= limit <= MOST_FEEDBACK:
        raise InvalidInputError(f"limit must be from 1 to {MOST_FEEDBACK}, not {limit}", ["limit"])
    if names is not None and len(names) > MOST_NAMES:
        raise InvalidInputError(f"scorers takes at most {MOST_NAMES} names, not {len(names)}", ["scorers"])

    def read(connection: Connection, project: str, refs: list[str]) -> Mapping[str, list[Score]]:
        pages = select_scoring_feedback(connection, project, refs, limit, names)
        return {
            ref: [score for row in page.rows for score in scores_of_feedback(row, names)] for ref, page in pages.items()
        }

    return [found or [] for found in await read_by_key(context, keys, read)]


def is_scored_prediction(op_name: str) -> bool:
    """Whether calls of the op hold scores in their output, as those of an evaluation's rows do."""
    try:
        ref = parse_ref(op_name) if is_ref(op_name) else None
    except InvalidInputError:
        return False
    name = ref.object_id if isinstance(ref, ObjectRef) else op_name
    return name == PREDICT_AND_SCORE


async def prediction_scores(context: Context, keys: Sequence[tuple[str, str]]) -> list[list[Score]]:
    """The scores in the output of the rows of evaluations, by (project, call id)."""
    return await _scores_inside(context, keys, "output.scores", ScoreSource.EVALUATION)


async def metric_scores(context: Context, keys: Sequence[tuple[str, str]]) -> list[list[Score]]:
    """The metrics of events, by (project, call id), in their order."""
    return await _scores_inside(context, keys, "attributes.honeyhive.metrics", ScoreSource.METRIC)


async def _scores_inside(
    context: Context, keys: Sequence[tuple[str, str]], path: str, source: ScoreSource
) -> list[list[Score]]:
    """The scores in an object inside calls, one a member or more."""
    held, parts = held_in_call(path)
    texts = await values_at(context, keys, held=held, parts=parts)
    found: list[list[Score]] = []
    for (project, _), text in zip(keys, texts, strict=True):
        said = parse_json(text) if isinstance(text, str) and len(text) <= MOST_SAID else None
        found.append(list(scores_of_scorers(said, project, source)) if isinstance(said, dict) else [])
    return found


def scores_of_scorers(
    said: Mapping[str, JSONValue], project: str = "", source: ScoreSource = ScoreSource.EVALUATION
) -> Iterator[Score]:
    """The scores in what each scorer gave out, by the scorer's name."""
    for scorer, output in said.items():
        yield from _scores(_leaves(output), Score(project, "", scorer, source))


def scores_of_feedback(row: Row, names: Sequence[str] | None = None) -> Iterator[Score]:
    """The scores in a piece of feedback (``db.scores.SCORING_COLUMNS``), of the scorers of these ``names``, if any."""
    source, scorer = _scorer_of(row)
    if names is not None and scorer not in names:
        return
    said = Score(
        row.project_slug,
        "",
        scorer,
        source,
        created_at=row.created_at,
        wb_user_id=row.wb_user_id,
        feedback_id=row.feedback_id,
        runnable_ref=row.runnable_ref,
        call_ref=row.call_ref,
    )
    known = set()
    if row.said is not None:
        for score in _scores(_leaves(parse_json(row.said)), said):
            known.add(score.name)
            yield score
    if row.details is not None:
        yield from (score for score in _scores(_detailed(parse_json(row.details)), said) if score.name not in known)


def _scorer_of(row: Row) -> tuple[ScoreSource, str]:
    kind: str = row.feedback_type
    if kind == REACTION:
        return ScoreSource.REACTION, "reaction"
    if kind == AGENT_MONITOR:
        ref = parse_ref(row.runnable_ref)
        return ScoreSource.SCORER, ref.object_id if isinstance(ref, ObjectRef) else AGENT_MONITOR
    source = ScoreSource.ANNOTATION if kind.startswith(f"{ANNOTATION}.") else ScoreSource.SCORER
    return source, kind.split(".", 2)[2]


def _scores(leaves: Iterator[_Leaf], said: Score) -> Iterator[Score]:
    for number, leaf in enumerate(leaves):
        if number == MOST_SCORES:
            return
        name = ".".join((said.scorer_name, *leaf.path))
        value, label, passed = _read(leaf.value)
        if leaf.value is None and leaf.reason is None:
            continue
        yield Score(
            **{field: getattr(said, field) for field in _KEPT},
            name=name,
            value=value,
            label=label,
            passed=leaf.passed if passed is None else passed,
            reason=leaf.reason,
        )


_KEPT = ("project", "scorer_name", "source", "created_at", "wb_user_id", "feedback_id", "runnable_ref", "call_ref")


def _read(value: JSONValue) -> tuple[float | None, str | None, bool | None]:
    """A leaf as number, label and verdict."""
    if isinstance(value, bool):
        return float(value), "true" if value else "false", value
    if isinstance(value, str):
        return None, value[:LONGEST_LABEL], None
    if value is None:
        return None, None, None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    return (number, None, None) if math.isfinite(number) else (None, str(value)[:LONGEST_LABEL], None)


def _leaves(value: JSONValue, path: tuple[str, ...] = (), about: _Leaf | None = None) -> Iterator[_Leaf]:
    """The numbers, truth values and words inside a value. What an object says as ``reason`` or ``passed`` is about all
    that it holds."""
    passed, reason = (about.passed, about.reason) if about else (None, None)
    if isinstance(value, dict):
        own = {key.lower(): item for key, item in value.items()}
        passed = next((own[name] for name in _VERDICTS if isinstance(own.get(name), bool)), passed)
        said = next((own[name] for name in _REASONS if isinstance(own.get(name), str)), None)
        within = _Leaf(path, None, passed, reason if said is None else said)
        members = [
            (key, item)
            for key, item in value.items()
            if item is not None and not (key.lower() in _REASONS and isinstance(item, str))
        ]
        if said is not None and not members:
            yield within
        for key, item in members:
            yield from _leaves(item, (*path, key), within)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, str(index)), _Leaf(path, None, passed, reason))
    elif value is not None:
        yield _Leaf(path, value, passed, reason)


def _detailed(details: dict[str, Any]) -> Iterator[_Leaf]:
    """The ratings and tags that scorers of agents give beside their output."""
    reasons = details.get("scorer_rating_reasons") or {}
    for name, rating in (details.get("scorer_ratings") or {}).items():
        yield _Leaf((name,), rating, None, reasons.get(name))
    reasons = details.get("scorer_tag_reasons") or {}
    for tag in details.get("scorer_tags") or []:
        yield _Leaf(("tags", tag), tag, None, reasons.get(tag))

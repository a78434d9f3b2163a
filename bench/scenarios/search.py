"""Calls by what they say: full text through GraphQL, and ``$contains`` through REST as Weave's server has it."""

from collections.abc import Iterable
from typing import Any

from bench.answers import call_lines, nodes
from bench.contenders import OURS, OURS_POSTGRESQL, WEAVE
from bench.data import MODELS, PROJECT
from bench.results import Result, Target
from bench.run import Run
from bench.scenarios.graphql import SCALARS, counted, document
from bench.scenarios.rest import PAGE, lines, query

__all__ = ["contains", "full_text"]

SAID = "model-7"
"""A text that a fiftieth of the calls hold."""


def full_text(run: Run) -> Iterable[Result]:
    asked = (
        "query($slug: String!, $text: String!) { project(slug: $slug) { "
        f"calls(search: $text, first: {PAGE}) {{ nodes {{ {SCALARS} }} }} }} }}"
    )
    wanted = matching(run)
    requests: dict[str, Any] = dict.fromkeys((OURS, OURS_POSTGRESQL), document(asked, slug=PROJECT, text=SAID))
    title = f"Full text: newest {PAGE} of {run.sizes.calls:,} calls that say a word, where each fiftieth does"
    targets = [Target(200), Target(2.0, OURS, of=OURS_POSTGRESQL)]
    yield from run.reads("search", title, requests, counted(wanted, b'"callId"'), targets, seen=nodes)


def contains(run: Run) -> Iterable[Result]:
    said = {"$expr": {"$contains": {"input": {"$getField": "inputs.model"}, "substr": {"$literal": SAID}}}}
    request = query(query=said, sort_by=[{"field": "started_at", "direction": "desc"}], limit=PAGE)
    title = f"$contains on inputs.model, newest {PAGE} of {run.sizes.calls:,} calls"
    servers = dict.fromkeys((OURS, WEAVE, OURS_POSTGRESQL), request)
    targets = [Target(1.0, WEAVE), Target(2.0, OURS, of=OURS_POSTGRESQL)]
    yield from run.reads("contains", title, servers, lines(matching(run)), targets, seen=call_lines)


def matching(run: Run) -> int:
    return min(PAGE, sum(number % MODELS == 7 for number in range(run.sizes.calls)))

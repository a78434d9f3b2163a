"""Reading calls over REST: a stream, pages, filters, one trace, one call, a count."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from bench.answers import call_lines, one_call, whole
from bench.contenders import FASTAPI, HANDWRITTEN, OURS, OURS_POSTGRESQL, WEAVE, WITH_INDEX
from bench.data import MODELS, PROJECT, complete_calls
from bench.http import Answer, post
from bench.results import Result, Target
from bench.run import TREE_PROJECT, Run, answer_lines

__all__ = ["filtered", "newest_page", "single_read", "stats", "stream", "tree"]

ALL = (OURS, HANDWRITTEN, FASTAPI, WEAVE, OURS_POSTGRESQL)
PAGE = 100


def on_postgresql() -> Target:
    return Target(2.0, OURS, of=OURS_POSTGRESQL)


def query(**more: Any) -> bytes:
    return post("/calls/stream_query", {"project_id": PROJECT, **more})


def stream(run: Run) -> Iterable[Result]:
    wanted = run.sizes.calls
    targets = [Target(1.3, HANDWRITTEN), Target(1 / 25, WEAVE), on_postgresql()]
    title = f"Stream of {wanted:,} calls of 2 KB"
    yield from run.reads("stream", title, dict.fromkeys(ALL, query()), lines(wanted), targets, seen=call_lines)


def newest_page(run: Run) -> Iterable[Result]:
    order = [{"field": "started_at", "direction": "desc"}]
    request = query(sort_by=order, limit=PAGE)
    wanted = min(PAGE, run.sizes.calls)
    targets = [Target(1 / 10, WEAVE), on_postgresql()]
    title = f"Newest page of {PAGE} of {run.sizes.calls:,} calls"
    yield from run.reads("page", title, dict.fromkeys(ALL, request), lines(wanted), targets, seen=call_lines)


def filtered(run: Run) -> Iterable[Result]:
    model = {"$expr": {"$eq": [{"$getField": "inputs.model"}, {"$literal": "model-7"}]}}
    # Temperatures repeat after a thousand calls, and servers order the same ones in ways of their own.
    keys = [{"field": name, "direction": "desc"} for name in ("inputs.temperature", "started_at")]
    request = query(query=model, sort_by=keys, limit=PAGE)
    wanted = min(PAGE, sum(number % MODELS == 7 for number in range(run.sizes.calls)))
    title = f"Filter on inputs.model, order by inputs.temperature, over {run.sizes.calls:,} calls"
    targets = [Target(1 / 5, WEAVE), Target(1 / 5, WEAVE, of=WITH_INDEX), on_postgresql()]
    requests = dict.fromkeys((*ALL, WITH_INDEX), request)
    yield from run.reads("filter", title, requests, lines(wanted), targets, seen=call_lines)


def tree(run: Run) -> Iterable[Result]:
    (root,) = islice(complete_calls(run.sizes.tree, trace=run.sizes.tree, project=TREE_PROJECT, seed="tree"), 1)
    request = post("/calls/stream_query", {"project_id": TREE_PROJECT, "filter": {"trace_ids": [root["trace_id"]]}})
    title = f"All {run.sizes.tree:,} calls of a trace"
    targets = [Target(1.3, HANDWRITTEN), on_postgresql()]
    yield from run.reads("trace", title, dict.fromkeys(ALL, request), lines(run.sizes.tree), targets, seen=call_lines)


def single_read(run: Run) -> Iterable[Result]:
    ids = [call["id"] for call in complete_calls(run.sizes.calls)]
    requests = [post("/call/read", {"project_id": PROJECT, "id": call_id}) for call_id in ids]

    def request(number: int) -> bytes:
        return requests[number * 31 % len(requests)]

    def found(_server: str, answer: Answer) -> bool:
        return answer.json()["call"] is not None

    title = f"One call by its id, of {run.sizes.calls:,}"
    targets = [Target(1 / 2, WEAVE), on_postgresql()]
    yield from run.reads("read", title, dict.fromkeys(ALL, request), found, targets, seen=one_call)


def stats(run: Run) -> Iterable[Result]:
    def right(_server: str, answer: Answer) -> bool:
        return bool(answer.json()["count"] == run.sizes.calls)

    request = post("/calls/query_stats", {"project_id": PROJECT})
    servers = (OURS, WEAVE, OURS_POSTGRESQL)
    title = f"Count of {run.sizes.calls:,} calls"
    yield from run.reads(
        "stats",
        title,
        dict.fromkeys(servers, request),
        right,
        [Target(1 / 5, WEAVE), on_postgresql()],
        seen=whole("count"),
    )


def lines(wanted: int) -> Any:
    return lambda _server, answer: answer_lines(answer) == wanted

"""Publishing objects and tables."""

from collections.abc import Iterable

from bench.answers import whole
from bench.contenders import HANDWRITTEN, OURS, OURS_POSTGRESQL, WEAVE
from bench.data import PROJECT, complete_calls
from bench.http import Answer, post
from bench.results import Result, Target
from bench.run import Run

__all__ = ["create_objects", "create_tables"]

SERVERS = (OURS, HANDWRITTEN, WEAVE, OURS_POSTGRESQL)


def digest(_server: str, answer: Answer) -> bool:
    return bool(answer.json()["digest"])


def create_objects(run: Run) -> Iterable[Result]:
    (call,) = complete_calls(1)

    def request(number: int) -> bytes:
        val = {"prompt": call["inputs"], "number": number}
        return post("/obj/create", {"obj": {"project_id": PROJECT, "object_id": f"prompt-{number % 20}", "val": val}})

    title = "An object of 1 KB published, a new version each time"
    yield from run.reads(
        "object",
        title,
        dict.fromkeys(SERVERS, request),
        digest,
        [Target(1 / 5, WEAVE)],  # not the same digest: that of this version of Weave depends on the order of keys
    )


def create_tables(run: Run) -> Iterable[Result]:
    rows = [{"question": call["inputs"]["messages"][0]["content"][:200], "row": number} for number, call in enumerate(
        complete_calls(run.sizes.rows)
    )]  # fmt: skip

    def request(number: int) -> bytes:
        own = [{**row, "table": number} for row in rows]
        return post("/table/create", {"table": {"project_id": PROJECT, "rows": own}})

    title = f"A table of {run.sizes.rows:,} new rows"
    yield from run.reads(
        "table",
        title,
        dict.fromkeys(SERVERS, request),
        digest,
        [Target(1 / 2, WEAVE)],
        seen=whole("digest"),
    )

# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""A user's program on the published Weave SDK: `python tests/sdk/program ENTITY/PROJECT`.

It runs unchanged under weave 0.51.59, 0.52.43 and 0.54.0, in the SDK's own environment, told by three variables where
the server is (WF_TRACE_SERVER_URL, WANDB_BASE_URL, WANDB_API_KEY). It writes and reads back with the SDK alone and
prints, as the last line of stdout, one JSON object of facts: what it saw, section by section, and everything that was
logged at WARNING or above. It judges nothing: `test_program.py` compares the facts.
"""

import json
import logging
import sys
from typing import Any

import weave
from annotations import annotations
from calls import calls, threads
from costs import costs
from evaluations import evaluations, feedback
from facts import Captured
from files import files
from objects import datasets, objects
from queries import deletes, queries

SECTIONS = (calls, threads, objects, datasets, evaluations, feedback, files, queries, deletes, costs, annotations)


def main() -> None:
    captured = Captured()
    for name in (None, "weave", "wandb"):
        logging.getLogger(name).addHandler(captured)
    client = weave.init(sys.argv[1])
    report: dict[str, Any] = {"version": weave.__version__, "project": client.project}
    for section in SECTIONS:
        report[section.__name__] = section(client)
    client.finish()
    print(json.dumps(report | {"log": captured.lines}))


if __name__ == "__main__":
    main()

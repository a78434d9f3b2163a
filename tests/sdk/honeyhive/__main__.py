# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""A user's program on the published HoneyHive SDK: `python tests/sdk/honeyhive`.

It runs unchanged in the SDK's own environment, told by two variables where the server is (HH_API_URL, HH_API_KEY). It
writes and reads back with the SDK alone and prints, as the last line of stdout, one JSON object of facts: what it saw,
section by section. It judges nothing: `test_honeyhive.py` compares the facts.
"""

import json
import warnings
from typing import Any

from experiments import experiments, with_a_dataset
from honeyhive import HoneyHive, HoneyHiveTracer
from stores import configurations, datasets, metrics, queues
from tracing import events, tracing

warnings.simplefilter("ignore")


def main() -> None:
    client = HoneyHive()
    tracer = HoneyHiveTracer.init(session_name="a program", source="test", verbose=False)
    report: dict[str, Any] = {}
    for section in (tracing, events):
        report[section.__name__] = section(client, tracer)
    for part in (datasets, metrics, queues, configurations, experiments, with_a_dataset):
        report[part.__name__] = part(client)
    print(json.dumps(report, default=str))


if __name__ == "__main__":
    main()

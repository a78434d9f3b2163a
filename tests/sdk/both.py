# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""What Weave's SDK sees of a session that HoneyHive's wrote, and what it writes beside: ``both.py SESSION``."""

import json
import sys

import weave


@weave.op
def add(a: int, b: int) -> int:
    return a + b


def main(session_id: str) -> None:
    client = weave.init("default/default")
    session = client.get_call(session_id)
    children = list(session.children())
    _, call = add.call(1, 2)
    client.flush()
    report = {
        "session": [session.op_name, session.attributes["honeyhive"]["metadata"], session.output],
        "children": sorted(child.op_name for child in children),
        "below": sorted(child.op_name for child in children[0].children()),
        "call": call.id,
    }
    print(json.dumps(report, default=dict))


if __name__ == "__main__":
    main(sys.argv[1])

# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""Prices set, found and purged, and what calls cost by them."""

from datetime import UTC, datetime
from typing import Any

import weave
from facts import plain

MODEL = "model-of-the-program"


@weave.op
def ask(question: str) -> str:
    weave.require_current_call().summary["usage"] = {
        MODEL: {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14, "requests": 1},
        "gpt-4o": {"input_tokens": 1000, "output_tokens": 100},
    }
    return question.upper()


def costs(client: Any) -> dict[str, Any]:
    earlier = client.add_cost(MODEL, 1, 1, effective_date=datetime(1998, 10, 3, tzinfo=UTC)).ids
    newer = client.add_cost(MODEL, 0.5, 2, datetime(2001, 1, 1, tzinfo=UTC), provider_id="us").ids
    other = client.add_cost("another", 3, 3, prompt_token_cost_unit="EUR").ids
    _, call = ask.call("why?")
    client.flush()

    def read() -> dict[str, Any]:
        found = plain(client.get_call(call.id, include_costs=True).summary["weave"]["costs"])
        return dict(sorted(found.items()))

    def prices(*arguments: Any, **options: Any) -> list[list[Any]]:
        return [
            [row.llm_id, row.prompt_token_cost, row.completion_token_cost, row.prompt_token_cost_unit, row.provider_id]
            for row in client.query_costs(*arguments, **options)
        ]

    with_newer = read()
    (streamed,) = list(client.get_calls(filter={"call_ids": [call.id]}, include_costs=True))
    facts = {
        "pairs": [name for ((_, name),) in (earlier, newer, other)],
        "all": prices(),
        "by_model": prices(llm_ids=[MODEL], limit=1, offset=1),
        "by_id": prices(other[0][0]),
        "effective": [row.effective_date.year for row in client.query_costs(llm_ids=[MODEL])],
        "level": {model: [cost["pricing_level"], cost["provider_id"]] for model, cost in with_newer.items()},
        "total": {
            model: [cost["prompt_tokens_total_cost"], cost["completion_tokens_total_cost"]]
            for model, cost in with_newer.items()
        },
        "streamed": plain(streamed.summary["weave"]["costs"]) == with_newer,
        "without": "costs" in client.get_call(call.id).summary["weave"],
    }
    client.purge_costs(newer[0][0])
    facts["after_one"] = read()[MODEL]["prompt_tokens_total_cost"]
    client.purge_costs([earlier[0][0], other[0][0]])
    return facts | {"after_all": [sorted(read()), prices()]}

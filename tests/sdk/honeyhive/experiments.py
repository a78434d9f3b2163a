# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""Experiments: over rows of the program's own, and over a dataset of the server; two compared."""

from typing import Any

from honeyhive import evaluate, evaluator
from honeyhive.experiments import compare_runs
from honeyhive.models import CreateDatapointRequest, CreateDatasetRequest

CAPITALS = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid"}
ROWS = [{"inputs": {"country": country}, "ground_truth": {"capital": CAPITALS[country]}} for country in CAPITALS]


@evaluator()
def exact(outputs: Any, inputs: Any, ground_truth: Any = None) -> float:
    return float(outputs["capital"] == ground_truth["capital"])


def guesser(known: set[str]) -> Any:
    def guess(datapoint: Any) -> dict[str, str]:
        country = datapoint["inputs"]["country"]
        return {"capital": CAPITALS[country] if country in known else "?"}

    return guess


def told(summary: Any) -> dict[str, Any]:
    (metric,) = [each for each in summary.metrics.details if each.metric_name == "exact"]
    return {
        "success": summary.success,
        "status": summary.status,
        "exact": metric.aggregate,
        "values": sorted(metric.values),
        "datapoints": len(summary.datapoints),
        "values by datapoint": sorted(
            each.value for point in summary.datapoints for each in point.metrics if each.name == "exact"
        ),
    }


def experiments(client: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"evaluators": [exact], "dataset": ROWS, "print_results": False}
    old = evaluate(guesser({"France"}), name="old guesses", **options)
    new = evaluate(guesser({"France", "Italy"}), name="new guesses", **options)
    compared = compare_runs(client, new.run_id, old.run_id)
    delta = compared.metric_deltas["exact"]
    listed = client.experiments.list_runs(name="guesses")
    run = client.experiments.get_run(new.run_id).evaluation
    return {
        "runs": [new.run_id, old.run_id],
        "old": told(old),
        "new": told(new),
        "common": compared.common_datapoints,
        "delta": {key: delta[key] for key in ("old_aggregate", "new_aggregate", "improved_count", "same_count")},
        "improved": compared.list_improved_metrics(),
        "listed": sorted(each.name for each in listed.evaluations),
        "status": str(getattr(run.status, "value", run.status)),
    }


def with_a_dataset(client: Any) -> dict[str, Any]:
    dataset_id = client.datasets.create(CreateDatasetRequest(name="for experiments")).result.insertedId
    for row in ROWS:
        client.datapoints.create(CreateDatapointRequest(**row, linked_datasets=[dataset_id]))
    run = evaluate(
        guesser({"France"}), dataset_id=dataset_id, evaluators=[exact], name="stored rows", print_results=False
    )
    return {"told": told(run), "dataset": dataset_id, "run": run.run_id}

# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""What is kept beside events: datasets, metrics, queues, configurations."""

from typing import Any

from honeyhive._generated.models import (
    AddDatapointsToDatasetRequest,
    CreateAnnotationQueueRequest,
    UpdateAnnotationQueueRequest,
)
from honeyhive._generated.services import Queues_service
from honeyhive.models import (
    CreateConfigurationRequest,
    CreateDatapointRequest,
    CreateDatasetRequest,
    CreateMetricRequest,
    UpdateConfigurationRequest,
    UpdateDatapointRequest,
    UpdateDatasetRequest,
    UpdateMetricRequest,
)


def datasets(client: Any) -> dict[str, Any]:
    made = client.datasets.create(CreateDatasetRequest(name="capitals", description="of countries"))
    dataset_id = made.result.insertedId
    points = [
        client.datapoints.create(
            CreateDatapointRequest(
                inputs={"country": country}, ground_truth={"capital": capital}, linked_datasets=[dataset_id]
            )
        ).result.insertedIds[0]
        for country, capital in (("France", "Paris"), ("Italy", "Rome"))
    ]
    client.datapoints.update(points[0], UpdateDatapointRequest(metadata={"level": "easy"}))
    added = client.datasets.add_datapoints(
        dataset_id,
        AddDatapointsToDatasetRequest(
            data=[{"country": "Spain", "capital": "Madrid"}],
            mapping={"inputs": ["country"], "ground_truth": ["capital"], "history": []},
        ),
    )
    client.datasets.update(UpdateDatasetRequest(dataset_id=dataset_id, description="of Europe"))
    (dataset,) = client.datasets.list(dataset_id=dataset_id).datasets
    first = client.datapoints.get(points[0]).datapoint[0]
    client.datasets.remove_datapoint(dataset_id, points[1])
    (left,) = client.datasets.list(name="capitals").datasets
    client.datapoints.delete(points[1])
    listed = client.datapoints.list(datapoint_ids=points).datapoints
    return {
        "dataset": [dataset.name, dataset.description, len(dataset.datapoints)],
        "first": [field(first, "inputs"), field(first, "ground_truth"), field(first, "metadata")],
        "added": len(added.datapoint_ids),
        "left": len(left.datapoints),
        "listed": len(listed),
    }


def field(item: Any, name: str) -> Any:
    value = item[name] if isinstance(item, dict) else getattr(item, name)
    return value.model_dump() if hasattr(value, "model_dump") else value


def metrics(client: Any) -> dict[str, Any]:
    made = client.metrics.create(
        CreateMetricRequest(
            name="found", type="PYTHON", criteria="def found(event):\n    return len(event['outputs']['found'])"
        )
    )
    metric_id = made.metric_id
    client.metrics.update(UpdateMetricRequest(id=metric_id, description="how much was found", threshold={"min": 1}))
    (metric,) = client.metrics.get_metric(metric_id)
    versions = client.metric_versions.list(metric_id).data
    by_type = [each.name for each in client.metrics.list()]
    client.metrics.delete(metric_id)
    return {
        "made": made.inserted,
        "metric": [metric.name, metric.description, field(metric, "threshold")["min"], str(metric.return_type)],
        "versions": len(versions),
        "by type": by_type,
        "gone": [each.name for each in client.metrics.list()],
    }


def queues(client: Any) -> dict[str, Any]:
    """The SDK has no wrapper for these: its generated client is called."""
    api = client._api_config
    made = Queues_service.createQueue(api, data=CreateAnnotationQueueRequest(name="to review", event_ids=["e1"]))
    queue_id = made.queue.id
    changes = UpdateAnnotationQueueRequest(id=queue_id, enabled=False, add_event_ids=["e2"])
    Queues_service.updateQueue(api, queue_id=queue_id, data=changes)
    queue = Queues_service.getQueue(api, queue_id=queue_id)
    enabled = len(Queues_service.getQueues(api, enabled=True).queues)
    Queues_service.deleteQueue(api, queue_id=queue_id)
    left = len(Queues_service.getQueues(api).queues)
    return {"queue": [queue.name, queue.enabled], "enabled": enabled, "left": left}


def configurations(client: Any) -> dict[str, Any]:
    parameters = {"call_type": "chat", "model": "gpt-4o", "template": [{"role": "user", "content": "{{q}}"}]}
    made = client.configurations.create(
        CreateConfigurationRequest(name="v1", provider="openai", parameters=parameters, env=["dev"], tags=["a"])
    )
    updated = client.configurations.update(
        made.insertedId, UpdateConfigurationRequest(name="v1", provider="openai", parameters=parameters, tags=["b"])
    )
    (kept,) = client.configurations.list()
    deleted = client.configurations.delete(made.insertedId)
    return {
        "made": made.acknowledged,
        "modified": updated.modifiedCount,
        "kept": [kept.name, kept.provider, kept.tags, kept.parameters.model],
        "deleted": deleted.deletedCount,
    }

"""Running metrics on events that are sent along."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from graph.json_text import JSONText, dump_json, object_of
from rest_compat.honeyhive.metric_models import Definition, variables_of
from rest_compat.honeyhive.models import Open, Strict
from rest_compat.json_fields import JSONObject
from rest_compat.registry import Data, Endpoint, Request, Variables

__all__ = ["ENDPOINTS"]


def _nothing() -> JSONText:
    return JSONText("{}")


class RunMetricRequestEvent(BaseModel):
    """RunMetricRequestEvent: anything else that it has is for the metric to read."""

    model_config = ConfigDict(extra="allow", defer_build=True)
    EXTRA_AS_TEXT: ClassVar[bool] = True

    event_type: str = ""
    event_name: str = ""
    inputs: JSONObject = Field(default_factory=_nothing)
    outputs: JSONObject = Field(default_factory=_nothing)
    workspace_id: str = ""
    feedback: JSONObject = Field(default_factory=_nothing)


class RunMetricRequest(Strict):
    """Seed 003. The document has two types, of which a metric is run here; the others are as any metric of theirs."""

    metric: Definition
    event: RunMetricRequestEvent


class LegacyRunMetricRequest(Open):
    """LegacyRunMetricRequest."""

    metric: Definition
    event: RunMetricRequestEvent


def _run(request: Request) -> Variables:
    body: RunMetricRequest | LegacyRunMetricRequest = request.body
    return {
        "input": {
            "project": request.project,
            "definition": variables_of(body.metric),
            "event": _event(body.event),
        }
    }


def _event(event: RunMetricRequestEvent) -> JSONText:
    """What was sent of it, as JSON text."""
    sent = {name: getattr(event, name) for name in RunMetricRequestEvent.model_fields if name in event.model_fields_set}
    members = {**sent, **(event.model_extra or {})}
    return object_of({name: dump_json(value) for name, value in members.items()})


def _ran(data: Data, _request: Request) -> dict[str, Any]:
    """RunMetricResponse. A metric that fails says why in its explanation."""
    ran = data["metricRun"]
    return {
        "success": ran["error"] is None,
        "loading": ran["waiting"],
        "result": ran["value"],
        "explanation": ran["error"] or ran["explanation"],
    }


ENDPOINTS = [
    Endpoint(
        "/v1/metrics/run",
        "honeyhive/metric_run",
        "Run a metric on an event, both of them given.",
        model=RunMetricRequest,
        variables=_run,
        respond=_ran,
    ),
    Endpoint(
        "/v1/metrics/run_metric",
        "honeyhive/metric_run",
        "Run a metric on an event, both of them given.",
        model=LegacyRunMetricRequest,
        variables=_run,
        respond=_ran,
        deprecated=True,
    ),
]

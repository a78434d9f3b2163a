"""Leaderboards, and specifications of annotations, alerts and actions."""

from typing import Any, Literal

from pydantic import Field, field_validator

from resolvers.objects.builtin.base import BaseModel, BaseObject, check_schema

__all__ = ["ActionSpec", "AlertSpec", "AnnotationSpec", "Leaderboard"]


class LeaderboardColumn(BaseModel):
    evaluation_object_ref: str
    scorer_name: str
    summary_metric_path: str
    should_minimize: bool | None = None


class Leaderboard(BaseObject):
    columns: list[LeaderboardColumn]


class AnnotationSpec(BaseObject):
    field_schema: dict[str, Any] = Field(default_factory=dict)
    unique_among_creators: bool = False
    op_scope: list[str] | None = None

    @field_validator("field_schema")
    @classmethod
    def is_a_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        return check_schema(schema)


class WeaveMetricThresholdSpec(BaseModel):
    alert_condition: str = "THRESHOLD"
    source_type: Literal["calls", "spans"] = "calls"
    comparison_operator: Literal["GREATER_THAN", "LESS_THAN", "EQUAL"] = "GREATER_THAN"
    metric_path: str = ""
    op_str: str = ""
    threshold: float = 0.0
    window_size: int | None = None
    window_duration: int | None = None
    monitor_ref: str | None = None
    scorer_ref: str | None = None
    aggregation_function: Literal["mean", "median", "min", "max", "mode", "percentage", "count"] = "mean"
    status_match_value: str | None = None


class AlertSpec(BaseObject):
    op_scope: list[str] | None = None
    spec: WeaveMetricThresholdSpec = Field(default_factory=WeaveMetricThresholdSpec)


class LlmJudgeActionConfig(BaseModel):
    action_type: Literal["llm_judge"] = "llm_judge"
    model: Literal["gpt-4o", "gpt-4o-mini"]
    prompt: str
    response_schema: dict[str, Any]

    @field_validator("response_schema")
    @classmethod
    def is_a_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        return check_schema(schema)


class ContainsWordsActionConfig(BaseModel):
    action_type: Literal["contains_words"] = "contains_words"
    target_words: list[str]


class ActionSpec(BaseObject):
    config: LlmJudgeActionConfig | ContainsWordsActionConfig = Field(discriminator="action_type")

    @field_validator("name")
    @classmethod
    def is_named(cls, name: str | None) -> str:
        if name is None:
            raise ValueError("an action needs a name, not null")
        return name

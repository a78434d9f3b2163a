"""Saved views and comparisons."""

from typing import Literal

from resolvers.objects.builtin.base import BaseModel, BaseObject
from resolvers.objects.builtin.queries import CallsFilter, Query, SortBy

__all__ = ["ComparisonView", "SavedView"]


class Pin(BaseModel):
    left: list[str]
    right: list[str]


class Column(BaseModel):
    path: list[str | int] | None = None
    label: str | None = None


class ChartConfig(BaseModel):
    x_axis: str
    y_axis: str
    plot_type: Literal["scatter", "line", "bar"] | None = None
    bin_count: int | None = None
    aggregation: Literal["average", "sum", "min", "max", "p95", "p99"] | None = None
    group_keys: list[str] | None = None
    custom_name: str | None = None


class ObjectVersionGroup(BaseModel):
    label: str
    base_ref: str
    versions: list[str] | Literal["*"]
    show_version_indicator: bool


class ObjectConfig(BaseModel):
    version_groups: list[ObjectVersionGroup] | None = None
    display_name_map: dict[str, str] | None = None
    deselected: list[str] | None = None


class DynamicLeaderboardColumnConfig(BaseModel):
    evaluation_object_ref: str | None = None
    scorer_name: str | None = None
    display_name: str | None = None
    summary_metric_path: str | None = None
    should_minimize: bool | None = None
    deselected: bool | None = None


class DynamicLeaderboardConfig(BaseModel):
    model_configuration: ObjectConfig | None = None
    dataset_configuration: ObjectConfig | None = None
    scorer_configuration: ObjectConfig | None = None
    columns_configuration: list[DynamicLeaderboardColumnConfig] | None = None


class SavedViewDefinition(BaseModel):
    filter: CallsFilter | None = None
    query: Query | None = None
    cols: dict[str, bool] | None = None
    columns: list[Column] | None = None
    column_order: list[str] | None = None
    expand_columns: list[str] | None = None
    header_depth: int | None = None
    pin: Pin | None = None
    sort_by: list[SortBy] | None = None
    page: int | None = None
    page_size: int | None = None
    charts: list[ChartConfig] | None = None
    dataset_selector: str | None = None
    evaluation_selector: str | None = None
    dynamic_leaderboard_config: DynamicLeaderboardConfig | None = None


class SavedView(BaseObject):
    view_type: str
    label: str
    definition: SavedViewDefinition


class ComparisonViewDefinition(BaseModel):
    evaluation_call_ids: list[str]
    selected_metrics: list[str] | None = None
    column_visibility: dict[str, bool] | None = None


class ComparisonView(BaseObject):
    label: str
    definition: ComparisonViewDefinition

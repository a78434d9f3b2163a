"""Dashboards of agents: panels on a grid."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from resolvers.objects.builtin.base import BaseModel, BaseObject

__all__ = ["AgentDashboard"]

GRID_COLUMNS = 24


class DashboardConfigModel(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class PanelGridLayout(DashboardConfigModel):
    x: int = Field(ge=0, lt=GRID_COLUMNS)
    y: int = Field(ge=0)
    w: int = Field(ge=1, le=GRID_COLUMNS)
    h: int = Field(ge=1)

    @model_validator(mode="after")
    def inside_the_grid(self) -> Self:
        if self.x + self.w > GRID_COLUMNS:
            raise ValueError(f"a panel at {self.x} of width {self.w} does not fit into {GRID_COLUMNS} columns")
        return self


class PanelQueryConfig(DashboardConfigModel):
    version: int = Field(default=1, ge=1, le=1)
    metric: str = Field(min_length=1)
    filter: str = ""
    format: Literal["number", "percent", "cost", "duration"] | None = None


class KpiPanelQueryConfig(PanelQueryConfig):
    pass


class TimelinePanelQueryConfig(PanelQueryConfig):
    group_by: str | None = Field(default=None, alias="groupBy")
    limit: int | None = Field(default=None, ge=1, le=50)


class BreakdownPanelQueryConfig(PanelQueryConfig):
    group_by: str = Field(min_length=1, alias="groupBy")
    limit: int = Field(default=6, ge=1, le=50)


class KpiPanelSettings(DashboardConfigModel):
    query: KpiPanelQueryConfig
    title: str | None = None


class TimelinePanelSettings(DashboardConfigModel):
    query: TimelinePanelQueryConfig
    title: str | None = None


class BreakdownPanelSettings(DashboardConfigModel):
    query: BreakdownPanelQueryConfig
    title: str | None = None


class DashboardPanelBase(DashboardConfigModel):
    id: str = Field(min_length=1)
    layout: PanelGridLayout


class KpiDashboardPanel(DashboardPanelBase):
    panel_type: Literal["kpi"]
    settings: KpiPanelSettings


class TimelineDashboardPanel(DashboardPanelBase):
    panel_type: Literal["timeline"]
    settings: TimelinePanelSettings


class BreakdownDashboardPanel(DashboardPanelBase):
    panel_type: Literal["breakdown"]
    settings: BreakdownPanelSettings


class AgentDashboardDefinition(DashboardConfigModel):
    panels: list[KpiDashboardPanel | TimelineDashboardPanel | BreakdownDashboardPanel]


class AgentDashboard(BaseObject):
    label: str
    definition: AgentDashboardDefinition

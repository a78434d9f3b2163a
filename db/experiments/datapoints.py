"""The datapoints that experiments run on."""

from collections.abc import Collection

from sqlalchemy import Subquery, select, union

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.experiments.tables import experiment_members
from db.id_lists import one_of

__all__ = ["tested_datapoints"]

c, m = calls.c, experiment_members.c


def tested_datapoints(project_id: str, ids: Collection[str]) -> Subquery:
    """The datapoints of each of some experiments, ``experiment_id`` and ``datapoint_id``, each pair once: those that
    it names, and those that calls recorded in it were made for."""
    named = select(m.experiment_id, m.member_id.label("datapoint_id")).where(
        m.project_id == project_id, one_of(m.experiment_id, ids), m.role == "datapoint"
    )
    recorded = select(c.experiment_id, c.datapoint_id).where(
        c.project_id == project_id, one_of(c.experiment_id, ids), c.datapoint_id.is_not(None), SHOWN
    )
    return union(named, recorded).subquery()

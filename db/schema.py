"""All tables, for those who need the whole metadata: migrations and their tests."""

from db.call_texts import call_texts
from db.calls.tables import calls
from db.configurations import configurations
from db.datapoints import datapoints
from db.dataset_members import dataset_members
from db.datasets import datasets
from db.evaluations import evaluation_runs
from db.experiments.tables import experiment_members, experiments
from db.feedback import feedback, purged_feedback
from db.files import file_chunks, files
from db.followers import followers
from db.metadata import metadata
from db.metric_jobs import metric_jobs
from db.metrics import metric_versions, metrics
from db.objects import objects
from db.path_indexes.tables import path_indexes
from db.prices import prices
from db.projects import projects
from db.queues.tables import queue_items, queues
from db.refs import refs
from db.tables import table_chunks, table_parts, table_rows, tables

__all__ = [
    "call_texts",
    "calls",
    "configurations",
    "datapoints",
    "dataset_members",
    "datasets",
    "evaluation_runs",
    "experiment_members",
    "experiments",
    "feedback",
    "file_chunks",
    "files",
    "followers",
    "metadata",
    "metric_jobs",
    "metric_versions",
    "metrics",
    "objects",
    "path_indexes",
    "prices",
    "projects",
    "purged_feedback",
    "queue_items",
    "queues",
    "refs",
    "table_chunks",
    "table_parts",
    "table_rows",
    "tables",
]

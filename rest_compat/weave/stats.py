"""How many bytes a project keeps, and its files alone."""

from typing import Any

from resolvers.errors import InvalidInputError
from rest_compat.registry import Data, Endpoint, Request, Variables
from rest_compat.weave.models import Strict

__all__ = ["ENDPOINTS"]


class ProjectStatsReq(Strict):
    """Seed 001."""

    project_id: str
    include_trace_storage_size: bool | None = True
    include_object_storage_size: bool | None = True
    include_table_storage_size: bool | None = True
    include_file_storage_size: bool | None = True


class FilesStatsReq(Strict):
    """Seed 001."""

    project_id: str


def _project(request: Request) -> Variables:
    body: ProjectStatsReq = request.body
    chosen = {
        # Null is as leaving it out.
        "traces": body.include_trace_storage_size is not False,
        "objects": body.include_object_storage_size is not False,
        "tables": body.include_table_storage_size is not False,
        "files": body.include_file_storage_size is not False,
    }
    if not any(chosen.values()):
        raise InvalidInputError("At least one of the sizes must be included", ["include_trace_storage_size"])
    return {"project": body.project_id, **chosen}


def _project_answer(data: Data, _request: Request) -> dict[str, Any]:
    """ProjectStatsRes; a size that was not asked for is 0, since the schema has no null there."""
    sizes = data["project"]["stats"]
    return {
        "trace_storage_size_bytes": sizes.get("traceStorageSizeBytes", 0),
        "objects_storage_size_bytes": sizes.get("objectsStorageSizeBytes", 0),
        "tables_storage_size_bytes": sizes.get("tablesStorageSizeBytes", 0),
        "files_storage_size_bytes": sizes.get("filesStorageSizeBytes", 0),
    }


def _files(request: Request) -> Variables:
    return {"project": request.body.project_id, "traces": False, "objects": False, "tables": False, "files": True}


def _files_endpoint(path: str) -> Endpoint:
    """The older SDKs say ``/files/stats``, 0.54 ``/files/query_stats``."""
    return Endpoint(
        path,
        "weave/project_stats",
        "Stored bytes of all files of a project.",
        model=FilesStatsReq,
        variables=_files,
        respond=lambda data, _request: {"total_size_bytes": data["project"]["stats"]["filesStorageSizeBytes"]},
    )


ENDPOINTS = [
    Endpoint(
        "/project/stats",
        "weave/project_stats",
        "Stored bytes of a project: traces, objects, tables, files.",
        model=ProjectStatsReq,
        variables=_project,
        respond=_project_answer,
    ),
    _files_endpoint("/files/stats"),
    _files_endpoint("/files/query_stats"),
]

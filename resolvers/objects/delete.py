"""Deleting versions."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection

from db.objects.reads import ObjectKey, select_objects, select_versions
from db.objects.writes import mark_deleted
from db.projects import lock
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError, NotFoundError

__all__ = ["object_delete"]

MOST_DIGESTS = 100


async def object_delete(context: Context, project: str, object_id: str, digests: Sequence[str] | None = None) -> int:
    """Delete versions of a name, all of them without ``digests``; returns how many.

    A digest may be ``vN`` or ``latest``. The newest publication that is left becomes the latest. All are deleted or
    none: raises NotFoundError naming those that are not there, InvalidInputError for more than 100.
    """
    context.caller.require_write(project)
    if digests is not None and len(digests) > MOST_DIGESTS:
        message = f"{len(digests)} versions to delete, at most {MOST_DIGESTS} at a time"
        raise InvalidInputError(message, ["digests"])
    wanted = list(dict.fromkeys(digests or ()))
    at = now()

    def write(connection: Connection) -> int:
        lock(connection, project, at)
        doomed: defaultdict[str, set[str]] = defaultdict(set)
        if wanted:
            keys = [ObjectKey(kind, object_id, digest) for digest in wanted for kind in ("object", "op")]
            found = select_objects(connection, project, keys, {"deleted_at"})
            living = {key: row for key, row in found.items() if row.deleted_at is None}
            missing = sorted(set(wanted) - {key.version for key in living})
            if missing:
                names = ", ".join(f"{object_id}:{digest}" for digest in missing)
                raise NotFoundError(f"Not found when deleting: {names}", ["digests"])
            for key, row in living.items():
                doomed[key.kind].add(row.digest)
        else:
            both = [("object", object_id), ("op", object_id)]
            for (kind, _), versions in select_versions(connection, project, both, ()).items():
                doomed[kind] = {version.digest for version in versions}
        if not doomed:
            raise NotFoundError(f"Object {object_id!r} not found when deleting", ["objectId"])
        for kind, kind_digests in doomed.items():
            mark_deleted(connection, project, kind, object_id, kind_digests, at)
        return sum(map(len, doomed.values()))

    return await context.database.write(write)

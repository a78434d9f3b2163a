"""Names of ops. What calls carry is a name, or the ref of a version of an op, which has the name in it."""

from collections.abc import Sequence

from sqlalchemy import CompoundSelect, Connection, column, func, select, values

from db.calls.tables import calls
from db.metadata import Name
from db.query.derived import REF_LIKE, ref_name
from db.text import encode_text

__all__ = ["select_named", "select_versions", "versions_of"]

# Where they stand in an index: behind the first and before the second.
_FIRST, _LAST = "weave", "weavf"

MOST_NAMES = 40
"""Names that are listed."""

WILDCARD = ":*"

c = calls.c


def versions_of(project_id: str, names: Sequence[str]) -> CompoundSelect[str]:
    """The op names of a project's calls that are one of ``names``, or refs of ops of these names.

    The index of op names is walked from one ref to the next, past the calls that share it: a project has few versions
    of ops, and many calls of each.
    """
    within = (c.project_id == project_id, c.op_name < _LAST)
    refs = select(func.min(c.op_name).label("op_name")).where(*within, c.op_name >= _FIRST).cte(recursive=True)
    following = select(func.min(c.op_name)).where(*within, c.op_name > refs.c.op_name).scalar_subquery()
    refs = refs.union_all(select(following).where(refs.c.op_name.is_not(None)))
    named = select(refs.c.op_name).where(
        refs.c.op_name.like(REF_LIKE), ref_name(refs.c.op_name).in_(list(map(encode_text, names)))
    )
    given = values(column("op_name", Name())).data([(name,) for name in names]).cte()
    return select(given.c.op_name).union_all(named)


def select_versions(connection: Connection, project_id: str, names: Sequence[str]) -> list[str] | None:
    """What ``versions_of`` selects, where it is not too much."""
    statement = select(versions_of(project_id, names).subquery().c.op_name).limit(MOST_NAMES + 1)
    found = list(dict.fromkeys(connection.execute(statement).scalars()))
    return found if len(found) <= MOST_NAMES else None


def select_named(connection: Connection, project_id: str, names: Sequence[str]) -> list[str] | None:
    """The op names of a project's calls that are one of ``names``, of which those that end with ``:*`` stand for all
    that begin as they do; those without are given as they are. None where there are too many.

    The index of op names is walked from one to the next, past the calls that share it.
    """
    found: dict[str, None] = {}
    for name in names:
        prefix = name.removesuffix("*")
        if not name.endswith(WILDCARD):
            found[name] = None
            continue
        within = (c.project_id == project_id, c.op_name < prefix + "\U0010ffff")
        walked = select(func.min(c.op_name).label("op_name")).where(*within, c.op_name >= prefix).cte(recursive=True)
        following = select(func.min(c.op_name)).where(*within, c.op_name > walked.c.op_name).scalar_subquery()
        walked = walked.union_all(select(following).where(walked.c.op_name.is_not(None)))
        statement = select(walked.c.op_name).where(walked.c.op_name.is_not(None)).limit(MOST_NAMES + 1)
        found.update(dict.fromkeys(connection.execute(statement).scalars()))
        if len(found) > MOST_NAMES:
            return None
    return list(found)

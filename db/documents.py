"""The rows of SQLite's index over what calls say: those of one project lie together, and those of calls that began last
before others, so that the index gives calls in this order."""

import zlib

__all__ = ["all_seen_since", "documents_of", "first_document"]

_PROJECTS = 1 << 20
_DOCUMENTS = 1 << 43  # of a project
_WHOLE, _CUT = 0, _DOCUMENTS >> 1  # where the documents begin of calls that have one part, and of others
_TICK = 512  # microseconds that a document stands for
_SINCE = 946_684_800_000_000  # the year 2000; what is older shares the first document
_ROOM = 1 << 32  # that is left before the first of them
_LAST = _CUT - _ROOM - 1  # in 2071
_NEVER = (1 << 63) - 1


def documents_of(project_id: str, *, whole: bool = True) -> tuple[int, int]:
    """The documents of a project's calls that have one part, or of others, from the first until before the last. Two
    projects may share them."""
    number = zlib.crc32(project_id.encode(errors="surrogatepass")) % _PROJECTS
    first = number * _DOCUMENTS + (_WHOLE if whole else _CUT)
    return first, first + (_DOCUMENTS >> 1)


def first_document(project_id: str, started_at: int, *, whole: bool = True) -> int:
    """The document of a call that began then, or, where it is taken, the last that it may have instead. Those that
    began later have smaller ones: FTS5 of SQLite 3.40 leaves out rows where it is asked from the last to the first."""
    tick = min(max((started_at - _SINCE) // _TICK, 0), _LAST)
    return documents_of(project_id, whole=whole)[0] + _ROOM + _LAST - tick


def all_seen_since(project_id: str, document: int) -> int:
    """When all calls began, in microseconds, whose documents are certainly before this one: at that time or later."""
    tick = documents_of(project_id)[0] + _ROOM + _LAST - document
    # Those that began still later share the first document, and some of them may be behind this one.
    return _SINCE + (tick + 1) * _TICK if tick < _LAST else _NEVER

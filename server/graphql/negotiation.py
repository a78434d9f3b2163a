"""Which form of answer a client accepts."""

from dataclasses import dataclass

from db.remembering import remembering

__all__ = ["EVENT_STREAM", "GRAPHQL_RESPONSE", "JSON", "Accepted", "accepted"]

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"

MAX_RANGES = 100


@dataclass(frozen=True, slots=True)
class Accepted:
    """What may be answered: `document` is the media type of a single result, `stream` says whether events will do.

    `prefers_stream` is set where events were asked for with more weight than a single result.
    """

    document: str | None
    stream: bool
    prefers_stream: bool


@remembering(most=100, longest=200)
def accepted(header: str) -> Accepted:
    """Read an Accept header; none at all (""), or one that allows everything, means application/json.

    Events are sent only to who names them.
    """
    ranges = _ranges(header or "*/*")
    graphql = _weight(ranges, GRAPHQL_RESPONSE, "application/*", "*/*")
    plain = _weight(ranges, JSON, "application/*", "*/*")
    stream = _weight(ranges, EVENT_STREAM)
    document = None
    if max(graphql, plain) > 0:
        named = GRAPHQL_RESPONSE in ranges
        document = GRAPHQL_RESPONSE if graphql > plain or (named and graphql == plain) else JSON
    return Accepted(document, stream=stream > 0, prefers_stream=stream > max(graphql, plain))


def _ranges(header: str) -> dict[str, float]:
    """Media ranges in lower case with their weights; the heaviest where one is said twice."""
    ranges: dict[str, float] = {}
    for part in header.lower().split(",")[:MAX_RANGES]:
        name, *parameters = (word.strip() for word in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                weight = _quality(parameter[2:])
        ranges[name] = max(weight, ranges.get(name, 0.0))
    return ranges


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def _weight(ranges: dict[str, float], *names: str) -> float:
    """The weight of the first of `names`, given from the narrowest to the widest, that the header has."""
    return next((ranges[name] for name in names if name in ranges), 0.0)

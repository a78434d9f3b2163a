"""Taking exports of OpenTelemetry."""

from collections.abc import Iterator
from enum import StrEnum
from typing import cast

import strawberry

from graph.context import Info, context_of
from graph.enums import described_enum
from graph.fields import column
from graph.scalars import Bytes
from graph.spans.json import spans_of_json
from graph.user_errors import UserError, user_errors
from resolvers.errors import Refusal
from resolvers.spans.export import spans_export
from resolvers.spans.span import Span, UnreadableSpan

__all__ = ["SpanMutations"]


class OtlpEncoding(StrEnum):
    """The encodings of OTLP."""

    PROTOBUF = "PROTOBUF"
    JSON = "JSON"


described_enum(
    OtlpEncoding,
    name="OtlpEncoding",
    description="How an export is encoded.",
    values={"PROTOBUF": "Protobuf, `application/x-protobuf`.", "JSON": "OTLP/JSON, `application/json`."},
)


def _spans_of_protobuf(content: bytes) -> Iterator[Span | UnreadableSpan]:
    from graph.spans.protobuf import spans_of_protobuf  # late: protobuf is large, and many servers take no spans

    return spans_of_protobuf(content)


_DECODERS = {OtlpEncoding.PROTOBUF: _spans_of_protobuf, OtlpEncoding.JSON: spans_of_json}


@strawberry.input(description="An export of spans: an `ExportTraceServiceRequest` of OTLP 1.")
class OtlpExportInput:
    """An export."""

    content: Bytes = column("The request, not compressed.")
    encoding: OtlpEncoding = column("How it is encoded.", default=OtlpEncoding.PROTOBUF)
    project: str | None = column(
        "Slug of the project, `entity/name`, of all spans; without one, each span goes to the project that its "
        "resource names in the attributes `wandb.entity` and `wandb.project`. It is made if it is not there.",
        default=None,
    )


@strawberry.type(description="What became of an export.")
class OtlpExportPayload:
    """Counts."""

    accepted_spans: int = column("How many spans became calls, or were calls already.")
    rejected_spans: int = column("How many spans were refused; the others of the export are kept.")
    displaced_spans: int = column(
        "Of the accepted spans: how many got a call id of their own making, since another call has their span id."
    )
    error_message: str | None = column("Why spans were refused, the first twenty of them; null where none was.")
    user_errors: list[UserError] = column("Why nothing was taken at all: content that cannot be read, no project.")


@strawberry.type
class SpanMutations:
    """The part of Mutation about spans."""

    @strawberry.mutation(
        description="Keep spans as calls: the call id is the span id. Idempotent: the same span is kept once, "
        "while another span with the same id gets an id of its own."
    )
    async def otlp_export(self, info: Info, input: OtlpExportInput) -> OtlpExportPayload:
        """An export."""
        spans = _DECODERS[input.encoding](cast("bytes", input.content))
        try:
            exported = await spans_export(context_of(info), spans, input.project)
        except Refusal as refusal:
            return OtlpExportPayload(
                accepted_spans=0,
                rejected_spans=0,
                displaced_spans=0,
                error_message=None,
                user_errors=user_errors(refusal),
            )
        return OtlpExportPayload(
            accepted_spans=exported.accepted,
            rejected_spans=exported.rejected,
            displaced_spans=exported.displaced,
            error_message=exported.message,
            user_errors=[],
        )

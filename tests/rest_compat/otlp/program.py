"""A program with OpenTelemetry's own SDK and exporter: ``program.py WHAT TRACES_URL PROJECT PROVIDER_URL``.

It runs in a process of its own, since instrumentations change the libraries that they watch.
"""

import contextlib
import os
import random
import sys

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital of France?"}]


def ask(provider: str) -> None:
    client = OpenAI(api_key="key", base_url=provider)
    client.chat.completions.create(model="gpt-4o", temperature=0.5, messages=MESSAGES)  # type: ignore[arg-type]


def openinference(tracer: trace.Tracer, provider: str) -> None:
    from openinference.instrumentation import using_attributes
    from openinference.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()
    with using_attributes(session_id="session-1", user_id="ada"), tracer.start_as_current_span("app"):
        ask(provider)


def gen_ai(tracer: trace.Tracer, provider: str) -> None:
    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_ONLY"
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()  # type: ignore[no-untyped-call]  # its constructor is not typed
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "conversation-1"}
    with tracer.start_as_current_span("agent", attributes=attributes):
        ask(provider)


def openllmetry(tracer: trace.Tracer, provider: str) -> None:
    """What Traceloop's SDK writes around the calls of its instrumentations, and one of these."""
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()
    workflow = {
        "traceloop.span.kind": "workflow",
        "traceloop.entity.name": "capitals",
        "traceloop.entity.input": '{"args": [], "kwargs": {"country": "France"}}',
        "traceloop.entity.output": '"Paris."',
        "traceloop.association.properties.session_id": "chat-1",
        "traceloop.association.properties.user_id": "ada",
    }
    with tracer.start_as_current_span("capitals.workflow", attributes=workflow):
        ask(provider)


def linked(tracer: trace.Tracer, _provider: str) -> None:
    """A span with a link to one of another trace."""
    with tracer.start_as_current_span("request") as request:
        pass
    links = [trace.Link(request.get_span_context(), {"why": "follows"})]
    with tracer.start_as_current_span("batch", context=Context(), links=links):
        pass


def seeded(tracer: trace.Tracer, _provider: str) -> None:
    """The SDK makes its ids with ``random``: each run makes the same."""
    random.seed(42)
    with (
        tracer.start_as_current_span("outer"),
        contextlib.suppress(ValueError),
        tracer.start_as_current_span("inner"),
    ):
        raise ValueError("boom")


def exporter_to(url: str, project: str) -> SpanExporter:
    """Over HTTP, or over gRPC where the URL is only an address."""
    if url.startswith("http"):
        return OTLPSpanExporter(endpoint=url, compression=Compression.Gzip)
    from grpc import Compression as GRPCCompression
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GRPCExporter

    headers = {"project_id": project}
    return GRPCExporter(endpoint=url, insecure=True, headers=headers, compression=GRPCCompression.Gzip)


def main(what: str, url: str, project: str, provider: str) -> None:
    exporter = exporter_to(url, project)
    entity, _, name = project.partition("/")
    tracers = TracerProvider(resource=Resource.create({"wandb.entity": entity, "wandb.project": name}))
    # One by one, children first, where runs repeat their ids; else as programs do.
    processor: SpanProcessor = SimpleSpanProcessor(exporter) if what == "seeded" else BatchSpanProcessor(exporter)
    tracers.add_span_processor(processor)
    trace.set_tracer_provider(tracers)
    programs = {
        "openinference": openinference,
        "gen_ai": gen_ai,
        "openllmetry": openllmetry,
        "linked": linked,
        "seeded": seeded,
    }
    programs[what](tracers.get_tracer("program"), provider)
    tracers.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What calls are told apart by, as GraphQL enums."""

from graph.enums import described_enum
from resolvers.calls.kinds import CallKind
from resolvers.calls.read import CallStatus

__all__ = ["CallKind", "CallStatus"]

described_enum(
    CallStatus,
    name="CallStatus",
    description="How a call stands. Values may be added.",
    values={
        "SUCCESS": "It ended without an exception, and so did all calls below it.",
        "ERROR": "It ended with an exception.",
        "RUNNING": "Its end has not come yet.",
        "DESCENDANT_ERROR": "It ended well, and a call below it did not.",
    },
)
described_enum(
    CallKind,
    name="CallKind",
    description="What sort of step a call is. Values may be added.",
    values={
        "LLM": "A call of a language model.",
        "TOOL": "A tool or function that a model or an agent uses.",
        "AGENT": "An agent: decides which steps to take.",
        "CHAIN": "A fixed chain of steps.",
        "RETRIEVER": "A search for documents.",
        "EMBEDDING": "A computation of embeddings.",
        "GUARDRAIL": "A check that may stop what goes in or out.",
        "SCORER": "A judgement on another call.",
        "EVALUATION": "An evaluation over a dataset.",
        "SESSION": "A session: a conversation or a program run.",
        "OTHER": "Anything else that the sender named.",
    },
)

"""The normalised kinds of calls, and the words that SDKs use for them."""

from enum import StrEnum

from db.json_text import JSONText, parse_json

__all__ = ["CallKind", "kind_of", "kind_of_word"]


class CallKind(StrEnum):
    """What sort of step a call is."""

    LLM = "LLM"
    TOOL = "TOOL"
    AGENT = "AGENT"
    CHAIN = "CHAIN"
    RETRIEVER = "RETRIEVER"
    EMBEDDING = "EMBEDDING"
    GUARDRAIL = "GUARDRAIL"
    SCORER = "SCORER"
    EVALUATION = "EVALUATION"
    SESSION = "SESSION"
    OTHER = "OTHER"


_WORDS = {
    "model": CallKind.LLM,
    "chat": CallKind.LLM,
    "completion": CallKind.LLM,
    "generation": CallKind.LLM,
    "function": CallKind.TOOL,
    "search": CallKind.RETRIEVER,
    "retrieval": CallKind.RETRIEVER,
    "embeddings": CallKind.EMBEDDING,
    "workflow": CallKind.CHAIN,
    "task": CallKind.CHAIN,
    "score": CallKind.SCORER,
    "eval": CallKind.EVALUATION,
}


def kind_of_word(word: str) -> CallKind:
    """The kind that an SDK's word stands for; OTHER for a word that nobody knows."""
    if word.upper() in CallKind.__members__:
        return CallKind[word.upper()]
    return _WORDS.get(word.lower(), CallKind.OTHER)


def kind_of(attributes: JSONText) -> CallKind | None:
    """The kind that a Weave SDK recorded, ``attributes.weave.kind``; None where it did not."""
    if '"kind"' not in attributes or '"weave"' not in attributes:
        return None
    parsed = parse_json(attributes)
    weave = parsed.get("weave") if isinstance(parsed, dict) else None
    word = weave.get("kind") if isinstance(weave, dict) else None
    return kind_of_word(word) if isinstance(word, str) and word else None

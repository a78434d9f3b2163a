"""The code of the demo's ops, version by version."""

from collections.abc import Mapping

__all__ = ["OPS"]

_PLAIN = '''@weave.op
def {name}({arguments}):
    """{about}"""
    return client.run("{name}", locals())
'''

_ANSWER = (
    """@weave.op
def answer_ticket(model, ticket):
    facts = look_up(ticket)
    return chat(model, ticket["text"], facts)
""",
    """@weave.op
def answer_ticket(model, ticket):
    facts = retrying(look_up, ticket, attempts=2)
    return chat(model, ticket["text"], facts)
""",
    """@weave.op
def answer_ticket(model, ticket):
    if check_content(ticket["text"])["flagged"]:
        return {"answer": HAND_OVER, "resolved": False}
    facts = retrying(look_up, ticket, attempts=3)
    return chat(model, ticket["text"], facts)
""",
)

_RETRIEVE = (
    """@weave.op
def retrieve(query, top_k=2):
    return index.nearest(embed(query), top_k)
""",
    """@weave.op
def retrieve(query, top_k=4):
    found = index.nearest(embed(query), top_k * 2)
    return rerank(query, found)[:top_k]
""",
)


def _plain(name: str, arguments: str, about: str) -> tuple[str, ...]:
    return (_PLAIN.format(name=name.rpartition(".")[2], arguments=arguments, about=about),)


OPS: Mapping[str, tuple[str, ...]] = {
    "answer_ticket": _ANSWER,
    "retrieve": _RETRIEVE,
    "check_content": _plain("check_content", "text", "Whether a text may be answered by a machine."),
    "plan": _plain("plan", "ticket", "Which tools a ticket needs."),
    "find_order": _plain("find_order", "number", "An order by its number."),
    "track_parcel": _plain("track_parcel", "order", "Where a parcel is."),
    "refund_order": _plain("refund_order", "order, reason", "Pay an order back."),
    "search_products": _plain("search_products", "query", "Products of the shop."),
    "get_weather": _plain("get_weather", "place", "The forecast for a place."),
    "price_nights": _plain("price_nights", "nights, people, dog", "What nights in huts cost."),
    "read_receipt": _plain("read_receipt", "image", "What a photographed receipt says."),
    "chat": _plain("chat", "model, messages", "Ask a language model."),
    "embed": _plain("embed", "texts", "Vectors of texts."),
    "chat_turn": _plain("chat_turn", "message", "One exchange of a chat."),
    "rag_answer": _plain("rag_answer", "question", "Answer a question from the help pages."),
    "import_page": _plain("import_page", "url", "Import one page of the catalogue."),
    "fetch_page": _plain("fetch_page", "url", "The text of a page."),
    "extract_products": _plain("extract_products", "page", "The products that a page describes."),
    "store_products": _plain("store_products", "products", "Keep products and their vectors."),
    "research": _plain("research", "topic", "A report on a topic."),
    "explore": _plain("explore", "question", "Answer a question, by way of further ones."),
    "Evaluation.evaluate": _plain("Evaluation.evaluate", "self, model", "Run a model over a dataset."),
    "Evaluation.predict_and_score": _plain("Evaluation.predict_and_score", "self, model, example", "One row."),
    "Evaluation.summarize": _plain("Evaluation.summarize", "self, rows", "Figures over all rows."),
    "correctness.score": _plain("correctness.score", "self, output, expected", "Whether an answer is right."),
    "groundedness.score": _plain("groundedness.score", "self, output", "Whether the sources say so."),
    "load_PIL.Image.Image": _plain("load_PIL.Image.Image", "artifact", "An image from its file."),
}
"""The code of each version of each op, first version first."""

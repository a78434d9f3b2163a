"""Seven days of the help desk: an agent that looks things up, tries again, and sometimes gives up."""

from collections.abc import Mapping

from db.json_text import JSONValue
from resolvers.calls.kinds import CallKind
from server.demo.objects import BIG, SMALL, Published
from server.demo.story import HOUR, MINUTE, SECOND, Call, Story
from server.demo.texts import PRODUCTS, PROMPTS, TICKETS, Ticket

__all__ = ["tell_support"]

# Hours before the end at which a ticket came in, day by day; the last one is still worked on.
HOURS_AGO = (
    *(165.5, 163, 147, 142.2, 139, 121, 118.4),
    *(96.7, 94.1, 92, 73.5, 70.2, 68.9, 49.6, 47.3, 45.1, 43.2),
    *(27.4, 25.2, 22.8, 21.1, 19.7, 6.4, 5.2, 3.9, 2.6, 1.7, 0.8, 0.01),
)
TIMEOUTS = {1: 1, 5: 2, 9: 1, 12: 2, 19: 1, 23: 3, 26: 1}
"""How often the shop's own service does not answer, by the number of the ticket."""

BUSY = {7, 16, 21, 25}
"""Tickets at which the provider of the model refuses the first request."""

FLAGGED = 24
TOOLS = {
    "parcel": ("find_order", "track_parcel"),
    "refund": ("find_order", "refund_order"),
    "advice": ("search_products",),
    "receipt": ("read_receipt",),
}
AGENTS = ("ana", "ben", "chidi")


def tell_support(story: Story, published: Published, end: int) -> None:
    """Add the traces, and what people say of them."""
    for number, hours in enumerate(HOURS_AGO):
        at = end - int(hours * HOUR)
        version = 0 if hours > 124 else 1 if hours > 52 else 2
        ticket = TICKETS[number % len(TICKETS)]
        desk = _Desk(story, published, number, version, ticket, last=number == len(HOURS_AGO) - 1)
        root = desk.answer(at)
        if not root.running:
            _react(story, published, number, root)


class _Desk:
    """One ticket on its way through the agent."""

    def __init__(
        self, story: Story, published: Published, number: int, version: int, ticket: Ticket, *, last: bool
    ) -> None:
        self.story = story
        self.published = published
        self.number = number
        self.version = version
        self.ticket = ticket
        self.last = last
        self.order = 48000 + number * 17
        self.model = BIG if version == 2 else SMALL

    def answer(self, at: int) -> Call:
        """The trace of the ticket."""
        attributes: Mapping[str, JSONValue] = {
            "env": "staging" if self.number % 7 == 3 else "prod",
            "release": f"2026.{10 + self.version}",
            "customer": {"id": self.ticket.customer, "language": self.ticket.language},
        }
        inputs: Mapping[str, JSONValue] = {
            "model": self.published.objects[f"support-agent:v{self.version}"],
            "ticket": {
                "id": f"T-{900 + self.number}",
                "customer": self.ticket.customer,
                "language": self.ticket.language,
                "text": self.ticket.text,
            },
        }
        with self.story.trace(
            f"answer_ticket:v{self.version}",
            inputs,
            CallKind.AGENT,
            at=at,
            user=AGENTS[self.number % 3],
            name=f"Ticket T-{900 + self.number} ({self.ticket.language})",
            session=f"customer-{self.ticket.customer}",
            attributes=attributes,
        ) as root:
            self._work(root)
        return root

    def _work(self, root: Call) -> None:
        if self.version == 2:
            with root.call("check_content", {"text": self.ticket.text}, CallKind.GUARDRAIL) as check:
                check.takes(0.05)
                flagged = self.number == FLAGGED
                check.output = {"flagged": flagged, "category": "abuse" if flagged else "none"}
            if flagged:
                root.output = {"answer": "A colleague will get back to you.", "resolved": False}
                return
        tools = TOOLS[self.ticket.intent]
        question = {"language": self.ticket.language, "text": self.ticket.text}
        with root.call("plan", {"ticket": question}, CallKind.CHAIN) as plan:
            self._chat(plan, "Which tools does this need?", ", ".join(tools), 180)
            plan.output = {"tools": list(tools)}
        if self.last:
            root.running = True
            with root.call("track_parcel", {"order": self.order}, CallKind.TOOL) as tool:
                tool.running = True
            return
        for name in tools:
            if not self._tool(root, name):
                root.fails("ToolFailedError", f"{name} did not answer; handed over to a person")
                return
        answer = self._chat(root, self.ticket.text, self.ticket.answer, 520 + 160 * len(tools))
        root.output = {"answer": answer, "resolved": True}

    def _tool(self, root: Call, tool: str) -> bool:
        """Run a tool, again where it fails and the version tries again; returns whether it answered."""
        inputs, output, seconds = self._request(tool)
        failures = TIMEOUTS.get(self.number, 0) if tool in {"find_order", "search_products", "read_receipt"} else 0
        for attempt in range(1, (1, 2, 3)[self.version] + 1):
            again: Mapping[str, JSONValue] = {"retry": {"attempt": attempt}} if attempt > 1 else {}
            with root.call(tool, inputs, CallKind.TOOL, attributes=again) as call:
                if attempt <= failures:
                    call.takes(5)
                    call.fails("TimeoutError", f"shop.internal did not answer {tool} in 5 s", "shop.py")
                else:
                    call.takes(seconds)
                    call.output = output
            if call.exception is None:
                return True
            root.takes(0.5 * attempt)
        return False

    def _request(self, tool: str) -> tuple[Mapping[str, JSONValue], JSONValue, float]:
        """Inputs and output of a tool, and the seconds that it takes."""
        order: Mapping[str, JSONValue] = {"number": self.order, "customer": self.ticket.customer}
        match tool:
            case "find_order":
                return {"number": self.order}, {**order, "total": 74.5 + self.number, "state": "shipped"}, 0.18
            case "track_parcel":
                steps = ["packed in Bergen", "left Bergen", "customs", "out for delivery"]
                return {"order": self.order}, {"steps": steps[: 2 + self.number % 3], "delayed": True}, 0.4
            case "refund_order":
                reason = "damaged" if self.ticket.language == "de" else "returned"
                return {"order": self.order, "reason": reason}, {"refunded": 74.5 + self.number, "currency": "EUR"}, 0.9
            case "read_receipt":
                image = {
                    "_type": "CustomWeaveType",
                    "weave_type": {"type": "PIL.Image.Image"},
                    "files": {"image.png": self.published.files["receipt.png"]},
                    "load_op": self.published.ops["load_PIL.Image.Image"],
                }
                return {"image": image}, {"shop": "Fjord Outdoor Oslo", "total": 212.0, "currency": "EUR"}, 1.4
        return {"query": self.ticket.text}, list(PRODUCTS[self.number % 3 : self.number % 3 + 2]), 0.25

    def _chat(self, parent: Call, question: str, answer: str, tokens: int) -> str:
        messages = [{"role": "system", "content": PROMPTS[self.version]}, {"role": "user", "content": question}]
        inputs: Mapping[str, JSONValue] = {"model": self.model, "messages": messages, "temperature": 0.2}
        again: Mapping[str, JSONValue] = {}
        if self.number in BUSY and parent.op != "plan":
            with parent.call("chat", inputs, CallKind.LLM) as refused:
                refused.takes(0.3)
                refused.fails("RateLimitError", "429: requests per minute used up; try again in 2 s", "llm.py")
            parent.takes(2)
            again = {"retry": {"attempt": 2}}
        with parent.call("chat", inputs, CallKind.LLM, attributes=again) as call:
            given = 12 + len(answer) // 3
            call.takes(0.4 + given / (45 if self.model == BIG else 80))
            call.uses(self.model, tokens + self.story.random.randrange(80), given)
            message = {"role": "assistant", "content": answer}
            call.output = {"model": self.model, "choices": [{"message": message, "finish_reason": "stop"}]}
        return answer


def _react(story: Story, published: Published, number: int, root: Call) -> None:
    """What colleagues and customers say afterwards."""
    at = root.trace.clock + 20 * MINUTE
    well = root.exception is None and number != FLAGGED
    if number % 2 == 0:
        story.comment(at, root.ref, "wandb.reaction.1", {"emoji": "👍" if well else "👎"}, AGENTS[(number + 1) % 3])
    if not well:
        note = "Order service was down again, see the timeouts." if root.exception else "Good that this was stopped."
        story.comment(at + 40 * SECOND, root.ref, "wandb.note.1", {"note": note}, "ana")
    if number % 3 == 0:
        tone = "cold" if number % 4 == 1 or not well else ("warm", "neutral")[number % 2]
        refs = {"annotation_ref": published.objects["tone"]}
        story.comment(at + MINUTE, root.ref, "wandb.annotation.tone", {"value": tone}, "ben", refs)

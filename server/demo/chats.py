"""Chats with customers: threads, whose turns are traces of their own."""

from db.json_text import JSONValue
from resolvers.calls.kinds import CallKind
from server.demo.objects import BIG, CLAUDE
from server.demo.story import HOUR, MINUTE, Story
from server.demo.texts import CHAT, Turn

__all__ = ["tell_chats"]

SHORT = (
    ("chat-8101", "c-1102", 74.0, (0, 1, 3)),
    ("chat-8117", "c-1168", 29.0, (6, 8)),
    ("chat-8120", "c-1130", 20.5, (9, 10, 11)),
)


def tell_chats(story: Story, end: int) -> None:
    """Add a long chat of this morning, three short ones of the days before, and what a customer says of it."""
    for thread, customer, hours, turns in SHORT:
        _tell(story, thread, customer, end - int(hours * HOUR), [CHAT[turn] for turn in turns])
    last = _tell(story, "chat-8124", "c-1194", end - int(4.2 * HOUR), CHAT)
    story.comment(end - 3 * HOUR, last, "wandb.reaction.1", {"emoji": "❤️"}, "customer")


def _tell(story: Story, thread: str, customer: str, at: int, turns: "list[Turn] | tuple[Turn, ...]") -> str:
    """One thread; returns the ref of its last turn."""
    ref = ""
    history: list[JSONValue] = []
    for turn in turns:
        history.append({"role": "user", "content": turn.user})
        with story.trace(
            "chat_turn",
            {"message": turn.user},
            CallKind.AGENT,
            at=at,
            user="dara",
            thread=thread,
            session=thread,
            attributes={"env": "prod", "customer": {"id": customer}},
        ) as root:
            if turn.tool is not None:
                name, inputs, output = turn.tool
                with root.call(name, inputs, CallKind.TOOL) as tool:
                    tool.takes(0.3)
                    tool.output = output
            model = CLAUDE if thread == "chat-8124" else BIG
            inputs = {"model": model, "messages": list(history)}
            with root.call("chat", inputs, CallKind.LLM) as chat:
                given = 20 + len(turn.assistant) // 4
                chat.takes(0.5 + given / 60)
                chat.uses(model, 90 + sum(len(str(message)) for message in history) // 4, given)
                chat.output = {"model": model, "content": [{"type": "text", "text": turn.assistant}]}
            root.output = {"message": turn.assistant}
        history.append({"role": "assistant", "content": turn.assistant})
        ref = root.ref
        at = root.trace.clock + int((0.4 + 2 * story.random.random()) * MINUTE)
    return ref

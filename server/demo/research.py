"""One trace as large as one likes: questions that lead to questions."""

from collections.abc import Iterator

from resolvers.calls.kinds import CallKind
from server.demo.objects import CLAUDE
from server.demo.story import HOUR, Call, Story

__all__ = ["tell_research"]

DEEPEST = 12
SUBJECTS = ("wool", "down", "membranes", "soles", "zips", "dyes", "straps", "poles", "seams", "foam")


def tell_research(story: Story, end: int, calls: int) -> None:
    """Add a trace of exactly so many calls."""
    subject = SUBJECTS[calls % len(SUBJECTS)]
    with story.trace(
        "research",
        {"topic": f"How is {subject} made, and what of it can be repaired?"},
        CallKind.AGENT,
        at=end - 2 * HOUR,
        user="ana",
        name=f"Research in {calls:,} calls",
        attributes={"env": "prod"},
    ) as root:
        _explore(story, root, subject, calls - 1, 1)
        root.output = {"report": f"All about {subject}.", "calls": calls}


def _explore(story: Story, parent: Call, subject: str, budget: int, depth: int) -> None:
    """Spend a budget of calls below ``parent``."""
    for number, share in enumerate(_shares(story, budget, depth)):
        question = f"{subject}, question {depth}.{number + 1}"
        if share == 1:
            _leaf(story, parent, question)
            continue
        with parent.call("explore", {"question": question}, CallKind.CHAIN) as call:
            _explore(story, call, subject, share - 1, depth + 1)
            call.output = {"found": share - 1}


def _shares(story: Story, budget: int, depth: int) -> Iterator[int]:
    """How a budget is divided: fewer and larger parts higher up, single calls at the bottom."""
    if depth >= DEEPEST or budget <= 4:
        yield from [1] * budget
        return
    while budget:
        share = min(budget, max(1, int(budget * story.random.random() / 2)))
        yield share
        budget -= share


def _leaf(story: Story, parent: Call, question: str) -> None:
    if story.random.random() < 0.3:
        messages = [{"role": "user", "content": question}]
        with parent.call("chat", {"model": CLAUDE, "messages": messages}, CallKind.LLM) as chat:
            chat.takes(0.2)
            chat.uses(CLAUDE, 200 + len(question), 40)
            chat.output = {"model": CLAUDE, "content": [{"type": "text", "text": f"Enough is known of {question}."}]}
        return
    url = f"https://library.example/{story.random.randrange(10_000)}"
    with parent.call("fetch_page", {"url": url}, CallKind.TOOL) as fetch:
        fetch.takes(0.05)
        if story.random.random() < 0.02:
            fetch.fails("TimeoutError", f"{url}: no answer in 10 s", "web.py")
        else:
            fetch.output = {"status": 200, "text": f"What is written about {question}."}

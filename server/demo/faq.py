"""Two evaluations of an answerer that retrieves: the same questions, two versions of its model."""

from collections.abc import Mapping
from dataclasses import dataclass

from db.json_text import JSONValue
from resolvers.calls.kinds import CallKind
from server.demo.objects import BIG, EMBEDDER, SMALL, Published
from server.demo.story import HOUR, MINUTE, Call, Story
from server.demo.texts import FAQ, Entry

__all__ = ["tell_evaluations"]


@dataclass(frozen=True, slots=True)
class _Run:
    """One evaluation: which rows go wrong, and how."""

    version: int
    hours_ago: float
    name: str
    wrong: frozenset[int]
    ungrounded: frozenset[int]
    too_long: frozenset[int]
    top_k: int


RUNS = (
    _Run(0, 50.5, "faq v0, two sources", frozenset({2, 4, 6, 8}), frozenset({4, 8}), frozenset({7}), 2),
    _Run(1, 26.5, "faq v1, four sources", frozenset({6}), frozenset({8}), frozenset(), 4),
)


def tell_evaluations(story: Story, published: Published, end: int) -> None:
    """Add the traces, and the scores as feedback on each answer."""
    for run in RUNS:
        _Evaluation(story, published, run).tell(end - int(run.hours_ago * HOUR))
    best = published.objects["faq-answerer:v1"]
    story.comment(end - 25 * HOUR, best, "wandb.note.1", {"note": "Four sources help. Release it."}, "ben")
    story.comment(end - 25 * HOUR + MINUTE, best, "wandb.reaction.1", {"emoji": "🚀"}, "ana")


class _Evaluation:
    def __init__(self, story: Story, published: Published, run: _Run) -> None:
        self.story = story
        self.published = published
        self.run = run
        self.model = published.objects[f"faq-answerer:v{run.version}"]
        self.evaluation = published.objects["faq-evaluation"]
        self.right: list[float] = []
        self.grounded: list[bool] = []

    def tell(self, at: int) -> None:
        inputs = {"self": self.evaluation, "model": self.model}
        attributes = {"env": "ci", "release": f"2026.{11 + self.run.version}"}
        with self.story.trace(
            "Evaluation.evaluate",
            inputs,
            CallKind.EVALUATION,
            at=at,
            user="ben",
            name=self.run.name,
            attributes=attributes,
        ) as root:
            for row, entry in enumerate(FAQ):
                self._row(root, row, entry)
            summary: JSONValue = {
                "correctness": {"score": {"mean": round(sum(self.right) / len(self.right), 4)}},
                "groundedness": {
                    "grounded": {
                        "true_count": sum(self.grounded),
                        "true_fraction": round(sum(self.grounded) / len(self.grounded), 4),
                    }
                },
                "rows": len(FAQ),
                "failed": len(self.run.too_long),
            }
            with root.call("Evaluation.summarize", {"self": self.evaluation, "rows": len(FAQ)}) as summing:
                summing.output = summary
            root.output = summary

    def _row(self, root: Call, row: int, entry: Entry) -> None:
        example = self.published.row_refs[row]
        inputs = {"self": self.evaluation, "model": self.model, "example": example}
        with root.call("Evaluation.predict_and_score", inputs) as both:
            answer = self._answer(both, row, entry)
            if answer.exception is not None:
                both.output = {"output": None, "scores": {}}
                return
            scores = {
                "correctness": self._correctness(both, answer, row, entry),
                "groundedness": self._groundedness(both, answer, row),
            }
            both.output = {"output": answer.output, "scores": scores}

    def _answer(self, parent: Call, row: int, entry: Entry) -> Call:
        inputs = {"self": self.model, "question": entry.question}
        with parent.call("rag_answer", inputs, CallKind.CHAIN) as call:
            documents = self._retrieve(call, row, entry)
            messages: JSONValue = [
                {"role": "system", "content": "Answer from the sources alone."},
                {"role": "user", "content": f"{entry.question}\n\n{documents}"},
            ]
            with call.call("chat", {"model": SMALL, "messages": messages, "temperature": 0}, CallKind.LLM) as chat:
                if row in self.run.too_long:
                    chat.takes(0.2)
                    chat.fails("ContextLengthError", "the sources have 140,212 tokens, at most 128,000", "llm.py")
                    call.fails("ContextLengthError", "the sources have 140,212 tokens, at most 128,000", "rag.py")
                    return call
                answer = "I could not find that in the sources." if row in self.run.wrong else f"{entry.expected}."
                chat.takes(0.7)
                chat.uses(SMALL, 420 * self.run.top_k + len(entry.question), 14 + len(answer) // 3)
                chat.output = {"model": SMALL, "choices": [{"message": {"role": "assistant", "content": answer}}]}
            call.output = {"answer": answer, "sources": [document["id"] for document in documents]}
        return call

    def _retrieve(self, parent: Call, row: int, entry: Entry) -> list[dict[str, JSONValue]]:
        inputs = {"query": entry.question, "top_k": self.run.top_k}
        with parent.call(f"retrieve:v{self.run.version}", inputs, CallKind.RETRIEVER) as call:
            with call.call("embed", {"texts": [entry.question], "model": EMBEDDER}, CallKind.EMBEDDING) as embed:
                embed.takes(0.06)
                embed.uses(EMBEDDER, 4 + len(entry.question) // 4, 0)
                embed.output = {"dimensions": 1536, "vectors": 1}
            call.takes(0.08)
            best = 0.34 + row / 100 if row in self.run.wrong else 0.91 - row / 50
            found = [
                {
                    "id": entry.article if rank == 0 and row not in self.run.wrong else f"a-{20 + row + rank}",
                    "title": entry.title if rank == 0 and row not in self.run.wrong else "News from the workshop",
                    "score": round(best - 0.07 * rank, 3),
                }
                for rank in range(self.run.top_k)
            ]
            call.output = {"documents": found, "best_score": found[0]["score"]}
        return found

    def _correctness(self, parent: Call, answer: Call, row: int, entry: Entry) -> JSONValue:
        scorer = self.published.objects["correctness"]
        inputs: Mapping[str, JSONValue] = {"self": scorer, "output": answer.output, "expected": entry.expected}
        with parent.call("correctness.score", inputs, CallKind.SCORER) as call:
            messages: JSONValue = [{"role": "user", "content": f"Is this right? Expected: {entry.expected}"}]
            with call.call("chat", {"model": BIG, "messages": messages, "temperature": 0}, CallKind.LLM) as judge:
                judge.takes(0.9)
                judge.uses(BIG, 260 + len(entry.question), 38)
                score = 0.2 if row in self.run.wrong else round(0.9 + row % 3 / 20, 2)
                judge.output = {"model": BIG, "choices": [{"message": {"role": "assistant", "content": str(score)}}]}
            call.output = {
                "score": score,
                "label": "wrong" if row in self.run.wrong else "right",
                "reason": "Says that it does not know." if row in self.run.wrong else "Says the same in other words.",
            }
        self.right.append(score)
        self._score(answer, call, "correctness")
        return call.output

    def _groundedness(self, parent: Call, answer: Call, row: int) -> JSONValue:
        inputs: Mapping[str, JSONValue] = {"self": self.published.objects["groundedness"], "output": answer.output}
        with parent.call("groundedness.score", inputs, CallKind.SCORER) as call:
            call.takes(0.01)
            grounded = row not in self.run.ungrounded
            call.output = {"grounded": grounded, "overlap": 0.82 if grounded else 0.11}
        self.grounded.append(grounded)
        self._score(answer, call, "groundedness")
        return call.output

    def _score(self, answer: Call, scoring: Call, name: str) -> None:
        """What the scorer says, as feedback on the answer."""
        refs = {"runnable_ref": self.published.objects[name], "call_ref": scoring.ref}
        at = scoring.trace.clock
        self.story.comment(at, answer.ref, f"wandb.runnable.{name}", {"output": scoring.output}, "ben", refs)

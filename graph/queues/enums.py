"""What items of queues are told apart by, as GraphQL enums."""

from graph.enums import described_enum
from resolvers.queues.states import ItemState

__all__ = ["ItemState"]

described_enum(
    ItemState,
    name="AnnotationQueueItemState",
    description="How an item of an annotation queue stands. Values may be added.",
    values={
        "PENDING": "It waits to be judged.",
        "DONE": "It was judged: feedback on the call came through the queue, or somebody said so.",
        "SKIPPED": "Somebody left it out; feedback through the queue still makes it done.",
    },
)

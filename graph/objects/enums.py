"""The enums of objects, described."""

from graph.enums import described_enum
from resolvers.objects.kinds import ObjectKind

__all__ = ["ObjectKind"]

described_enum(
    ObjectKind,
    name="ObjectKind",
    description="What is versioned. Values may be added.",
    values={
        "OBJECT": "A value that was published: a model, a dataset, a prompt, a configuration.",
        "OP": "The code of an op.",
    },
)

"""The types of feedback that the server knows; any other word is a type of the sender's own."""

__all__ = ["AGENT_MONITOR", "ANNOTATION", "NOTE", "REACTION", "RUNNABLE"]

REACTION = "wandb.reaction.1"
NOTE = "wandb.note.1"
ANNOTATION = "wandb.annotation"
"""Before a dot and the name of the annotation's spec."""

RUNNABLE = "wandb.runnable"
"""Before a dot and the name of the scorer."""

AGENT_MONITOR = "wandb.agent_monitor"

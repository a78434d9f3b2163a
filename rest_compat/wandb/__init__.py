"""The few W&B documents that an unmodified Weave SDK sends to `/graphql` while it starts."""

from rest_compat.wandb.schema import schema

__all__ = ["schema"]

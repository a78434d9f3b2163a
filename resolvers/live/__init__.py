"""Following what happens in a project (docs/subscriptions.md)."""

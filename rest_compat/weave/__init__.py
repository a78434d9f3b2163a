"""The REST API of W&B Weave (seeds 000, 001, 002, 004; and what its SDKs call beyond them)."""

"""Metrics that run on new calls by themselves (docs/honeyhive.md, "Metrics on new events").

Calls that ended become jobs (``intake``), which are worked off (``work``); ``state`` tells what waits and what failed.
"""

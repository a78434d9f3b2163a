"""The REST API of W&B Weave, as its documents describe it and as its SDKs use it.

Docstrings name the document that a shape comes from by the number it has in the contract
(``tests/contract/README.md``): seeds 000 and 001 are the service's reference, 002 the query language and purges, 004
the feedback statistics.
"""

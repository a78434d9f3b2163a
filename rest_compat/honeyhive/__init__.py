"""The REST API of HoneyHive, as its document describes it and as its SDK uses it.

Docstrings name schemas by the names that they have in the document (seed 003 of the contract). What the SDK calls
beyond the document says so. An event of HoneyHive is a call; what a call has no field for stands in
``attributes.honeyhive`` (docs/honeyhive.md).
"""

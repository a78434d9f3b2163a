"""Refs: ``weave:///entity/project/...`` names of calls, objects, ops and tables, and of places inside them."""

from resolvers.refs.parse import CallRef, ObjectRef, Ref, TableRef, is_ref, parse_ref, refs_in

__all__ = ["CallRef", "ObjectRef", "Ref", "TableRef", "is_ref", "parse_ref", "refs_in"]

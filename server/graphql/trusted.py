"""Trusted documents: those of a manifest, which clients name by the SHA-256 of their text in place of sending it.

A request names one by `documentId` ("sha256:" and the digest), or as Apollo's clients do by
`extensions.persistedQuery` with `version` 1 and `sha256Hash`. Nothing is registered while the server runs.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError, parse

from graph.errors import ErrorCode

__all__ = ["ManifestError", "TrustedDocuments", "digest_asked_for", "load"]

DIGEST = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})", re.ASCII)


class ManifestError(Exception):
    """The manifest cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """Documents by digest, in lower case. With `required` clients may send no others."""

    documents: Mapping[str, str] = field(default_factory=dict)
    required: bool = False

    def text(self, query: str | None, digest: str | None) -> str:
        """The document that a request asks to run: by its digest, or the one it sends.

        Raises GraphQLError, with the codes that Apollo's clients know, where that is none.
        """
        if digest is None:
            assert query is not None
            return query
        known = self.documents.get(digest.lower())
        if query is None and known is None:
            if not self.documents:
                raise _error("PersistedQueryNotSupported", ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED)
            raise _error("PersistedQueryNotFound", ErrorCode.PERSISTED_QUERY_NOT_FOUND)
        if query is not None and digest_of(query) != digest.lower():
            raise _error("The document does not have the SHA-256 that is sent with it.", ErrorCode.BAD_REQUEST)
        return known if query is None and known is not None else query or ""

    def trusts(self, text: str) -> bool:
        """Whether clients may run this document."""
        return not self.required or digest_of(text) in self.documents


def digest_asked_for(request: Mapping[str, Any]) -> str | None:
    """The digest in lower case by which a request names its document, or None; raises ValueError for a malformed one.

    `request` has the members of a GraphQL request, whose `extensions` is an object or missing.
    """
    identifier = request.get("documentId")
    persisted = (request.get("extensions") or {}).get("persistedQuery")
    if identifier is None and persisted is None:
        return None
    if identifier is not None:
        match = DIGEST.fullmatch(identifier) if isinstance(identifier, str) else None
        if match is None or not identifier.startswith("sha256:"):
            raise ValueError('`documentId` must be "sha256:" and 64 hexadecimal digits.')
        return match[1].lower()
    members = persisted if isinstance(persisted, dict) else {}
    given = members.get("sha256Hash")
    match = DIGEST.fullmatch(given) if isinstance(given, str) else None
    if match is None or members.get("version") != 1:
        raise ValueError("`extensions.persistedQuery` must have `version` 1 and a `sha256Hash` of 64 digits.")
    return match[1].lower()


def digest_of(text: str) -> str:
    """The SHA-256 of a document's text, in lower case."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def load(path: Path, *, required: bool = False) -> TrustedDocuments:
    """The documents of a manifest in JSON; raises ManifestError.

    It is an object from digests, with or without "sha256:", to documents, as Relay's compiler, gql.tada and GraphQL
    Code Generator write it, or a manifest of Apollo's with `operations` of `id` and `body`.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ManifestError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{str(path)!r} is not JSON: {error}") from error
    documents = {}
    for identifier, text in _entries(content, path):
        match = DIGEST.fullmatch(identifier) if isinstance(identifier, str) else None
        if match is None:
            raise ManifestError(f"{str(path)!r}: {identifier!r} is no SHA-256 (64 hexadecimal digits)")
        if not isinstance(text, str):
            raise ManifestError(f"{str(path)!r}: the document of {identifier!r} is not a string")
        if digest_of(text) != match[1].lower():
            raise ManifestError(f"{str(path)!r}: the document of {identifier!r} has the SHA-256 {digest_of(text)}")
        try:
            parse(text, no_location=True)
        except GraphQLSyntaxError as error:
            raise ManifestError(f"{str(path)!r}: the document of {identifier!r} is none: {error.message}") from error
        documents[match[1].lower()] = text
    if not documents:
        raise ManifestError(f"{str(path)!r} has no documents")
    return TrustedDocuments(documents, required)


def _entries(content: object, path: Path) -> Iterable[tuple[object, object]]:
    if isinstance(content, dict) and isinstance(content.get("operations"), list):
        entries = content["operations"]
        if not all(isinstance(entry, dict) for entry in entries):
            raise ManifestError(f"{str(path)!r}: `operations` must be a list of objects")
        return [(entry.get("id"), entry.get("body")) for entry in entries]
    if isinstance(content, dict):
        return content.items()
    raise ManifestError(f"{str(path)!r} must be an object of documents by their SHA-256")


def _error(message: str, code: ErrorCode) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code.value})

"""What the schema has become since the last release, run by `make check`: python -m server.schema_release.

`schema.released.graphql` is the schema of the release that its first line names. Each difference is printed as safe,
dangerous or breaking. A breaking one must be announced: the Unreleased section of `CHANGELOG.md` names, in backticks,
what it is about, such as `Call.model`.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from server.schema_diff import compare, printed_schema

__all__ = ["main", "unannounced"]

COORDINATE = re.compile(r"@?\w+(?:\.\w+)?(?:\(\w+:\))?")


def unannounced(differences: Iterable[str], changelog: str) -> list[str]:
    """The breaking ones among `differences` that the Unreleased section of the changelog does not name."""
    section = re.search(r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`([^`\n]+)`", section[1] if section else ""))
    breaking = [line for line in differences if line.startswith("breaking: ")]
    return [line for line in breaking if named.isdisjoint(COORDINATE.findall(line.removeprefix("breaking: ")))]


def main(folder: Path = Path()) -> int:
    """Print the differences; returns the exit code, 1 where a breaking one is not announced."""
    released = (folder / "schema.released.graphql").read_text("utf-8").partition("\n\n")[2]
    differences = compare(released, printed_schema())
    for line in differences:
        sys.stdout.write(f"{line}\n")
    silent = unannounced(differences, (folder / "CHANGELOG.md").read_text("utf-8"))
    for line in silent:
        sys.stderr.write(f"not announced in CHANGELOG.md: {line}\n")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())

"""What each event makes of a call's row.

The rules of who wins, wherever and however often events arrive (docs/calls.md):

- the first start wins, a repeated one changes nothing;
- the last end wins;
- a rename beats the display name of a start, before it and after it;
- the model that an end reports usage of beats the one that a start asks for, before it and after it;
- a patch merges into what is there, key by key, and finds nothing to merge into before the start;
- nothing that arrives for a deleted call changes it.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from db.calls.writes import RUNNING, CallContent, CallState
from db.json_text import JSONText, parse_json
from db.text import utf8_size
from resolvers.calls.columns import count_columns, said_by, status_of, usage_of, with_forms
from resolvers.calls.events import CallEnd, CallEvent, CallPatch, CallRename, CallStart
from resolvers.calls.requests import requested_model
from resolvers.calls.sections import has_sections, links_in, merged, summary_with, usage_in
from resolvers.refs import refs_in
from resolvers.times import TIMES

__all__ = ["CallChange", "end_after", "merge"]


@dataclass(slots=True)
class CallChange:
    """The columns to write for one call, whose refs are to be recorded again, and what readers see happen to it."""

    columns: dict[str, Any] = field(default_factory=dict)
    start: CallStart | None = None
    output_refs: Sequence[str] | None = None
    """Those in what it gave back; None where that is not new."""

    content: CallContent | None = None
    """What was known of it before, where it was patched."""

    seen: set[Literal["started", "ended", "updated"]] = field(default_factory=set)

    def number(self, change_seq: int, at: int) -> None:
        """Add the columns that say at which change, and when, it was seen."""
        self.columns["change_seq"] = change_seq
        for name in self.seen:
            self.columns[f"{name}_seq"] = change_seq
        untimed = "ended" in self.seen and self.columns.get("ended_at") is None
        if untimed or "updated" in self.seen:
            self.columns["updated_at"] = at


def merge(state: CallState | None, events: Sequence[CallEvent], content: CallContent | None = None) -> CallChange:
    """What ``events``, in the order they came, make of a call in ``state`` (None: never heard of).

    ``content`` is what is known of it, where patches are among them.
    """
    if state is None and (whole := _whole(events)) is not None:
        return whole
    change = CallChange(content=content)
    if state is not None and state.deleted_at is not None:
        return change
    renamed = state is not None and state.renamed
    started = state is not None and state.started_at is not None
    ended = state is not None and state.ended
    named = state is not None and (state.model is not None or state.counted)
    taken = False  # whether the last start is the one that counts
    # The start that may say which model it asks, which is not looked for where an end says which one it was.
    asking: CallStart | None = None

    def ask() -> None:
        if asking is not None and "model" not in change.columns:
            model = requested_model(asking.kind, asking.inputs, asking.attributes)
            change.columns |= {} if model is None else {"model": model}

    for event in events:
        match event:
            case CallStart():
                taken = not started
                if taken:
                    started = True
                    # An end that was there before its start is seen together with it.
                    change.seen |= {"started", "ended"} if ended else {"started"}
                    change.start = event
                    columns = dict(said_by(event).columns)
                    if renamed:
                        del columns["display_name"]
                    change.columns.update(columns)
                    asking = None if named else event
                    if not ended and has_sections(event.attributes):
                        change.columns.update(with_forms(_usage_columns(None, 0, {}, usage_in(event.attributes))))
            case CallEnd():
                if started:
                    change.seen.add("updated" if ended else "ended")
                ended = True
                said = said_by(event)
                change.output_refs = said.refs
                named = named or "model" in said.columns
                change.columns.update(said.columns)
            case CallRename():
                if started:
                    change.seen.add("updated")
                renamed = True
                change.columns.update(display_name=event.display_name or None, renamed=True)
            case CallPatch():
                ask()
                known = ChainMap(change.columns, {} if content is None else content._asdict())
                columns = _patch_columns(event, known) if started and not (event.retold and taken) else {}
                if columns:
                    change.seen.add("ended" if "status" in columns else "updated")
                    ended = ended or "status" in columns
                    change.output_refs = change.output_refs if event.output is None else refs_in(event.output)
                    change.columns.update(with_forms(columns))
    ask()
    if state is None and change.columns:
        change.columns.setdefault("status", RUNNING)
    return change


def _whole(events: Sequence[CallEvent]) -> CallChange | None:
    """What a start and its end make of a call of which nothing is known, as most calls come; None for other events.

    What sections report takes part in the rules of ``merge``.
    """
    if len(events) != 2:
        return None
    start, end = events
    if not isinstance(start, CallStart) or not isinstance(end, CallEnd) or has_sections(start.attributes):
        return None
    said = said_by(end)
    columns = {**said_by(start).columns, **said.columns}
    if "model" not in columns and (model := requested_model(start.kind, start.inputs, start.attributes)) is not None:
        columns["model"] = model
    return CallChange(columns, start, said.refs, seen={"started", "ended"})


def _patch_columns(patch: CallPatch, known: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a patch of a call changes, of which ``known`` are the columns so far (those of CallContent)."""
    columns: dict[str, Any] = {}
    attributes = known["attributes"] or "{}"
    after = merged(attributes, patch.newer, patch.missing)
    end_size = known.get("end_size", 0)
    summary = known.get("summary")
    if after != attributes:
        columns |= {
            "attributes": after,
            "start_size": known["start_size"] + utf8_size(after) - utf8_size(known["attributes"] or ""),
            **_links_changed(attributes, after),
        }
        usage = _usage_columns(summary, end_size, usage_in(attributes), usage_in(after))
        columns |= usage
        summary, end_size = columns.get("summary", summary), columns.get("end_size", end_size)
        if not usage and known.get("model") is None and known.get("total_tokens") is None:
            asked = requested_model(known.get("kind"), JSONText("{}"), after)
            columns |= {} if asked is None else {"model": asked}
    if patch.output is not None:
        columns |= {"output": patch.output, "end_size": utf8_size(patch.output) + utf8_size(summary or "")}
    if patch.duration is not None:
        columns["duration"] = patch.duration
    if patch.ended_at is not None:
        columns["ended_at"] = patch.ended_at
    elif patch.duration is not None and known.get("ended_at") is None:
        columns["ended_at"] = end_after(known["started_at"], patch.duration)
    over = patch.output not in {None, "null"} or patch.ended_at is not None or patch.duration is not None
    if over and known.get("status", RUNNING) == RUNNING:
        parsed = parse_json(summary) if summary else {}
        columns["status"] = status_of(known.get("exception"), parsed if isinstance(parsed, dict) else {})
    return columns


def _links_changed(before: str, after: str) -> dict[str, str | None]:
    """The links that the call names itself now, and did not before: others it may have from its session."""
    old = links_in(before)
    return {column: link for column, link in links_in(after).items() if link != old[column]}


def _usage_columns(
    summary: str | None, end_size: int, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """What it changes that the sections of a call report the usage ``after``, and reported ``before``."""
    text = summary_with(summary, before, after)
    if text is None:
        return {}
    size = end_size + utf8_size(text) - utf8_size(summary or "")
    return {"summary": text, "end_size": size, **count_columns(usage_of({"usage": after}))}


def end_after(started_at: int, duration: int) -> int | None:
    """When a call that took so long ended; None past the times that can be written."""
    ended_at = started_at + duration
    return ended_at if ended_at in TIMES else None

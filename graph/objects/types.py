"""A version of an object or op, and its links."""

import strawberry

from graph.calls.connection import Place, calls_field
from graph.context import Info
from graph.experiments.links import ObjectExperiments
from graph.feedback.connection import FeedbackPlace, feedback_field
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.objects.diff import ObjectDiffs
from graph.objects.enums import ObjectKind
from graph.objects.links import ObjectLinks
from graph.objects.values import ObjectValues
from graph.project_link import ProjectLink
from graph.refs.types import RefLink, links_of
from graph.scalars import JSON, BigInt, DateTime
from graph.users import UserLink

__all__ = ["ObjectVersion"]


@strawberry.federation.type(
    keys=["id", "ref"],
    description="One version of a named value. Its digest is made from its content, and it never changes.",
)
class ObjectVersion(ObjectDiffs, ObjectExperiments, ObjectLinks, ObjectValues, UserLink, ProjectLink, TracegraphNode):
    """Rows of ``db.objects.reads``."""

    is_type_of = is_row_of("ObjectVersion")

    kind: ObjectKind = column("Whether it is an object or an op.")
    object_id: str = column("The name that its versions share.")
    digest: str = column("Address of its content.")
    ref: str = column("Its ref: `weave:///entity/project/object/NAME:DIGEST`, or `op` for an op.")
    version_index: BigInt = column("Its number among the versions of the name, from 0.")
    is_latest: bool = column("Whether it was published last of those that are not deleted.")
    base_object_class: str | None = column("The class just below `Object` that it derives from: Model, Dataset.")
    leaf_object_class: str | None = column("Its own class.")
    val: JSON = column("The value.", name="value")
    size_bytes: BigInt = column("Bytes of the value.")
    wb_user_id: str | None = column("User who published it first.")
    created_at: DateTime = column("When it was first published.")
    deleted_at: DateTime | None = column("When it was deleted; null while it is there.")

    @link(
        "The refs that its value holds, in the order of their text.",
        needs=("project_slug", "kind", "object_id", "digest"),
    )
    async def refs(self, info: Info) -> list[RefLink]:
        """By a loader."""
        return await links_of(info, self.project_slug, self.kind, f"{self.object_id}:{self.digest}", "value")

    used_by = calls_field(
        "The calls that have its ref, or that of something inside it, among their inputs. Calls that hold an object "
        "which in turn refers to it are not among them (a prompt inside a model: the calls hold the model): these are "
        "`referencedBy { nodes { usedBy { nodes { callId } } } }`.",
        needs=("project_slug", "ref"),
        place=lambda version: Place(version.project_slug, "input_ref", version.ref),
    )
    produced_by = calls_field(
        "The calls that gave it, or something inside it, as output.",
        needs=("project_slug", "ref"),
        place=lambda version: Place(version.project_slug, "output_ref", version.ref),
    )
    feedback = feedback_field(
        "The feedback on it.",
        needs=("project_slug", "ref"),
        place=lambda version: FeedbackPlace(version.project_slug, version.ref),
    )

"""What queries and sorts of feedback can name (docs/query-language.md)."""

from sqlalchemy import Text, case, func, literal

from db.feedback import feedback
from db.feedback_filters import KINDS
from db.query.fields import Field, Fields, FieldType

__all__ = ["FEEDBACK_FIELDS"]

c = feedback.c

_NULLABLE = ("creator", "annotation_ref", "runnable_ref", "call_ref", "trigger_ref", "queue_id", "wb_user_id")
_SAID = ("note", "emoji", "value", "output")
_OTHER = "OTHER"

_payload = func.coalesce(c.payload_query, c.payload)
_kind = case(*((condition, literal(kind.upper(), Text())) for kind, condition in KINDS.items()), else_=_OTHER)

FEEDBACK_FIELDS = Fields(
    [
        Field("id", FieldType.TEXT, c.id, nullable=False),
        Field("project_id", FieldType.TEXT, c.project_id, nullable=False),
        Field("weave_ref", FieldType.TEXT, c.target_ref, nullable=False),
        Field("feedback_type", FieldType.TEXT, c.feedback_type, nullable=False),
        Field("created_at", FieldType.TIME, c.created_at, nullable=False),
        Field("payload", FieldType.JSON, _payload, nullable=False),
        *(Field(name, FieldType.TEXT, c[name]) for name in _NULLABLE),
        Field("kind", FieldType.TEXT, _kind, nullable=False, values=(*map(str.upper, KINDS), _OTHER)),
        Field("details", FieldType.JSON, func.coalesce(c.details_query, c.details)),
    ],
    members={name: f"payload.{name}" for name in _SAID},
    aliases={"feedback_id": "id", "project_slug": "project_id", "target_ref": "weave_ref", "user": "wb_user_id"},
    unlisted=("id", "project_id", "weave_ref"),
)

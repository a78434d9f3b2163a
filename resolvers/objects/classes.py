"""What a value says of its class and kind."""

from typing import NamedTuple

from db.json_text import JSONValue

__all__ = ["ObjectClasses", "kind_of", "object_classes"]


class ObjectClasses(NamedTuple):
    """``base`` is the class right below ``Object`` or ``BaseObject``, ``leaf`` the class of the value itself."""

    base: str | None
    leaf: str | None


def object_classes(value: JSONValue) -> ObjectClasses | None:
    """The classes that ``_bases`` and ``_class_name`` name; None where the value is no Weave object."""
    if not isinstance(value, dict):
        return None
    bases, leaf = value.get("_bases"), value.get("_class_name")
    if not isinstance(bases, list) or not isinstance(leaf, str) or not all(isinstance(base, str) for base in bases):
        return None
    if len(bases) < 2 or bases[-1] != "BaseModel" or bases[-2] not in {"Object", "BaseObject"}:
        return None
    return ObjectClasses(bases[-3] if len(bases) > 2 else leaf, leaf)


def kind_of(value: JSONValue) -> str:
    """``"op"`` for the saved code of an op, ``"object"`` for all else."""
    if isinstance(value, dict) and "_type" in value:
        custom = value.get("weave_type", value)
        name = custom.get("type" if "weave_type" in value else "_type") if isinstance(custom, dict) else None
        if name == "Op":
            return "op"
    return "object"

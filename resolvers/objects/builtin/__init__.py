"""Built-in classes: objects whose shape the server knows, asked for by name when an object is created."""

from pydantic import ValidationError

from db.json_text import JSONValue
from resolvers.errors import InvalidInputError
from resolvers.objects.builtin.base import BaseModel, dump
from resolvers.objects.builtin.dashboards import AgentDashboard
from resolvers.objects.builtin.models import LLMStructuredCompletionModel, Provider, ProviderModel
from resolvers.objects.builtin.specs import ActionSpec, AlertSpec, AnnotationSpec, Leaderboard
from resolvers.objects.builtin.views import ComparisonView, SavedView

__all__ = ["BUILTIN_CLASSES", "as_builtin"]

BUILTIN_CLASSES: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (
        ActionSpec,
        AgentDashboard,
        AlertSpec,
        AnnotationSpec,
        ComparisonView,
        LLMStructuredCompletionModel,
        Leaderboard,
        Provider,
        ProviderModel,
        SavedView,
    )
}
"""The classes by name, as Weave's SDKs register them (but for its ``ChartConfig``, which is no object of its own)."""


def as_builtin(class_name: str, value: JSONValue) -> JSONValue:
    """``value`` as an object of a built-in class is stored: all its fields, defaults too, and its class's names.

    Raises InvalidInputError that names an unknown class, or the first fields that do not fit and why.
    """
    model = BUILTIN_CLASSES.get(class_name)
    if model is None:
        known = ", ".join(BUILTIN_CLASSES)
        raise InvalidInputError(f"Unknown object class {class_name!r}, expected one of {known}", ["builtinObjectClass"])
    try:
        return dump(model.model_validate(value))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)[:5]
        fields = "; ".join(f"{'.'.join(map(str, problem['loc'])) or 'val'}: {problem['msg']}" for problem in problems)
        raise InvalidInputError(f"Invalid {class_name}: {fields}", ["val", *problems[0]["loc"]]) from error

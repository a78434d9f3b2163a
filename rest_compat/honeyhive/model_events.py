"""Events of models, whose own fields become keys of the sections that all events have.

A key that the section has already stands; the field is then kept beside the sections, as one that no event has.
"""

from graph.json_text import JSONText, members_of, object_of
from rest_compat.honeyhive.event_models import ModelEvent

__all__ = ["event_of_model"]

PLACES = {
    "model": ("config", "model"),
    "model_name": ("config", "model"),
    "model_version": ("config", "model_version"),
    "provider": ("config", "provider"),
    "hyperparameters": ("config", "hyperparameters"),
    "template": ("config", "template"),
    "tools": ("config", "tools"),
    "tool_choice": ("config", "tool_choice"),
    "response_format": ("config", "response_format"),
    "messages": ("inputs", "messages"),
    "template_inputs": ("inputs", "template_inputs"),
    "cost": ("metadata", "cost"),
}
"""Field -> section and key."""


def event_of_model(event: ModelEvent) -> tuple[ModelEvent, dict[str, JSONText]]:
    """The event with its sections filled, and what is kept beside them.

    The counts of ``usage`` become keys of ``metadata``; a ``response`` that is an object is the outputs, any other is
    their key ``response``.
    """
    sections: dict[str, dict[str, JSONText]] = {}
    beside: dict[str, JSONText] = {}

    def put(field: str, section: str, values: dict[str, JSONText]) -> None:
        present = sections.setdefault(section, members_of(getattr(event, section)))
        if any(present.get(key, value) != value for key, value in values.items()):
            beside[field] = getattr(event, field)
        sections[section] = {**present, **{key: value for key, value in values.items() if key not in present}}

    for field, (section, key) in PLACES.items():
        value: JSONText | None = getattr(event, field)
        if value is not None:
            put(field, section, {key: value})
    if event.usage is not None:
        put("usage", "metadata", members_of(event.usage))
    if event.response is not None:
        is_object = event.response.lstrip().startswith("{")
        put("response", "outputs", members_of(event.response) if is_object else {"response": event.response})
    filled = {section: object_of(values) for section, values in sections.items()}
    return event.model_copy(update=filled), beside

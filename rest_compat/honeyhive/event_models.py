"""What bodies of events and sessions hold."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from graph.json_text import JSONText
from rest_compat.bodies import InvalidBodyError, decode_body
from rest_compat.honeyhive.models import Keeping, Open, Strict
from rest_compat.json_fields import JSONAny, JSONObject, RawJSON

__all__ = [
    "Batch",
    "Event",
    "LegacyEventBatch",
    "LegacyEventBody",
    "LegacySession",
    "LegacySessionBody",
    "LegacyUpdate",
    "ModelEvent",
    "ModelEventBatch",
    "ModelEventBody",
    "Session",
    "SessionEvents",
    "SessionTraces",
    "Update",
    "V1Event",
    "V1EventBatch",
    "V1Session",
]

EventType = Literal["model", "tool", "chain", "session"]

# Years 1 to 9999.
FIRST_TIME = -62_135_596_800_000
AFTER_LAST_TIME = 253_402_300_800_000

Milliseconds = Annotated[float, Field(strict=True, ge=FIRST_TIME, lt=AFTER_LAST_TIME)]
"""A time: milliseconds since the epoch."""


def _any_time(value: Any) -> Any:
    if isinstance(value, int | float) and not FIRST_TIME <= value < AFTER_LAST_TIME:
        raise PydanticCustomError("time_invalid", "Input should be a time of the years 1 to 9999 in milliseconds")
    return value


SessionTime = Annotated[Any, AfterValidator(_any_time)]
"""A time of a session: what is no number is now."""

Length = Annotated[float, Field(strict=True, gt=-9e15, lt=9e15)]
"""Milliseconds; as microseconds they have 64 bits."""


class Event(BaseModel):
    """What all forms of an event have."""

    model_config = ConfigDict(defer_build=True)

    project_id: str | None = None
    source: str | None = None
    event_name: str | None = None
    event_type: EventType | None = None
    event_id: str | None = None
    session_id: str | None = None
    parent_id: str | None = None
    children_ids: list[str] | None = None
    config: JSONObject | None = None
    inputs: JSONObject | None = None
    outputs: JSONObject | None = None
    error: str | None = None
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None
    duration: Length | None = None
    metadata: JSONObject | None = None
    feedback: JSONObject | None = None
    metrics: JSONObject | None = None
    user_properties: JSONObject | None = None


class V1Event(Event, Strict):
    """PostEventRequest."""

    event_type: EventType
    inputs: JSONObject


class LegacyEvent(Event, Keeping):
    """LegacyEvent."""


class RequiredEvent(LegacyEvent):
    """LegacyPostEventRequestEvent."""

    event_type: EventType
    inputs: JSONObject


class ModelEvent(LegacyEvent):
    """ModelEvent: its own fields become parts of the sections (``rest_compat.honeyhive.model_events``)."""

    model: JSONAny | None = None
    model_name: JSONAny | None = None
    model_version: JSONAny | None = None
    provider: JSONAny | None = None
    messages: JSONAny | None = None
    response: JSONAny | None = None
    usage: JSONObject | None = None
    cost: JSONAny | None = None
    hyperparameters: JSONObject | None = None
    template: JSONAny | None = None
    template_inputs: JSONAny | None = None
    tools: JSONAny | None = None
    tool_choice: JSONAny | None = None
    response_format: JSONAny | None = None


class LegacyEventBody(Open):
    """LegacyPostEventRequest."""

    event: RequiredEvent


class ModelEventBody(Open):
    """PostModelEventRequest."""

    model_config = ConfigDict(defer_build=True, protected_namespaces=())

    model_event: ModelEvent


class Session(BaseModel):
    """What all forms of a session have. Times that are no numbers are now."""

    model_config = ConfigDict(defer_build=True)

    session_id: str | None = None
    session_name: str | None = None
    event_name: str | None = None
    source: str | None = None
    start_time: SessionTime = None
    end_time: SessionTime = None
    duration: Length | None = None
    config: JSONObject | None = None
    inputs: JSONObject | None = None
    outputs: JSONObject | None = None
    metadata: JSONObject | None = None
    user_properties: JSONObject | None = None
    children_ids: list[str] | None = None


class V1Session(Session, Strict):
    """StartSessionRequest."""


class LegacySession(Session, Keeping):
    """LegacyStartSessionRequestSession, and SessionProperties."""

    error: str | None = None
    metrics: JSONObject | None = None
    feedback: JSONObject | None = None


class LegacySessionBody(Open):
    """LegacyStartSessionRequest."""

    session: LegacySession


class _EventText(RawJSON):
    """An event that is read by itself, so that a bad one refuses no other."""

    def __init__(self, model: type[Event]) -> None:
        super().__init__(is_object=False)
        self.model = model

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.model.__pydantic_core_schema__)


class Batch(BaseModel, ABC):
    """Events together."""

    model_config = ConfigDict(defer_build=True)

    @property
    @abstractmethod
    def told(self) -> list[Event | InvalidBodyError]:
        """Its events in their order; of one that is none, why."""

    @property
    def shared_session(self) -> LegacySession | None:
        """The session of all of them, if they share one that is started with them."""
        return None


class _SharingBatch(Batch):
    single_session: bool | None = None
    session_properties: LegacySession | None = None

    @property
    def shared_session(self) -> LegacySession | None:
        """What the properties say of it."""
        return (self.session_properties or LegacySession()) if self.single_session else None


def _read(texts: list[JSONText], model: type[Event]) -> list[Event | InvalidBodyError]:
    told: list[Event | InvalidBodyError] = []
    for text in texts:
        try:
            told.append(decode_body(text.encode(), model))
        except InvalidBodyError as error:
            told.append(error)
    return told


class V1EventBatch(_SharingBatch, Strict):
    """PostEventBatchRequest."""

    events: list[V1Event]

    @property
    def told(self) -> list[Event | InvalidBodyError]:
        """As they were read with the body."""
        return list(self.events)


class _LegacyBatch(_SharingBatch, Open):
    is_single_session: bool | None = None
    session: LegacySession | None = None

    @property
    def shared_session(self) -> LegacySession | None:
        """By either name."""
        if not (self.single_session or self.is_single_session):
            return None
        return self.session_properties or self.session or LegacySession()


class LegacyEventBatch(_LegacyBatch):
    """LegacyPostEventBatchRequest."""

    events: list[Annotated[JSONText, _EventText(LegacyEvent)]]

    @cached_property
    def told(self) -> list[Event | InvalidBodyError]:
        """Each by itself."""
        return _read(self.events, LegacyEvent)


class ModelEventBatch(_LegacyBatch):
    """PostModelEventBatchRequest."""

    model_config = ConfigDict(defer_build=True, protected_namespaces=())

    model_events: list[Annotated[JSONText, _EventText(ModelEvent)]]

    @cached_property
    def told(self) -> list[Event | InvalidBodyError]:
        """Each by itself."""
        return _read(self.model_events, ModelEvent)


class SessionEvents(Batch, Open):
    """SessionEventBatchRequest."""

    events: list[V1Event]

    @property
    def told(self) -> list[Event | InvalidBodyError]:
        """As they were read with the body."""
        return list(self.events)


class SessionTraces(Batch, Open):
    """AddSessionTracesRequest: ``events`` is the newer name of ``logs``."""

    logs: list[Annotated[JSONText, _EventText(LegacyEvent)]] | None = None
    events: list[Annotated[JSONText, _EventText(LegacyEvent)]] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.logs is None) == (self.events is None):
            raise ValueError("Exactly one of logs and events must be present")
        return self

    @cached_property
    def told(self) -> list[Event | InvalidBodyError]:
        """Each by itself."""
        return _read((self.logs or []) + (self.events or []), LegacyEvent)


class Update(Open):
    """UpdateEventRequest."""

    metadata: JSONObject | None = None
    feedback: JSONObject | None = None
    metrics: JSONObject | None = None
    outputs: JSONAny | None = None
    config: JSONObject | None = None
    user_properties: JSONObject | None = None
    duration: Length | None = None
    end_time: Milliseconds | None = None
    children_ids: list[str] | None = None


class LegacyUpdate(Update):
    """LegacyUpdateEventRequest."""

    event_id: str = Field(min_length=1)

"""The schema that clients and gateways see, as the settings say."""

from graph.naming import OMITTED_FIELDS, Naming
from graph.schema import Schema, build_schema, schema
from resolvers.subjects.entities import MappingError, SubjectEntity, parse_mappings
from server.setting_checks import SettingsError
from server.settings import SETTINGS, Settings

__all__ = ["mapped_entities", "served_schema"]


def served_schema(settings: Settings) -> Schema:
    """The schema of these settings.

    Raises SettingsError for a field left out that is not there, and for an entity whose names are taken.
    """
    mappings = mapped_entities(settings)
    try:
        known = build_schema(mappings=mappings) if mappings else schema
    except MappingError as error:
        raise SettingsError(f"{SETTINGS['federation_entities'].flag}: {error}") from error
    omitted = frozenset(name.strip() for name in settings.federation_omit.split(","))
    if unknown := sorted(name for name in omitted - OMITTED_FIELDS if not known.has_root_field(name)):
        raise SettingsError(f"{SETTINGS['federation_omit'].flag}: the schema has no {unknown[0]!r}")
    naming = Naming(
        type_prefix=settings.federation_type_prefix,
        field_prefix=settings.federation_field_prefix,
        omitted_fields=omitted,
    )
    try:
        return known if naming == Naming() else build_schema(naming, mappings)
    except MappingError as error:
        raise SettingsError(f"{SETTINGS['federation_entities'].flag}: {error}") from error


def mapped_entities(settings: Settings) -> tuple[SubjectEntity, ...]:
    """The entities that the settings map from what calls carry."""
    return parse_mappings(settings.federation_entities)

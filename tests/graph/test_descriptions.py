"""Everything that clients see says what it means."""

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from graph.schema import schema

# Of specifications: the schema does not print them.
SPECIFIED = {"_FieldSet", "link__Import", "link__Purpose"}


def described() -> dict[str, str | None]:
    """Each type, field, argument and enum value of ours, and its description."""
    found: dict[str, str | None] = {}
    for name, type_ in schema._schema.type_map.items():
        if name.startswith("__") or name in SPECIFIED:
            continue
        found[name] = type_.description
        if isinstance(type_, GraphQLEnumType):
            found |= {f"{name}.{value}": each.description for value, each in type_.values.items()}
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in type_.fields.items():
                found[f"{name}.{field_name}"] = field.description
                arguments = getattr(field, "args", {})
                found |= {f"{name}.{field_name}({each})": arguments[each].description for each in arguments}
    return found


def test_nothing_lacks_a_description() -> None:
    assert [name for name, text in described().items() if not text] == []


def test_descriptions_are_sentences() -> None:
    ours = {
        name: text
        for name, text in described().items()
        if text and name not in {"String", "Int", "Float", "Boolean", "ID"}
    }
    assert [
        name for name, text in ours.items() if not (text[0].isupper() or text[0] in "`(") or text[-1] not in ".`)"
    ] == []

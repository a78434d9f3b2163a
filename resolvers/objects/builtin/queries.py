"""The query of a saved view: the operations of the query language, one class each, and the filter and sort of calls."""

from typing import Literal

from pydantic import ConfigDict, Field

from resolvers.objects.builtin.base import BaseModel, BaseModelStrict

__all__ = ["CallsFilter", "Query", "SortBy"]

_BY_NAME = ConfigDict(populate_by_name=True)


class LiteralOperation(BaseModel):
    model_config = _BY_NAME
    literal_: str | int | float | bool | dict[str, "LiteralOperation"] | list["LiteralOperation"] | None = Field(
        alias="$literal"
    )


class GetFieldOperator(BaseModel):
    model_config = _BY_NAME
    get_field_: str = Field(alias="$getField")


class ConvertOperation(BaseModel):
    model_config = _BY_NAME
    convert_: "ConvertSpec" = Field(alias="$convert")


class ConvertSpec(BaseModel):
    input: "Operand"
    to: Literal["double", "string", "int", "bool", "exists"]


class SizeOperation(BaseModel):
    model_config = _BY_NAME
    size_: "Operand" = Field(alias="$size")


class AndOperation(BaseModel):
    model_config = _BY_NAME
    and_: list["Operand"] = Field(alias="$and")


class OrOperation(BaseModel):
    model_config = _BY_NAME
    or_: list["Operand"] = Field(alias="$or")


class NotOperation(BaseModel):
    model_config = _BY_NAME
    not_: tuple["Operand"] = Field(alias="$not")


class EqOperation(BaseModel):
    model_config = _BY_NAME
    eq_: tuple["Operand", "Operand"] = Field(alias="$eq")


class GtOperation(BaseModel):
    model_config = _BY_NAME
    gt_: tuple["Operand", "Operand"] = Field(alias="$gt")


class LtOperation(BaseModel):
    model_config = _BY_NAME
    lt_: tuple["Operand", "Operand"] = Field(alias="$lt")


class GteOperation(BaseModel):
    model_config = _BY_NAME
    gte_: tuple["Operand", "Operand"] = Field(alias="$gte")


class LteOperation(BaseModel):
    model_config = _BY_NAME
    lte_: tuple["Operand", "Operand"] = Field(alias="$lte")


class InOperation(BaseModel):
    model_config = _BY_NAME
    in_: tuple["Operand", list["Operand"]] = Field(alias="$in")


class ContainsOperation(BaseModel):
    model_config = _BY_NAME
    contains_: "ContainsSpec" = Field(alias="$contains")


class ContainsSpec(BaseModel):
    input: "Operand"
    substr: "Operand"
    case_insensitive: bool | None = False


Operation = (
    AndOperation
    | OrOperation
    | NotOperation
    | EqOperation
    | GtOperation
    | LtOperation
    | GteOperation
    | LteOperation
    | InOperation
    | ContainsOperation
)
Operand = LiteralOperation | GetFieldOperator | ConvertOperation | SizeOperation | Operation


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    expr_: Operation = Field(alias="$expr")


class SortBy(BaseModelStrict):
    field: str
    direction: Literal["asc", "desc"]


class CallsFilter(BaseModelStrict):
    op_names: list[str] | None = None
    input_refs: list[str] | None = None
    output_refs: list[str] | None = None
    parent_ids: list[str] | None = None
    trace_ids: list[str] | None = None
    call_ids: list[str] | None = None
    thread_ids: list[str] | None = None
    turn_ids: list[str] | None = None
    trace_roots_only: bool | None = None
    wb_user_ids: list[str] | None = None
    wb_run_ids: list[str] | None = None

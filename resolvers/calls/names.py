"""What calls are called."""

__all__ = ["op_short_name"]


def op_short_name(op_name: str) -> str:
    """The name in an op's ref, as ``db.query.derived`` has it in SQL; any other op name as it is."""
    if not op_name.startswith("weave") or ":///" not in op_name:
        return op_name
    return op_name.rpartition("/")[2].partition(":")[0] or op_name

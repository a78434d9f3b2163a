"""Our own server with graphql-core's executor in place of the compiled one: the same schema, storage and settings."""

import sys

from graph.executor import CompiledExecutor

__all__ = ["use_generic_executor"]


def use_generic_executor() -> None:
    """Take back whatever the compiled executor does otherwise than the class that it extends."""
    (base,) = CompiledExecutor.__bases__
    for name in [name for name in vars(CompiledExecutor) if hasattr(base, name)]:
        if not name.startswith("__"):
            delattr(CompiledExecutor, name)


if __name__ == "__main__":
    from server.cli import main

    use_generic_executor()
    sys.exit(main(sys.argv[1:]))

"""Our own server with graphql-core's executor in place of the compiled one: the same schema, storage and settings."""

import sys

from graph.executor.executor import CompiledExecutor

for name in ("complete_iterable_value", "complete_object_value"):
    delattr(CompiledExecutor, name)

if __name__ == "__main__":
    from server.cli import main

    sys.exit(main(sys.argv[1:]))

"""The ops that an evaluation's calls are of.

Objects that an SDK published name the ops of their methods. Those made without one do not, and SDKs from 0.54 on leave
them out: then an op of the method's name is published that says where it runs.
"""

from db.json_text import dump_json
from resolvers.context import Context
from resolvers.files import file_create
from resolvers.objects.create import object_create
from resolvers.refs import ObjectRef

__all__ = ["Ops"]


class Ops:
    """Refs of ops in one project, each published at most once."""

    def __init__(self, context: Context, project: str) -> None:
        self._context = context
        self._project = project
        self._published: dict[str, str] = {}

    async def ref(self, name: str, known: str | None = None) -> str:
        """The ref ``known``, or that of the server's own op of this name."""
        if known is not None:
            return known
        if name not in self._published:
            self._published[name] = await self._publish(name)
        return self._published[name]

    async def _publish(self, name: str) -> str:
        code = f"# {name} is run by the trace server, by the data of its object alone: there is no code.\n"
        digest = await file_create(self._context, self._project, "obj.py", code.encode())
        value = {"_type": "CustomWeaveType", "weave_type": {"type": "Op"}, "files": {"obj.py": digest}}
        made = await object_create(self._context, self._project, name, dump_json(value))
        return str(ObjectRef(self._project, "op", made.object_id, made.digest))

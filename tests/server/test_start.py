"""What a start costs: what is imported and built before the first answer."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LATE = {
    "alembic": "migrations of a database that is current",
    "emoji": "reactions",
    "genai_prices": "costs",
    "google.protobuf": "spans",
    "grpc": "spans over gRPC, where no port is set",
    "httpx": "completions",
    "jsonschema_rs": "annotations",
    "openai": "completions",
    "opentelemetry": "spans",
    "psycopg": "PostgreSQL",
}
"""Packages that few servers need, and what for."""

START = """
import asyncio, json, sys

from pydantic import BaseModel
from pydantic_core import SchemaValidator

from server.app import create_app
from server.settings import Settings


def models(base):
    for model in base.__subclasses__():
        yield model
        yield from models(model)


async def start(url):
    app = create_app(Settings(database_url=url, otlp_grpc_port=0))
    async with app.router.lifespan_context(app):
        ours = [each for each in models(BaseModel) if each.__module__.startswith(("rest_compat.", "resolvers."))]
        built = [each.__qualname__ for each in ours if isinstance(each.__pydantic_validator__, SchemaValidator)]
        print(json.dumps({"modules": list(sys.modules), "models": len(ours), "built": built}))


asyncio.run(start(sys.argv[1]))
"""


def test_a_start_imports_and_builds_only_what_every_server_needs(sqlite_template: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, f"sqlite:///{sqlite_template}"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        timeout=120,
    )
    found = json.loads(done.stdout)
    assert set(found["modules"]) & LATE.keys() == set()
    assert found["models"] > 150
    # One that a default value is made of.
    assert found["built"] == ["AnnotationQueueFilters"]

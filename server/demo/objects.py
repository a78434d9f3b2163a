"""What the demo's calls refer to: ops, prompts, models, a dataset, scorers, files, prices."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from db.json_text import JSONValue, dump_json
from db.pages import PageRequest
from resolvers.context import Context, recorded_at
from resolvers.files import file_create
from resolvers.objects.create import object_create
from resolvers.objects.kinds import ObjectKind
from resolvers.prices.read import PriceList, prices_page
from resolvers.prices.record import NewPrice, prices_create
from resolvers.refs import ObjectRef, TableRef
from resolvers.tables.create import table_create
from server.demo.code import OPS
from server.demo.story import HOUR
from server.demo.texts import FAQ, PRODUCTS, PROMPTS

__all__ = ["BIG", "CLAUDE", "EMBEDDER", "SMALL", "Published", "publish"]

SMALL, BIG, CLAUDE, EMBEDDER = "gpt-4o-mini", "gpt-4o", "claude-sonnet-4-5", "text-embedding-3-small"
TEAM = ("ana", "ben")
DAY = 24 * HOUR
_PER_MILLION = {SMALL: (0.15, 0.60), BIG: (2.50, 10.00), CLAUDE: (3.00, 15.00), EMBEDDER: (0.02, 0.0)}


@dataclass(frozen=True, slots=True)
class Published:
    """Refs by name: ``prompt:v0`` is a version, ``prompt`` the latest."""

    ops: dict[str, str] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Digests."""

    row_refs: list[str] = field(default_factory=list)
    """A ref to each row of the dataset."""


def _object(class_name: str, base: str, **members: JSONValue) -> JSONValue:
    bases = [base, "Object", "BaseModel"] if base else ["Object", "BaseModel"]
    return {"_type": class_name, **members, "_class_name": class_name, "_bases": bases}


async def publish(context: Context, project: str, end: int) -> Published:
    """Publish everything, over the ten days before ``end`` (microseconds); returns where it is."""
    done = Published()

    async def version(name: str, value: JSONValue, days_ago: float, built_in: str | None = None) -> str:
        index = sum(known.startswith(f"{name}:v") for known in done.objects)
        with recorded_at(end - int(days_ago * DAY)):
            made = await object_create(
                context,
                project,
                name,
                dump_json(value),
                builtin_object_class=built_in,
                wb_user_id=TEAM[index % 2],
                kind=ObjectKind.OBJECT,
            )
        ref = str(ObjectRef(project, made.kind, made.object_id, made.digest))
        done.objects[name] = done.objects[f"{name}:v{index}"] = ref
        return ref

    async def file(name: str, content: bytes) -> str:
        done.files[name] = await file_create(context, project, name, content)
        return done.files[name]

    with recorded_at(end - 10 * DAY):
        await file("receipt.png", receipt_png())
        await file("products.csv", _products_csv())
        await _publish_prices(context, project, end - 30 * DAY)
    await _publish_ops(context, project, end, done)

    for index, (text, days_ago) in enumerate(zip(PROMPTS, (9.5, 5.2, 2.2), strict=True)):
        prompt = await version(
            "support-prompt", _object("StringPrompt", "Prompt", name="support-prompt", content=text), days_ago
        )
        await version(
            "support-agent",
            _object(
                "SupportAgent",
                "Model",
                name="support-agent",
                model=BIG if index == 2 else SMALL,
                temperature=0.7 if index == 0 else 0.2,
                prompt=prompt,
                tools=["find_order", "track_parcel", "refund_order", "search_products", "read_receipt"],
            ),
            days_ago - 0.05,
        )
    for top_k, days_ago in ((2, 6.0), (4, 1.5)):
        model = _object("RagAnswerer", "Model", name="faq-answerer", model=SMALL, top_k=top_k, index="help-pages")
        await version("faq-answerer", model, days_ago)

    with recorded_at(end - 7 * DAY):
        table = await table_create(context, project, [dump_json(row) for row in _rows()])
    rows = str(TableRef(project, table.digest))
    dataset = await version("faq-dataset", _object("Dataset", "", name="faq-dataset", rows=rows), 7)
    done.row_refs.extend(f"{dataset}/attr/rows/id/{digest}" for digest in table.row_digests)
    scorers = []
    for name, about in (("correctness", "Says what is expected."), ("groundedness", "The sources say so.")):
        value = _object(name.capitalize(), "Scorer", name=name, description=about, score=done.ops[f"{name}.score"])
        scorers.append(await version(name, value, 6.9))
    evaluation = _object("Evaluation", "", name="faq-evaluation", dataset=dataset, scorers=scorers, trials=1)
    await version("faq-evaluation", evaluation, 6.8)
    tones = {"type": "string", "enum": ["warm", "neutral", "cold"]}
    await version("tone", {"name": "tone", "field_schema": tones}, 6, "AnnotationSpec")
    return done


async def _publish_ops(context: Context, project: str, end: int, done: Published) -> None:
    for name, versions in OPS.items():
        for index, code in enumerate(versions):
            with recorded_at(end - (int(9.6 * DAY), int(5.1 * DAY), int(2.1 * DAY))[index]):
                digest = await file_create(context, project, "obj.py", f"import weave\n\n\n{code}".encode())
                value = {"_type": "CustomWeaveType", "weave_type": {"type": "Op"}, "files": {"obj.py": digest}}
                made = await object_create(
                    context, project, name, dump_json(value), wb_user_id=TEAM[index % 2], kind=ObjectKind.OP
                )
            done.ops[name] = done.ops[f"{name}:v{index}"] = str(ObjectRef(project, "op", name, made.digest))


async def _publish_prices(context: Context, project: str, since: int) -> None:
    """What the shop pays for tokens, once: prices have no name by which a second one would be the same."""
    known = await prices_page(context, PriceList(project), PageRequest(1000), frozenset({"llm_id"}))
    lacking = _PER_MILLION.keys() - {row.llm_id for row in known.rows}
    new = [
        NewPrice(model, cost_in / 1_000_000, cost_out / 1_000_000, effective_at=since)
        for model, (cost_in, cost_out) in _PER_MILLION.items()
        if model in lacking
    ]
    await prices_create(context, project, new, TEAM[0])


def _rows() -> list[Mapping[str, JSONValue]]:
    return [{"question": entry.question, "expected": entry.expected, "article": entry.article} for entry in FAQ]


def _products_csv() -> bytes:
    lines = ["sku,name,price", *(f"{each['sku']},{each['name']},{each['price']}" for each in PRODUCTS)]
    return "\n".join([*lines, ""]).encode()


def receipt_png(width: int = 96, height: int = 128) -> bytes:
    """The picture of a receipt: dark lines on a light ground, in grey. The same bytes with every zlib: not packed."""
    lines = bytearray()
    for y in range(height):
        row = bytearray([250 - y // 16] * width)
        if y % 12 in {4, 5} and 12 < y < height - 12:
            for start, end in ((8, 30 + y * 7 % 30), (width - 24, width - 8)):
                row[start:end] = bytes([60]) * (end - start)
        lines += b"\0" + row
    size = struct.pack("<HH", len(lines), len(lines) ^ 0xFFFF)
    packed = b"\x78\x01\x01" + size + lines + struct.pack(">I", zlib.adler32(lines))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )

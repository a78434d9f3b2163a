# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""Values that the SDK keeps as files."""

import io
import wave
from typing import Any

import weave
from facts import plain
from PIL import Image

PIXELS = [(x * 40, y * 60, 7) for y in range(3) for x in range(4)]
BLOB = bytes(range(256)) * 1200  # 300 KiB: more than one chunk in a chunked store


@weave.op
def draw() -> Image.Image:
    image = Image.new("RGB", (4, 3))
    image.putdata(PIXELS)
    return image


@weave.op
def beep(frames: bytes) -> wave.Wave_read:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(frames)
    buffer.seek(0)
    return wave.open(buffer, "rb")


@weave.op
def attach(title: str) -> weave.Content:
    return weave.Content.from_bytes(
        BLOB, extension="bin", mimetype="application/octet-stream", metadata={"title": title}
    )


def files(client: Any) -> dict[str, Any]:
    _, drawn = draw.call()
    _, beeped = beep.call(b"\x01\x02" * 400)
    _, attached = attach.call("blob")
    image = weave.publish(draw(), name="picture")
    client.flush()
    picture = client.get_call(drawn.id).output
    sound = client.get_call(beeped.id).output
    content = client.get_call(attached.id).output
    published = weave.ref("picture").get()
    return {
        "image": [picture.size, [picture.getpixel((x, y)) for y in range(3) for x in range(4)] == PIXELS],
        "sound": [type(sound).__name__, sound.getnframes(), sound.readframes(2).hex()],
        "content": [content.size, content.mimetype, content.extension, content.data == BLOB, plain(content.metadata)],
        "published": [published.size, image.name],
    }

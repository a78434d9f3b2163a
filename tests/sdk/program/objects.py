# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""Objects, their versions and refs, and datasets."""

from typing import Any

import weave
from facts import plain, refused


class Settings(weave.Object):
    temperature: float
    stop: list[str]


class Doubler(weave.Model):
    factor: int = 2

    @weave.op
    def predict(self, number: int) -> dict[str, int]:
        return {"doubled": number * self.factor}


def objects(client: Any) -> dict[str, Any]:
    first = {"temperature": 0.5, "stop": ["\n", "§"], "b": 1, "a": {"z": None, "y": 1.0, "big": 2**60}}
    # Publishing goes on in the background; asking for the digest waits for it, so that the versions have this order.
    digests = [
        weave.publish(value, name="settings").digest
        for value in (first, dict(reversed(first.items())), first | {"temperature": 1})
    ]
    typed = weave.publish(Settings(temperature=0.1, stop=["end"]), name="typed-settings")
    model = weave.publish(Doubler(name="doubler", factor=3))
    weave.publish(weave.StringPrompt("Say {word} in {language}."), name="phrase")
    weave.publish(weave.MessagesPrompt([{"role": "system", "content": "Be {mood}."}]), name="chat")
    weave.publish({"settings": typed.get(), "list": [1, "two"]}, name="nested")
    client.flush()

    loaded = weave.ref(plain(model)).get()
    return {
        "digests": digests,
        "read": [plain(weave.ref(f"settings:{name}").get()) for name in ("v0", "v1", "latest", digests[0])],
        "typed": [weave.ref("typed-settings").get().temperature, plain(weave.ref("typed-settings").get().stop)],
        "model": [loaded.name, loaded.factor, plain(loaded.predict(number=7))],
        "prompt": weave.ref("phrase").get().format(word="tree", language="Latin"),
        "chat": plain(weave.ref("chat").get().format(mood="kind")),
        "nested": [weave.ref("nested").get()["settings"].temperature, plain(weave.ref("nested").get()["list"])],
        "missing": refused(lambda: weave.ref("no-such-object:v0").get()),
    }


def datasets(client: Any) -> dict[str, Any]:
    rows = [{"number": i, "expected": 2 * i, "note": f"row {i} é"} for i in range(5)]
    ref = weave.publish(weave.Dataset(name="numbers", rows=rows))
    big = weave.publish(weave.Dataset(name="many", rows=[{"i": i, "square": i * i} for i in range(1250)]))
    client.flush()
    read = ref.get()
    grown = read.add_rows(
        [{"number": 5, "expected": 11, "note": "appended"}, {"number": 6, "expected": 12, "note": ""}]
    )
    client.flush()
    latest = weave.ref("numbers").get()
    many = [plain(row) for row in big.get().rows]
    return {
        "rows": [plain(row) for row in read.rows],
        "row_2": plain(read.rows[2]),
        "length": [len(read.rows), len(grown.rows), len(latest.rows)],
        "appended": [plain(row) for row in latest.rows][5:],
        "first_version": len(weave.ref("numbers:v0").get().rows),
        "many": [len(many), many[0], many[999], many[1000], many[-1]],
        "many_ordered": [row["i"] for row in many] == list(range(1250)),
        "row_ref": plain(latest.rows[6]["expected"]),
        "digests": [
            part.rsplit("/", 1)[-1] for part in (str(plain(read.rows.table_ref)), str(plain(latest.rows.table_ref)))
        ],
    }

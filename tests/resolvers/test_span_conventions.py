"""What the attributes of each convention become."""

import copy
import math
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.json_text import dump_json, parse_json
from resolvers.calls.kinds import CallKind
from resolvers.spans.call import SpanCall, call_of
from resolvers.spans.lookup import Finder
from resolvers.spans.nesting import at, nested
from resolvers.spans.shapes import MOST_MEMORY, REMEMBERED, Keys, NamedKeys, Sent, Shapes
from resolvers.spans.span import Resource, Scope, Span, SpanEvent

SPAN_ID = "b" * 16


def call(attributes: dict[str, Any], *events: tuple[str, dict[str, Any]]) -> SpanCall:
    return call_of(
        Span(
            trace_id="a" * 32,
            span_id=SPAN_ID,
            parent_span_id=None,
            name="step",
            kind="CLIENT",
            start=1_700_000_000_000_000_000,
            end=1_700_000_001_000_000_000,
            status="OK",
            status_message="",
            attributes=attributes,
            events=[SpanEvent(name, 0, values) for name, values in events],
            links=[],
            resource=Resource(),
            scope=Scope(),
        ),
        "team/app",
        "local",
    )


def inputs(found: SpanCall) -> Any:
    return parse_json(found.start.inputs)


def output(found: SpanCall) -> Any:
    assert found.end
    return parse_json(found.end.output)


def usage(found: SpanCall) -> Any:
    assert found.end
    return parse_json(found.end.summary)


def described(found: SpanCall) -> Any:
    return {key: value for key, value in parse_json(found.start.attributes).items() if key != "otel_span"}


def test_openinference_llm() -> None:
    found = call(
        {
            "openinference.span.kind": "LLM",
            "llm.system": "openai",
            "llm.provider": "azure",
            "llm.model_name": "gpt-4o",
            "llm.invocation_parameters": '{"temperature": 0}',
            "llm.token_count.prompt": 14,
            "llm.token_count.completion": 0,
            "llm.token_count.total": 14,
            "llm.token_count.prompt_details.cache_read": 8,
            "llm.token_count.completion_details.reasoning": 3,
            "input.value": '{"messages": [{"role": "user", "content": "Hi"}]}',
            "input.mime_type": "application/json",
            "output.value": "Hello",
            "output.mime_type": "text/plain",
            "llm.input_messages.0.message.role": "user",
            "session.id": "s-1",
            "user.id": "ada",
        }
    )
    assert found.start.kind is CallKind.LLM
    assert (found.start.session_id, found.start.wb_user_id) == ("s-1", "ada")
    assert (found.start.thread_id, found.start.turn_id) == (None, None)
    assert inputs(found) == {"input.value": {"messages": [{"role": "user", "content": "Hi"}]}}
    assert output(found) == {"output.value": "Hello"}
    assert usage(found) == {
        "usage": {
            "gpt-4o": {
                "prompt_tokens": 14,
                "completion_tokens": 0,
                "total_tokens": 14,
                "cache_read_input_tokens": 8,
                "reasoning_tokens": 3,
            }
        }
    }
    assert described(found) == {
        "system": "openai",
        "kind": "LLM",
        "model": "gpt-4o",
        "provider": "azure",
        "model_parameters": {"temperature": 0},
    }


def test_gen_ai_today() -> None:
    messages = '[{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]'
    found = call(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": "claude",
            "gen_ai.request.max_tokens": 100,
            "gen_ai.response.model": "claude-1",
            "gen_ai.response.id": "r-1",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.input_tokens": 5,
            "gen_ai.usage.output_tokens": 7,
            "gen_ai.usage.cache_read.input_tokens": 2,
            "gen_ai.usage.cache_creation.input_tokens": 1,
            "gen_ai.system_instructions": '[{"type": "text", "content": "Be brief."}]',
            "gen_ai.input.messages": messages,
            "gen_ai.output.messages": '[{"role": "assistant", "parts": []}]',
            "gen_ai.conversation.id": "c-1",
            "gen_ai.agent.name": "helper",
        }
    )
    assert found.start.kind is CallKind.LLM
    assert (found.start.session_id, found.start.thread_id, found.start.turn_id) == ("c-1", "c-1", SPAN_ID)
    assert found.start.wb_user_id == "local"
    assert inputs(found) == {"gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]}
    assert output(found) == {"gen_ai.output.messages": [{"role": "assistant", "parts": []}]}
    assert usage(found) == {
        "usage": {
            "claude-1": {
                "input_tokens": 5,
                "output_tokens": 7,
                "cache_read_input_tokens": 2,
                "cache_creation_input_tokens": 1,
                "total_tokens": 12,
            }
        }
    }
    assert described(found) == {
        "system": [{"type": "text", "content": "Be brief."}],
        "model": "claude-1",
        "provider": "anthropic",
        "model_parameters": {"model": "claude", "max_tokens": 100},
        "operation_name": "chat",
        "response_id": "r-1",
        "finish_reasons": ["stop"],
        "agent_name": "helper",
    }


def test_gen_ai_of_old_flattened() -> None:
    found = call(
        {
            "gen_ai.system": "OpenAI",
            "gen_ai.request.model": "gpt-4",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Hi",
            "gen_ai.prompt.1.role": "assistant",
            "gen_ai.completion.0.content": "Hello",
            "gen_ai.usage.prompt_tokens": "3",
            "gen_ai.usage.completion_tokens": 4.0,
        }
    )
    assert inputs(found) == {"gen_ai.prompt": [{"role": "user", "content": "Hi"}, {"role": "assistant"}]}
    assert output(found) == {"gen_ai.completion": [{"content": "Hello"}]}
    assert usage(found) == {"usage": {"gpt-4": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}}
    assert found.start.kind is None


def test_gen_ai_messages_in_events() -> None:
    found = call(
        {"gen_ai.operation.name": "chat"},
        ("gen_ai.system.message", {"gen_ai.system": "openai", "content": "Be brief."}),
        ("gen_ai.user.message", {"gen_ai.event.content": '{"content": "Hi", "role": "user"}'}),
        ("gen_ai.choice", {"index": 0, "message": '{"content": "Hello"}'}),
    )
    assert inputs(found) == {"gen_ai.prompt": [{"content": "Be brief."}, {"content": "Hi", "role": "user"}]}
    assert output(found) == {"gen_ai.completion": [{"index": 0, "message": {"content": "Hello"}}]}
    whole = call(
        {},
        ("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user"}]'}),
        ("gen_ai.content.completion", {"gen_ai.completion": "Hello"}),
    )
    assert (inputs(whole), output(whole)) == ({"gen_ai.prompt": [{"role": "user"}]}, {"gen_ai.completion": "Hello"})
    details = call(
        {},
        (
            "gen_ai.client.inference.operation.details",
            {"gen_ai.input.messages": '[{"role": "user"}]', "gen_ai.output.messages": "[1]"},
        ),
    )
    assert (inputs(details), output(details)) == (
        {"gen_ai.input.messages": [{"role": "user"}]},
        {"gen_ai.output.messages": [1]},
    )


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        *(({"openinference.span.kind": word}, word) for word in ("LLM", "TOOL", "AGENT", "CHAIN", "RETRIEVER")),
        *(({"openinference.span.kind": word}, word) for word in ("EMBEDDING", "GUARDRAIL")),
        ({"openinference.span.kind": "RERANKER"}, "RETRIEVER"),
        ({"openinference.span.kind": "EVALUATOR"}, "SCORER"),
        ({"openinference.span.kind": "PROMPT"}, "OTHER"),
        ({"openinference.span.kind": "UNKNOWN"}, None),
        ({"weave.span.kind": "agent", "openinference.span.kind": "CHAIN"}, "AGENT"),
        ({"traceloop.span.kind": "workflow"}, "CHAIN"),
        ({"gen_ai.operation.name": "text_completion"}, "LLM"),
        ({"gen_ai.operation.name": "generate_content"}, "LLM"),
        ({"gen_ai.operation.name": "embeddings"}, "EMBEDDING"),
        ({"gen_ai.operation.name": "execute_tool"}, "TOOL"),
        ({"gen_ai.operation.name": "invoke_agent"}, "AGENT"),
        ({"gen_ai.operation.name": "create_agent"}, "AGENT"),
        ({"gen_ai.operation.name": "invoke_workflow"}, "CHAIN"),
        ({"gen_ai.operation.name": "retrieval"}, "RETRIEVER"),
        ({"gen_ai.operation.name": "paint"}, "OTHER"),
        ({"http.method": "GET"}, None),
    ],
)
def test_kinds(attributes: dict[str, str], kind: str | None) -> None:
    assert call(attributes).start.kind == kind


@pytest.mark.parametrize(
    ("attributes", "expected_inputs", "expected_output"),
    [
        ({"ai.prompt": "a", "ai.response": "b"}, {"ai.prompt": "a"}, {"ai.response": "b"}),
        (
            {"gen_ai.tool.call.arguments": '{"city": "Oslo"}', "gen_ai.tool.call.result": "rain"},
            {"gen_ai.tool.call.arguments": {"city": "Oslo"}},
            {"gen_ai.tool.call.result": "rain"},
        ),
        (
            {"input.value": "q", "retrieval.documents.0.document.content": "d"},
            {"input.value": "q"},
            {"retrieval.documents": [{"document": {"content": "d"}}]},
        ),
        (
            {"llm.input_messages.0.message.content": "q", "llm.output_messages.0.message.content": "a"},
            {"llm.input_messages": [{"message": {"content": "q"}}]},
            {"llm.output_messages": [{"message": {"content": "a"}}]},
        ),
        ({"embedding.embeddings.0.embedding.text": "t"}, {}, {"embedding.embeddings": [{"embedding": {"text": "t"}}]}),
        ({"input": '{"x": 1}', "output": "[1, 2]"}, {"x": 1}, [1, 2]),
        ({"input": "text", "output": 0}, {"input": "text"}, 0),
        ({"inputs.x": 1, "outputs.y": 2}, {"x": 1}, {"y": 2}),
        ({"input.mime_type": "text/plain", "output.mime_type": "text/plain", "gen_ai.prompt.name": "p"}, {}, {}),
        ({"input.value": "", "output.value": "false"}, {}, {"output.value": "false"}),
    ],
)
def test_inputs_and_outputs(attributes: dict[str, Any], expected_inputs: Any, expected_output: Any) -> None:
    found = call(attributes)
    assert (inputs(found), output(found)) == (expected_inputs, expected_output)


def test_vercel() -> None:
    """The spans of one ``generateText`` with a tool, as the SDK's versions 4 and 5 write them."""
    outer = call(
        {
            "ai.operationId": "ai.generateText",
            "ai.model.id": "gpt-4o",
            "ai.model.provider": "openai.chat",
            "ai.prompt": '{"system": "Be brief.", "prompt": "Capital of France?"}',
            "ai.response.text": "Paris.",
            "ai.response.finishReason": "stop",
            "ai.usage.inputTokens": 7,
            "ai.usage.outputTokens": 5,
            "ai.usage.totalTokens": 12,
            "ai.telemetry.metadata.sessionId": "chat-1",
            "ai.telemetry.metadata.userId": "ada",
        }
    )
    assert (outer.start.kind, outer.start.session_id, outer.start.wb_user_id) == (CallKind.CHAIN, "chat-1", "ada")
    assert inputs(outer) == {"ai.prompt": {"system": "Be brief.", "prompt": "Capital of France?"}}
    assert output(outer) == {"ai.response": {"text": "Paris.", "finishReason": "stop"}}
    assert usage(outer) == {"usage": {"gpt-4o": {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}}}
    inner = call(
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.prompt.messages": '[{"role": "user", "content": [{"type": "text", "text": "Capital of France?"}]}]',
            "ai.usage.promptTokens": 7,
            "ai.usage.completionTokens": 5,
            "gen_ai.request.model": "gpt-4o",
        }
    )
    assert inner.start.kind == CallKind.LLM
    messages = [{"role": "user", "content": [{"type": "text", "text": "Capital of France?"}]}]
    assert inputs(inner) == {"ai.prompt": {"messages": messages}}
    assert usage(inner) == {"usage": {"gpt-4o": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}}}
    tool = call(
        {
            "ai.operationId": "ai.toolCall",
            "ai.toolCall.name": "look_up",
            "ai.toolCall.args": '{"city": "Paris"}',
            "ai.toolCall.result": '"in France"',
        }
    )
    assert tool.start.kind == CallKind.TOOL
    assert inputs(tool) == {"ai.toolCall.args": {"city": "Paris"}}
    assert output(tool) == {"ai.toolCall.result": "in France"}
    embedded = call(
        {
            "ai.operationId": "ai.embed.doEmbed",
            "ai.value": '"Paris"',
            "ai.embeddings": ["[0.5, 1]"],
            "ai.model.id": "e",
            "ai.usage.tokens": 2,
        }
    )
    assert embedded.start.kind == CallKind.EMBEDDING
    assert inputs(embedded) == {"ai.value": "Paris"}
    assert usage(embedded) == {"usage": {"e": {"prompt_tokens": 2}}}


def test_usage_without_a_model_names_none() -> None:
    found = call({"gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": "many"})
    assert usage(found) == {"usage": {"usage": {"input_tokens": 1}}}
    assert usage(call({"llm.model_name": "m"})) == {"usage": {"m": {}}}
    assert usage(call({"llm.invocation_parameters": '{"model": "m"}'})) == {"usage": {"m": {}}}
    assert usage(call({})) == {}


def test_what_weave_reads_of_its_own_attributes() -> None:
    found = call(
        {
            "wandb.display_name": "Nice",
            "wandb.thread_id": "t-1",
            "wandb.is_turn": True,
            "wandb.wb_run_id": "run",
            "wandb.wb_run_step": 3,
            "wandb.wb_run_step_end": 4,
            "wandb.attributes": '{"env": "test"}',
        }
    )
    start = found.start
    assert (start.display_name, start.thread_id, start.turn_id) == ("Nice", "t-1", SPAN_ID)
    assert (start.wb_run_id, start.wb_run_step, start.session_id) == ("team/app:run", 3, None)
    assert found.end
    assert found.end.wb_run_step_end == 4
    assert described(found)["env"] == "test"


@pytest.mark.parametrize(
    ("flat", "expected"),
    [
        ({"a.b.c": 1, "a.b.d": 2}, {"a": {"b": {"c": 1, "d": 2}}}),
        ({"a.0": "x", "a.1.b": "y"}, {"a": ["x", {"b": "y"}]}),
        ({"a.0": "x", "a.2": "y"}, {"a": {"0": "x", "2": "y"}}),
        # A plain value on the way keeps both, in either order.
        ({"a": 1, "a.b": 2, "c.d": 3}, {"a": 1, "a.b": 2, "c": {"d": 3}}),
        ({"a.b": 2, "a": 1}, {"a": 1, "a.b": 2}),
        # JSON text is a value, and what was flattened beside it is merged into it.
        ({"a": '{"x": {"0": 1}}', "a.y": 2}, {"a": {"x": {"0": 1}, "y": 2}}),
        ({"a.0.b": 1, "a": '[{"c": 2}]'}, {"a": [{"c": 2, "b": 1}]}),
        ({"a": "{broken", "b": "[1]x"}, {"a": "{broken", "b": "[1]x"}),
        ({"": 1, ".": 2, "a..b": 3, "a.": 4}, {"": 1, ".": 2, "a..b": 3, "a.": 4}),
        ({".".join("k" * 70): 1}, {".".join("k" * 70): 1}),
        ({"deep": "[" * 300 + "]" * 300}, {"deep": "[" * 300 + "]" * 300}),
        ({"deep": "[" * 100_000}, {"deep": "[" * 100_000}),
        ({"big": '{"n": 123456789012345678901234567890}'}, {"big": {"n": 123456789012345678901234567890}}),
    ],
)
def test_nesting(flat: dict[str, Any], expected: dict[str, Any]) -> None:
    assert nested(flat) == expected


SEGMENTS = st.sampled_from(["gen_ai", "llm", "input", "model", "usage", "value", "0", "1", "2", "", "x"])
KEYS = st.lists(SEGMENTS, min_size=1, max_size=4).map(".".join)
TEXTS = st.sampled_from(
    [
        "x",
        "",
        "[]",
        "{",
        "[7]",
        '{"model":{"0":1},"value":"y"}',
        '[1,{"usage":2}]',
        '{"x.0":3,"llm":[]}',
        '{"model":"[7]"}',
    ]
)
SENT = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | TEXTS,
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(SEGMENTS, inside, max_size=2),
    max_leaves=4,
)
FLAT = st.dictionaries(KEYS, SENT, max_size=6)


@given(FLAT)
def test_nesting_leaves_what_was_sent_alone(flat: dict[str, Any]) -> None:
    sent = copy.deepcopy(flat)
    tree = nested(flat)
    assert flat == sent
    assert nested(flat) == tree


@given(st.dictionaries(KEYS, st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "{", ""]), max_size=6))
def test_nesting_keeps_every_plain_value(flat: dict[str, Any]) -> None:
    tree = nested(flat)
    assert {key: at(tree, key) for key in flat} == flat


ORDER = (
    "llm.model.0",
    "gen_ai.usage",
    "input.value",
    "input",
    "llm",
    "gen_ai.model.usage.0",
    "model",
    "llm.0",
    "x.x.x",
)
SOUGHT = Keys(*ORDER)
NAMED = NamedKeys(**{f"n{number}": (key, ORDER[number - 1]) for number, key in enumerate(ORDER)})


MANY = 300
"""Names that are too many for their shape to be remembered."""


@given(FLAT, st.sampled_from([0, MANY]))
def test_finders_find_what_is_in_the_tree(some: dict[str, Any], others: int) -> None:
    flat = {**some, **{f"other{number}": number for number in range(others)}}
    tree = nested(flat)
    values = [value for key in ORDER if (value := at(tree, key)) is not None]
    texts = (str(value) for value in values if type(value) in (str, int) and value != "")
    text = next(texts, None)
    for _ in range(3):  # names that come again have a shape
        finder = Finder(flat)
        assert dump_json(parse_json(finder.whole())) == dump_json(tree)
        assert {name: parse_json(each) for name, each in finder.members().items()} == tree
        assert [value for value in finder.values(SOUGHT) if value is not None] == values
        assert finder.has(SOUGHT) == any(values)
        assert finder.text(SOUGHT) == text
        found = {name: finder.first(keys) for name, keys in NAMED.keys.items()}
        named = {name: finder.first(keys) for name, keys in finder.named(NAMED)}
        assert named == {name: each for name, each in found.items() if name in named}
        assert not any(each for name, each in found.items() if name not in named)
        for each in found.values():
            assert each is None or each.value == parse_json(each.text) == at(tree, each.key)


ODD = {"nan": math.nan, "no": None, "far": [math.inf], "long": 1 << 70, "half": "\ud800", "said": '{"a": 1.0, "a":  2}'}


@pytest.mark.parametrize("names", [ODD, ["nan", "no", "far", "said"], ["half"], ["long", "said"]])
def test_many_attributes_say_what_few_say(names: Iterable[str]) -> None:
    few = {f"odd.{name}": ODD[name] for name in names}
    said = Finder(few).members()["odd"]
    many = Finder({**{f"other.{number}": number for number in range(MANY)}, **few})
    others = ",".join(map(str, range(MANY)))
    assert many.members()["odd"] == said
    assert many.whole() == f'{{"other":[{others}],"odd":{said}}}'


@pytest.mark.parametrize(
    "names",
    [
        tuple(f"a{number}" for number in range(257)),
        tuple(f"{letter}.{'.'.join('x' * 63)}" for letter in "abcdef"),
        ("a" * 4097,),
    ],
)
def test_shapes_of_many_or_long_names_are_not_remembered(names: tuple[str, ...]) -> None:
    shapes = Shapes()
    assert shapes.get(names) is None
    assert shapes.memory == 0


@pytest.mark.parametrize(
    "names_of",
    [
        lambda number: [f"{number}_{each}" for each in range(250)],
        lambda number: [f"{number}.{each}.{'.'.join('x' * 60)}" for each in "abcd"],
        lambda number: [f"{number}{'x' * 4000}"],
        lambda number: [f"{number}{chr(0x1F600 + number % 50) * 4000}"],
    ],
    ids=["flat", "deep", "long", "wide"],
)
def test_shapes_that_are_remembered_take_little_memory(names_of: Callable[[int], list[str]]) -> None:
    shapes = Shapes()
    tracemalloc.start()
    try:
        for number in range(600):
            names = tuple(names_of(number))
            shape = shapes.get(names)
            assert shape is not None
            assert shapes.get(names) is shape
            sent = Sent(["v"] * len(names), ['"v"'] * len(names))
            assert len({shape.whole.text(sent) for _ in range(3)}) == 1
            assert shapes.memory <= MOST_MEMORY
        assert tracemalloc.get_traced_memory()[0] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def test_names_that_conflict_are_remembered_as_such() -> None:
    for conflict in ({"once.a": 1, "once": 2}, {**{f"once{number}.a": 1 for number in range(MANY)}, "once0": 2}):
        assert not REMEMBERED.have_conflict(tuple(conflict))
        texts = {Finder(conflict).whole() for _ in range(3)}
        assert texts == {dump_json(nested(conflict))}
        assert REMEMBERED.have_conflict(tuple(conflict))


def test_few_conflicts_are_remembered() -> None:
    shapes = Shapes()
    for number in range(5000):
        shapes.add_conflict((str(number),))
    assert [shapes.have_conflict((str(number),)) for number in (0, 4999)] == [False, True]


AS_SENT = [
    '{"a": 1.0, "b":  "\\u00e9"}',
    '{"a":1,"a":2}',
    "[1e999, 123456789012345678901234567890]",
    '  {"a": 1}',
    '{"a": 1',
    "[nan]",
    "[" * 300 + "]" * 300,
]


@pytest.mark.parametrize("text", AS_SENT)
def test_json_in_attributes_is_kept_as_it_was_sent(text: str) -> None:
    is_json = text[0] in "{[" and text[-1] in "}]" and len(text) < 300 and "nan" not in text
    kept = text if is_json else dump_json(text)
    for _ in range(3):
        found = call({"input.value": text, "output.value": "x"})
        assert found.start.inputs == f'{{"input.value":{kept}}}'


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{\n  "a": 1,\r\n  "b": "c d"\n}', '{"a":1,"b":"c d"}'),
        ('{"a": NaN}', '{"a":"NaN"}'),
        ('{"a": 1} ', '{"a": 1}'),
        ('{"a": "\\ud800"}', '{"a":"\\ud800"}'),
        ("{ }", None),
        ("[ ] ", None),
    ],
)
def test_json_in_attributes_that_is_written_again(text: str, kept: str | None) -> None:
    for _ in range(3):
        found = call({"input.value": text})
        assert found.start.inputs == ("{}" if kept is None else f'{{"input.value":{kept}}}')

"""Evaluations that the server runs, over Weave's API, by a provider on this machine."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
from starlette.responses import JSONResponse

from tests.conftest import running_app
from tests.fake_provider import KEY, FakeProvider, completion

PROJECT = "team/app"
TIME = "2026-01-01T00:00:00Z"
ROWS = [{"name": "Ada", "question": "why?", "truth": 1}, {"name": "Bob", "question": "how?", "truth": 2}]
TEMPLATE = [
    {"role": "system", "content": 'Be kind to {name}. Write {"json": {unknown}}'},
    {"role": "user", "content": "{question}"},
]
INTERRUPTED = "The evaluation was interrupted: the server that ran it stopped"


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> Any:
    response = await client.post(path, json=content)
    assert response.status_code == status, response.text
    return response.json()


async def publish(client: httpx.AsyncClient, name: str, class_name: str, bases: list[str], **fields: Any) -> str:
    """Ref of a new object, as an SDK publishes it."""
    value = {"_type": class_name, "name": name, **fields, "_class_name": class_name, "_bases": [*bases, "BaseModel"]}
    obj = {"project_id": PROJECT, "object_id": name, "val": value}
    digest = (await post(client, "/obj/create", {"obj": obj}))["digest"]
    return f"weave:///{PROJECT}/object/{name}:{digest}"


async def model(client: httpx.AsyncClient, name: str = "asker", **params: Any) -> str:
    fields = {"messages_template": TEMPLATE, "temperature": 0.5, "stop": [], "n_times": 1, "response_format": "text"}
    default = {"_type": "LLMStructuredCompletionModelDefaultParams", **fields, **params}
    bases = ["Model", "Object"]
    class_name = "LLMStructuredCompletionModel"
    return await publish(client, name, class_name, bases, llm_model_id="gpt-4o", default_params=default)


async def judge(client: httpx.AsyncClient) -> str:
    return await model(client, "judge", messages_template=None, response_format="json_object", temperature=None)


async def scorer(client: httpx.AsyncClient, **fields: Any) -> str:
    fields = {"model": await judge(client), "scoring_prompt": "Judge {output} for {question}: {{}}", **fields}
    return await publish(client, "quality", "LLMAsAJudgeScorer", ["Scorer", "Object"], **fields)


async def dataset(client: httpx.AsyncClient, rows: list[dict[str, Any]]) -> str:
    table = await post(client, "/table/create", {"table": {"project_id": PROJECT, "rows": rows}})
    ref = f"weave:///{PROJECT}/table/{table['digest']}"
    return await publish(client, "questions", "Dataset", ["Object"], rows=ref)


async def evaluation(client: httpx.AsyncClient, rows: list[dict[str, Any]] = ROWS, **fields: Any) -> str:
    made = {"scorers": [await scorer(client)], "trials": 1} | fields
    made = {"dataset": await dataset(client, rows), "preprocess_model_input": None} | made
    return await publish(client, "asking", "Evaluation", ["Object"], **made)


def answers(body: dict[str, Any]) -> Any:
    """A model that repeats the question, and a judge of the length of what it is asked."""
    text = body["messages"][-1]["content"]
    if text.startswith("Judge"):
        return completion("m", json.dumps({"score": len(text), "fine": "why" in text}))
    return completion("m", f"answer to {text}")


async def begin(client: httpx.AsyncClient, evaluation_ref: str, model_ref: str) -> str:
    content = {"project_id": PROJECT, "evaluation_ref": evaluation_ref, "model_ref": model_ref}
    call_id: str = (await post(client, "/evaluations/evaluate_model", content))["call_id"]
    return call_id


async def status(client: httpx.AsyncClient, call_id: str, http_status: int = 200) -> Any:
    answer = await post(client, "/evaluations/status", {"project_id": PROJECT, "call_id": call_id}, http_status)
    return answer["status"] if http_status == 200 else answer


async def finished(client: httpx.AsyncClient, call_id: str) -> Any:
    """The status of an evaluation when it no longer runs."""
    with anyio.fail_after(60):
        while (found := await status(client, call_id))["code"] == "running":
            pass
    return found


async def calls(client: httpx.AsyncClient, **chosen: Any) -> list[dict[str, Any]]:
    response = await client.post("/calls/stream_query", json={"project_id": PROJECT, "filter": chosen})
    return [json.loads(line) for line in response.text.splitlines()]


def op(call: dict[str, Any] | None) -> str | None:
    return None if call is None else call["op_name"].split("/")[-1].split(":")[0]


async def tree(client: httpx.AsyncClient, call_id: str) -> list[dict[str, Any]]:
    """The calls of an evaluation's trace."""
    (root,) = await calls(client, call_ids=[call_id])
    return await calls(client, trace_ids=[root["trace_id"]])


async def rows_of(client: httpx.AsyncClient, ref: str) -> list[Any]:
    """The rows of an object that is a table."""
    (rows,) = (await post(client, "/refs/read_batch", {"refs": [f"{ref}/attr/rows"]}))["vals"]
    digest = rows.split("/")[-1]
    return [
        row["val"] for row in (await post(client, "/table/query", {"project_id": PROJECT, "digest": digest}))["rows"]
    ]


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a provider may wait for; opened at the end, so that its thread ends."""
    event = threading.Event()
    yield event
    event.set()


async def test_an_evaluation_records_what_the_sdk_records(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = answers
    evaluation_ref, model_ref = await evaluation(provided), await model(provided)
    call_id = await begin(provided, evaluation_ref, model_ref)
    found = await finished(provided, call_id)
    latency = found["output"].pop("model_latency")
    assert list(latency) == ["mean"]
    assert latency["mean"] > 0
    lengths = len("Judge answer to why? for why?: {}"), len("Judge answer to how? for how?: {}")
    summary = {"score": {"mean": sum(lengths) / 2}, "fine": {"true_count": 1, "true_fraction": 0.5}}
    assert found == {"code": "complete", "output": {"quality": summary}}

    trace = await tree(provided, call_id)
    by_id = {call["id"]: call for call in trace}
    shape = Counter(
        (op(call), op(by_id.get(call["parent_id"])), call["summary"]["status_counts"]["success"]) for call in trace
    )
    assert shape == {
        ("Evaluation.evaluate", None, 11): 1,
        ("Evaluation.predict_and_score", "Evaluation.evaluate", 4): 2,
        ("LLMStructuredCompletionModel.predict", "Evaluation.predict_and_score", 1): 2,
        ("LLMAsAJudgeScorer.score", "Evaluation.predict_and_score", 2): 2,
        ("LLMStructuredCompletionModel.predict", "LLMAsAJudgeScorer.score", 1): 2,
        ("Evaluation.summarize", "Evaluation.evaluate", 2): 1,
        ("Scorer.summarize", "Evaluation.summarize", 1): 1,
    }
    assert {call["summary"]["weave"]["status"] for call in trace} == {"success"}
    root = by_id[call_id]
    assert root["inputs"] == {"self": evaluation_ref, "model": model_ref}
    assert root["display_name"].startswith("eval-20")
    assert root["attributes"]["_weave_eval_meta"] == {"evaluate_model_worker": True}


async def test_the_calls_of_a_row_say_what_went_in_and_came_out(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    provider.answer = answers
    evaluation_ref, model_ref = await evaluation(provided, ROWS[:1]), await model(provided)
    call_id = await begin(provided, evaluation_ref, model_ref)
    await finished(provided, call_id)
    trace = {(op(call), call["parent_id"] == call_id): call for call in await tree(provided, call_id)}
    row = trace["Evaluation.predict_and_score", True]
    example = row["inputs"]["example"]
    assert (await post(provided, "/refs/read_batch", {"refs": [example]}))["vals"] == [ROWS[0]]
    assert row["inputs"] == {"self": evaluation_ref, "model": model_ref, "example": example}
    verdict = {"score": 33, "fine": True}
    latency = row["output"]["model_latency"]
    assert row["output"] == {"output": "answer to why?", "scores": {"quality": verdict}, "model_latency": latency}
    assert row["attributes"]["_weave_eval_meta"] == {"evaluate_model_worker": True, "declarative": True}

    predictions = [call for call in await tree(provided, call_id) if op(call) == "LLMStructuredCompletionModel.predict"]
    (prediction,) = [call for call in predictions if call["parent_id"] == row["id"]]
    columns = {name: f"{example}/key/{name}" for name in ROWS[0]}
    used = {name: columns[name] for name in ("name", "question")}
    assert prediction["inputs"] == {"self": model_ref, "template_vars": used}
    assert prediction["output"] == "answer to why?"
    score = trace["LLMAsAJudgeScorer.score", False]
    scorer_ref = await scorer(provided)
    assert score["inputs"] == {"self": scorer_ref, "output": "answer to why?", "kwargs": columns}
    assert score["output"] == verdict
    assert score["attributes"]["weave"]["kind"] == "scorer"
    (asked,) = [call for call in predictions if call["parent_id"] == score["id"]]
    question = "Judge answer to why? for why?: {}"
    user = [{"role": "user", "content": question}]
    assert asked["inputs"] == {"self": await judge(provided), "user_input": user, "template_vars": {}}

    (given,) = (await post(provided, "/feedback/query", {"project_id": PROJECT}))["result"]
    assert {name: given[name] for name in ("weave_ref", "feedback_type", "payload", "runnable_ref", "call_ref")} == {
        "weave_ref": f"weave:///{PROJECT}/call/{prediction['id']}",
        "feedback_type": "wandb.runnable.quality",
        "payload": {"output": verdict},
        "runnable_ref": scorer_ref,
        "call_ref": f"weave:///{PROJECT}/call/{score['id']}",
    }
    summary = trace["Evaluation.summarize", True]
    results = summary["inputs"]["eval_table"]
    assert await rows_of(provided, results) == [row["output"]]
    (refs,) = [call["inputs"]["score_rows"] for call in trace.values() if op(call) == "Scorer.summarize"]
    assert (await post(provided, "/refs/read_batch", {"refs": refs}))["vals"] == [verdict]

    assert provider.requests == [
        {
            "model": "gpt-4o",
            "messages": [
                {"role": "system", "content": 'Be kind to Ada. Write {"json": {unknown}}'},
                {"role": "user", "content": "why?"},
            ],
            "temperature": 0.5,
            "n": 1,
            "response_format": {"type": "text"},
        },
        {"model": "gpt-4o", "messages": user, "n": 1, "response_format": {"type": "json_object"}},
    ]
    completions = await calls(provided, op_names=["weave.completions_create"])
    assert [call["attributes"]["_weave_eval_meta"]["predict_call"] for call in completions] == [
        f"weave:///{PROJECT}/call/{call['id']}" for call in (prediction, asked)
    ]
    assert [call["summary"]["usage"]["gpt-4o"]["total_tokens"] for call in completions] == [12, 12]


async def test_ops_without_code_are_published_and_those_of_an_sdk_are_kept(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    provider.answer = answers
    theirs = f"weave:///{PROJECT}/op/Evaluation.evaluate:of-the-sdk"
    call_id = await begin(provided, await evaluation(provided, evaluate=theirs, scorers=None), await model(provided))
    await finished(provided, call_id)
    names = {op(call): call["op_name"] for call in await tree(provided, call_id)}
    assert names.pop("Evaluation.evaluate") == theirs
    values = (await post(provided, "/refs/read_batch", {"refs": list(names.values())}))["vals"]
    for name, value in zip(names, values, strict=True):
        content = {"project_id": PROJECT, "digest": value["files"]["obj.py"]}
        code = (await provided.post("/file/content", json=content)).text
        assert code == f"# {name} is run by the trace server, by the data of its object alone: there is no code.\n"


async def test_a_user_input_trials_maps_and_prompts(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = answers
    content = [{"role": "system", "content": "Prompt for {tone}"}]
    prompt = await publish(provided, "prompt", "MessagesPrompt", ["Prompt", "Object"], messages=content)
    scoring = [{"role": "user", "content": "Judge {output} by {rule}"}]
    judged = {"scoring_prompt": {"_type": "MessagesPrompt", "messages": scoring}, "column_map": {"rule": "tone"}}
    rows: list[dict[str, Any]] = [
        {"user_input": "Hi", "tone": "kindness"},
        {"user_input": [{"role": "user", "content": "Yo"}], "tone": "wit"},
    ]
    named = await evaluation(
        provided, rows, trials=2, scorers=[await scorer(provided, **judged)], evaluation_name="by hand"
    )
    call_id = await begin(provided, named, await model(provided, prompt=prompt, messages_template=None))
    assert (await finished(provided, call_id))["code"] == "complete"
    asked = Counter(json.dumps([message["content"] for message in body["messages"]]) for body in provider.requests)
    assert asked == {
        '["Prompt for kindness", "Hi"]': 2,
        '["Prompt for wit", "Yo"]': 2,
        '["Judge answer to Hi by kindness"]': 2,
        '["Judge answer to Yo by wit"]': 2,
    }
    trace = await tree(provided, call_id)
    assert [call["display_name"] for call in trace if call["id"] == call_id] == ["by hand"]
    assert sum(op(call) == "Evaluation.predict_and_score" for call in trace) == 4


async def test_a_model_that_fails_on_a_row_and_a_judge_on_another(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    def answer(body: dict[str, Any]) -> Any:
        text = body["messages"][-1]["content"]
        if text == "why?":
            return JSONResponse({"error": {"message": "too deep"}}, 400)
        return completion("m", "no JSON") if text.startswith("Judge answer to how?") else answers(body)

    provider.answer = answer
    rows = [*ROWS, {"name": "Eve", "question": "who?", "truth": 3}]
    call_id = await begin(provided, await evaluation(provided, rows), await model(provided))
    found = await finished(provided, call_id)
    score = float(len("Judge answer to who? for who?: {}"))
    assert found["output"]["quality"] == {"score": {"mean": score}, "fine": {"true_count": 0, "true_fraction": 0.0}}
    trace = await tree(provided, call_id)
    exceptions = Counter((op(call), json.loads(call["exception"])["message"]) for call in trace if call["exception"])
    bad = "The model's answer is not the JSON that was asked for: 'no JSON'"
    assert exceptions == {
        ("LLMStructuredCompletionModel.predict", "The provider refused: 400 too deep"): 1,
        ("LLMStructuredCompletionModel.predict", bad): 1,
        ("LLMAsAJudgeScorer.score", bad): 1,
        ("Evaluation.predict_and_score", bad): 1,
    }
    (root,) = [call for call in trace if call["id"] == call_id]
    assert root["summary"]["status_counts"] == {"success": 9, "error": 4}
    assert root["summary"]["weave"]["status"] == "descendant_error"
    (results,) = [call["inputs"]["eval_table"] for call in trace if op(call) == "Evaluation.summarize"]
    outputs = [(row["output"], row["scores"]) for row in await rows_of(provided, results)]
    scores = {"quality": {"score": int(score), "fine": False}}
    assert outputs == [(None, {"quality": {}}), (None, {"quality": {}}), ("answer to who?", scores)]
    assert len((await post(provided, "/feedback/query", {"project_id": PROJECT}))["result"]) == 1


async def test_an_evaluation_of_no_rows_is_complete_at_once(provided: httpx.AsyncClient) -> None:
    call_id = await begin(provided, await evaluation(provided, []), await model(provided))
    assert await finished(provided, call_id) == {"code": "complete", "output": {}}


async def test_a_running_evaluation_counts_its_rows(
    provided: httpx.AsyncClient, provider: FakeProvider, gate: threading.Event
) -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "how?" in json.dumps(body):
            gate.wait(60)
        return answers(body)

    provider.answer = answer
    call_id = await begin(provided, await evaluation(provided, scorers=[]), await model(provided))
    with anyio.fail_after(60):
        while (await status(provided, call_id))["completed_rows"] == 0:
            pass
    assert await status(provided, call_id) == {"code": "running", "completed_rows": 1, "total_rows": 2}
    gate.set()
    assert (await finished(provided, call_id))["code"] == "complete"


async def start(client: httpx.AsyncClient, call_id: str, op_name: str, inputs: Any, parent: str | None = None) -> None:
    content = {
        "project_id": PROJECT,
        "id": call_id,
        "trace_id": "t",
        "parent_id": parent,
        "op_name": op_name,
        "started_at": TIME,
        "attributes": {},
        "inputs": inputs,
    }
    await post(client, "/call/start", {"start": content})


async def end(client: httpx.AsyncClient, call_id: str, **fields: Any) -> None:
    content = {"project_id": PROJECT, "id": call_id, "ended_at": TIME, "summary": {}, "output": None, **fields}
    await post(client, "/call/end", {"end": content})


async def test_the_status_of_an_evaluation_that_a_program_runs(client: httpx.AsyncClient) -> None:
    assert await status(client, "none") == {"code": "not_found"}
    ref = await evaluation(client, trials=3)
    ops = f"weave:///{PROJECT}/op/"
    await start(client, "e", f"{ops}Evaluation.evaluate:x", {"self": ref, "model": "m"})
    assert await status(client, "e") == {"code": "running", "completed_rows": 0, "total_rows": 6}
    for row in ("r1", "r2"):
        await start(client, row, f"{ops}Evaluation.predict_and_score:x", {}, "e")
    await start(client, "s", f"{ops}Evaluation.summarize:x", {}, "e")
    for ended in ("r1", "s"):
        await end(client, ended)
    assert await status(client, "e") == {"code": "running", "completed_rows": 1, "total_rows": 6}
    await end(client, "e", output={"quality": {"mean": 1.0}})
    assert await status(client, "e") == {"code": "complete", "output": {"quality": {"mean": 1.0}}}
    for exception, error in (('{"type": "ValueError", "message": "bad"}', "bad"), ("plain", "plain"), ("[1]", "[1]")):
        await end(client, "e", exception=exception)
        assert await status(client, "e") == {"code": "failed", "error": error}
    await start(client, "unknown", f"{ops}Evaluation.evaluate:x", {"self": "not a ref"})
    assert await status(client, "unknown") == {"code": "running", "completed_rows": 0, "total_rows": 0}
    assert await status(client, "r1", 400) == {
        "reason": f"Call 'r1' is of '{ops}Evaluation.predict_and_score:x', which is no evaluation"
    }
    assert await status(client, "none") == {"code": "not_found"}


async def test_a_server_that_stops_says_that_its_evaluations_failed(
    database_url: str, provider: FakeProvider, gate: threading.Event
) -> None:
    asked = threading.Event()

    def answer(body: dict[str, Any]) -> Any:
        asked.set()
        gate.wait(60)
        return answers(body)

    provider.answer = answer
    async with running_app(database_url, provider_base_url=provider.url, provider_api_key=KEY) as client:
        call_id = await begin(client, await evaluation(client), await model(client))
        await anyio.to_thread.run_sync(asked.wait, 60)
        assert await status(client, call_id) == {"code": "running", "completed_rows": 0, "total_rows": 2}
    async with running_app(database_url) as client:
        assert await status(client, call_id) == {"code": "failed", "error": INTERRUPTED}
        (call,) = await calls(client, call_ids=[call_id])
        assert json.loads(call["exception"]) == {"type": "Interrupted", "message": INTERRUPTED, "traceback": []}


async def test_the_graph_begins_an_evaluation_and_tells_how_it_stands(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    provider.answer = answers
    document = """
      mutation($input: ModelEvaluateInput!) {
        modelEvaluate(input: $input) { callId call { callId kind } userErrors { code message field } }
      }
    """
    given = {
        "project": PROJECT,
        "evaluationRef": await evaluation(provided, scorers=[]),
        "modelRef": await model(provided),
    }
    answer = await post(provided, "/graphql", {"query": document, "variables": {"input": given}})
    began = answer["data"]["modelEvaluate"]
    call_id = began["callId"]
    assert began == {"callId": call_id, "call": {"callId": call_id, "kind": "EVALUATION"}, "userErrors": []}
    await finished(provided, call_id)
    document = """
      query($id: String!) {
        project(slug: "team/app") {
          done: evaluationStatus(callId: $id) { __typename ... on EvaluationComplete { callId } }
          none: evaluationStatus(callId: "none") { __typename ... on EvaluationNotFound { callId } }
        }
      }
    """
    answer = await post(provided, "/graphql", {"query": document, "variables": {"id": call_id}})
    assert answer["data"]["project"] == {
        "done": {"__typename": "EvaluationComplete", "callId": call_id},
        "none": {"__typename": "EvaluationNotFound", "callId": "none"},
    }
    answer = await post(
        provided,
        "/graphql",
        {
            "query": 'mutation { modelEvaluate(input: {project: "team/app", evaluationRef: "x", '
            'modelRef: "y"}) { callId userErrors { code field } } }'
        },
    )
    assert answer["data"]["modelEvaluate"] == {
        "callId": None,
        "userErrors": [{"code": "INVALID_INPUT", "field": ["evaluationRef"]}],
    }


async def test_only_what_is_made_of_data_is_run(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    model_ref, evaluation_ref = await model(provided), await evaluation(provided)
    a_function = f"weave:///{PROJECT}/op/exact:abc"

    async def refused(evaluation_ref: str, model_ref: str, http_status: int = 400) -> str:
        content = {"project_id": PROJECT, "evaluation_ref": evaluation_ref, "model_ref": model_ref}
        reason: str = (await post(provided, "/evaluations/evaluate_model", content, http_status))["reason"]
        return reason

    ref = await evaluation(provided, scorers=[a_function])
    assert await refused(ref, model_ref) == f"{a_function!r} is not made of data: it is no ref of an object"
    ref = await evaluation(provided, scorers=[model_ref])
    assert await refused(ref, model_ref) == (
        f"{model_ref!r} is of class 'LLMStructuredCompletionModel', only LLMAsAJudgeScorer can be run"
    )
    ref = await evaluation(provided, preprocess_model_input=a_function)
    assert await refused(ref, model_ref) == f"{ref!r} has a function in preprocess_model_input, which cannot be run"
    ref = await evaluation(provided, trials=0)
    assert await refused(ref, model_ref) == f"trials of {ref!r} must be 1 to 1000, not 0"
    ref = await evaluation(provided, scorers=[await scorer(provided)] * 2)
    assert await refused(ref, model_ref) == f"{ref!r} has two scorers of the name 'quality'"
    ref = await evaluation(provided, dataset=model_ref)
    assert await refused(ref, model_ref) == f"{model_ref!r} is no dataset: its rows are no table"
    ref = await evaluation(provided, dataset=7)
    assert await refused(ref, model_ref) == f"{ref}/attr/dataset must be the ref of an object, not 7"
    assert await refused(model_ref, model_ref) == (
        f"{model_ref!r} is of class 'LLMStructuredCompletionModel', only Evaluation can be run"
    )
    assert await refused(evaluation_ref, evaluation_ref) == (
        f"{evaluation_ref!r} is of class 'Evaluation', only LLMStructuredCompletionModel can be run"
    )
    missing = f"weave:///{PROJECT}/object/none:v0"
    assert await refused(evaluation_ref, missing, 404) == "Object none:v0 not found in project 'team/app'"
    wrong = await model(provided, "wrong", temperature="hot")
    assert await refused(evaluation_ref, wrong) == (
        f"{wrong!r} is no LLMStructuredCompletionModel: default_params.temperature: "
        "Input should be a valid number, unable to parse string as a number"
    )
    assert provider.requests == []
    assert await calls(provided) == []


async def test_without_a_provider_the_answer_says_so(client: httpx.AsyncClient) -> None:
    content = {"project_id": PROJECT, "evaluation_ref": "x", "model_ref": "y"}
    assert await post(client, "/evaluations/evaluate_model", content, 501) == {
        "reason": "No provider of language models is configured: set --provider-base-url or --provider-api-key"
    }

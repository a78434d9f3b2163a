"""Lists are read in a number of statements that does not grow with them, whatever links are followed from each node."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import psycopg

from tests.conftest import running_app
from tests.graph.recording import record_spans
from tests.statements import counted, fewest

PROJECT = "team/app"

CALL_LINKS = """
  id parent { callId } children(first: 3) { totalCount nodes { callId inputs } } root { callId }
  trace { callCount root { callId } roots { callId } } session { callCount }
  thread { callCount turns(first: 2) { nodes { callId } } }
  turn { callId } op { ref } project { slug name }
  feedback(first: 2) { totalCount nodes { payload } } usage { totalTokens }
  childIds inputRefs { uri value node { id ... on ObjectVersion { value } } } outputRefs { uri } totalStorageSizeBytes
  expanded(paths: ["inputs.model"]) { inputs }
  scores { value feedback { feedbackId } scorer { ref } call { callId } }
  value(path: "inputs.n") preview(path: "inputs") { text length } sizes { inputs }
  depth descendants(first: 2) { totalCount edges { depth node { callId inputs } } }
  linkedDatapoints(first: 2) { totalCount nodes { datapointId inputs } }
  deep: descendants(first: 2, filter: { isRoot: false }) { totalCount } ancestors { nodes { callId } }
  experiment { experimentId name calls { totalCount } }
  ownUsage { totalTokens } subtreeUsage { totalTokens } ownCost { total } subtreeCost { total }
  annotationQueues(first: 2) { totalCount nodes { name } }
  annotationQueueItems(first: 2) { totalCount nodes { state queue { name } feedback(first: 1) { totalCount } } }
"""

GROUP_FIELDS = """
  id status statusCounts { error } durationMs usage { totalTokens byModel { model } } cost { total } models
  ops { opName callCount } calls(first: 2) { totalCount nodes { callId } }
"""

USER_FIELDS = """
  id callCount errorCount firstSeen lastSeen projects { totalCount nodes { slug } }
  calls(first: 2) { totalCount nodes { callId inputs } } traces(first: 2) { totalCount nodes { traceId callCount } }
  sessions(first: 2) { nodes { sessionId } } threads(first: 2) { nodes { threadId } }
  feedback(first: 2) { totalCount nodes { payload } } usage { totalTokens } cost { total }
"""

DOCUMENTS = {
    "calls": f'query($n: Int!) {{ project(slug: "team/app") {{ calls(first: $n) {{ nodes {{ {CALL_LINKS} }} }} }} }}',
    "traces": f"""query($n: Int!) {{ project(slug: "team/app") {{
        traces(first: $n, orderBy: [{{ field: "startedAt" }}]) {{ totalCount nodes {{
        {GROUP_FIELDS} root {{ callId }} roots {{ callId }} depth session {{ callCount }} thread {{ callCount }}
        }} }} }} }}""",
    "sessions": f"""query($n: Int!) {{ project(slug: "team/app") {{ sessions(first: $n) {{ totalCount nodes {{
        {GROUP_FIELDS} traceDurations {{ p50Ms }} turnDurations {{ p50Ms }} turns {{ totalCount nodes {{ callId }} }}
        experiment {{ experimentId }}
        traces(first: 2) {{ totalCount nodes {{ cost {{ total }} session {{ callCount }} }} }}
        threads(first: 2) {{ totalCount nodes {{
        threadId }} }} }} }} }} }}""",
    "threads": f"""query($n: Int!) {{ project(slug: "team/app") {{ threads(first: $n) {{ nodes {{
        {GROUP_FIELDS} turnCount lastUpdated p99TurnDurationMs firstTurn {{ callId }} lastTurn {{ callId }}
        traceDurations {{ p50Ms }} turnDurations {{ p50Ms }} turns(first: 2) {{ nodes {{ callId }} }}
        session {{ callCount }} traces(first: 2, orderBy: [{{ field: "durationMs" }}]) {{ totalCount nodes {{
        traceId }} }} sessions(first: 2) {{ totalCount nodes {{ sessionId }} }} }} }} }} }}""",
    "objects": """query($n: Int!) { project(slug: "team/app") { objectVersions(first: $n) { nodes {
        id value valueAt(path: "n") preview { text } versions(first: 2) { totalCount nodes { digest } }
        latest { digest } previous { digest } next { digest } object { versionCount } code
        diff { changes { path } codeDiff from { digest } } referencedBy(first: 2) { totalCount nodes { digest } }
        feedback { totalCount } refs { uri node { id ... on Table {
            rows(first: 2) { totalCount nodes { value } } row(index: 0) { digest } objects(first: 1) { totalCount }
            some: rows(query: {gte: [{getField: "n"}, {literal: {value: 0}}]}) { totalCount nodes { digest } } } } }
        experiments(first: 2) { totalCount nodes { experimentId name } }
        usedBy(first: 2) { totalCount nodes { callId } } producedBy(first: 2) { nodes { callId } } } } } }""",
    "names": """query($n: Int!) { project(slug: "team/app") { objects(first: $n) { totalCount nodes {
        id versionCount latest { digest } versions(last: 1) { totalCount nodes { value } } } } } }""",
    "experiments": """query($n: Int!) { project(slug: "team/app") { experiments(first: $n) { totalCount nodes {
        id name metadata eventIds sessionIds datapointIds metricNames dataset { name }
        datapoints(first: 2) { totalCount nodes { datapointId } } passingRanges { metric } user { callCount }
        rootCall { callId } datasetVersion { ref } modelVersion { ref } evaluationVersion { ref } project { slug }
        calls(first: 2) { totalCount nodes { callId inputs experiment { experimentId } } }
        traces(first: 2) { totalCount nodes { traceId } } sessions(first: 2) { totalCount nodes {
        sessionId } }
        result { passed failed metrics { name aggregate metric { name } } eventKinds { eventName }
          datapoints(first: 2) { totalCount nodes { metrics { value } call { callId } datapoint { datapointId } } } }
        eventMetrics(first: 2) { totalCount nodes { call { callId inputs } } } } } } }""",
    "event pairs": """query($n: Int!) { project(slug: "team/app") {
        experimentEventPairs(newExperimentId: "pairs", oldExperimentId: "pairs", first: $n) { totalCount nodes {
        newCall { callId inputs } oldCall { callId experiment { name } } } } } }""",
    "feedback": """query($n: Int!) { project(slug: "team/app") { feedback(first: $n) { nodes {
        id kind note emoji value output target { ... on Call { callId } } user { id callCount } } } } }""",
    "queues": """query($n: Int!) { project(slug: "team/app") { annotationQueues(first: $n) { totalCount nodes {
        id filters { field } progress { done } calls(first: 2) { totalCount nodes { callId inputs } } user { id }
        feedback(first: 2) { totalCount nodes { note annotationQueue { name } } } item(callId: "call-0") { state }
        items(first: 2) { totalCount nodes { id state call { callId } queue { name } completedByUser { id }
        feedback(first: 2) { totalCount nodes { note } } } } } } } }""",
    "users": f"""query($n: Int!) {{ project(slug: "team/app") {{
        users(first: $n) {{ totalCount nodes {{ {USER_FIELDS} }} }} }} }}""",
    "datasets": """query($n: Int!) { project(slug: "team/app") { datasets(first: $n) { totalCount nodes {
        id datapointCount datapointIds publishedVersion { digest } importedFrom { digest } user { callCount }
        experiments(first: 2) { totalCount nodes { experimentId name } }
        datapoints(first: 2) { totalCount nodes { datapointId inputs linkedCall { callId } } }
        some: datapoints(query: {gte: [{getField: "inputs.n"}, {literal: {value: 0}}]}) { totalCount nodes { id } }
        } } } }""",
    "datapoints": """query($n: Int!) { project(slug: "team/app") { datapoints(first: $n) { totalCount nodes {
        id inputs datasetIds linkedCall { callId } user { callCount }
        datasets(first: 1) { totalCount nodes { datasetId name datapoints(first: 1) { totalCount } } }
        calls(first: 1) { totalCount nodes { callId } } } } } }""",
    "users of calls": f"""query($n: Int!) {{ project(slug: "team/app") {{
        calls(first: $n) {{ nodes {{ user {{ {USER_FIELDS} }} }} }} }} }}""",
    "orders": """query($n: Int!) { project(slug: "team/app") {
        calls(first: $n, orderBy: [{ field: "cost", direction: DESC }]) { nodes {
          children(orderBy: [{ field: "cost" }]) { nodes { callId } } } }
        traces(first: $n, orderBy: [{ field: "cost" }, { field: "totalTokens" }]) { nodes { traceId
          calls(orderBy: [{ field: "cost" }]) { nodes { callId } } } }
        sessions(first: $n, orderBy: [{ field: "outputTokens" }]) { nodes {
          traces(orderBy: [{ field: "cost" }]) { nodes { traceId } } } }
        users(first: $n, orderBy: [{ field: "cost" }]) { nodes {
          calls(orderBy: [{ field: "cost" }]) { nodes { callId } } } } } }""",
    "metrics": """query($n: Int!) { project(slug: "team/app") { metrics(first: $n) { totalCount nodes {
        id user { id callCount } deployedVersion { id } versions(first: 1) { totalCount nodes { id metric { id } } }
        childMetrics { metric { id name } }
        productionRuns { pendingCount failedCount failures { error call { callId } } } } } } }""",
    "facets": """query($n: Int!) { project(slug: "team/app") {
        facets(fields: ["op", "inputs.n"], first: $n) { values { value count } missing }
        attributePaths(of: INPUTS, first: $n) { paths { path types { type count } } } } }""",
    "call stats": """query($n: Int!) { project(slug: "team/app") { callStats(groupBy: [OP, USER], groupLimit: $n) {
        window { calls latency { p99Ms } totalTokens cost { total } } groups { op buckets { calls cost { total } } }
        rest { window { calls } } } } }""",
}

QUEUE = "mutation($given: AnnotationQueueCreateInput!) { annotationQueueCreate(input: $given) { queueId } }"

SIZES = (1, 10, 100)


def start(number: int, models: Sequence[str]) -> dict[str, Any]:
    model = models[number % len(models)]
    return {
        "project_id": PROJECT,
        "id": f"call-{number}",
        "trace_id": f"trace-{number // 3}",
        "parent_id": f"call-{number // 3 * 3}" if number % 3 else None,
        "thread_id": f"thread-{number // 3}",
        "turn_id": f"call-{number // 3 * 3}",
        "op_name": model.replace("/object/", "/op/"),
        "started_at": f"2026-01-01T00:00:00.{number:06}Z",
        "attributes": {},
        "inputs": {"model": model, "n": number},
        "wb_user_id": f"user-{number}",
    }


def end(number: int) -> dict[str, Any]:
    usage = {"gpt-4o": {"prompt_tokens": number + 1, "completion_tokens": 1}}
    ended_at = f"2026-01-01T00:00:01.{number:06}Z"
    return {"project_id": PROJECT, "id": f"call-{number}", "ended_at": ended_at, "summary": {"usage": usage}}


async def fill(client: httpx.AsyncClient, size: int) -> None:
    """``size`` traces, each a thread of three calls, ``size`` sessions of a trace each, and as many objects, which
    the calls use, with feedback and scores."""
    models, queues = [], []
    for number in range(size):
        body: dict[str, Any] = {"obj": {"project_id": PROJECT, "object_id": f"model-{number}", "val": {"n": number}}}
        digest = (await client.post("/obj/create", json=body)).json()["digest"]
        models.append(f"weave:///{PROJECT}/object/model-{number}:{digest}")
        code = await client.post("/file/create", data={"project_id": PROJECT}, files={"file": ("obj.py", b"1")})
        rows = {"table": {"project_id": PROJECT, "rows": [{"n": number}, {"n": -number}]}}
        table = f"weave:///{PROJECT}/table/{(await client.post('/table/create', json=rows)).json()['digest']}"
        given = {"project": PROJECT, "name": str(number), "callIds": [f"call-{number}", f"call-{number + 1}"]}
        queued = await client.post("/graphql", json={"query": QUEUE, "variables": {"given": given}})
        queues.append(queued.json()["data"]["annotationQueueCreate"]["queueId"])
        for val in (
            {"model": models[-1], "rows": table, "files": {"obj.py": code.json()["digest"]}},
            {"model": models[-1]},
        ):
            body = {"obj": {"project_id": PROJECT, "object_id": f"holder-{number}", "val": val}}
            assert (await client.post("/obj/create", json=body)).status_code == 200
    numbers = range(3 * size)
    batch: list[dict[str, Any]] = [{"mode": "start", "req": {"start": start(number, models)}} for number in numbers]
    batch += [{"mode": "end", "req": {"end": end(number)}} for number in numbers]
    assert (await client.post("/call/upsert_batch", json={"batch": batch})).status_code == 200
    await record_spans(client, size, 1)
    for number in range(size):
        experiment: dict[str, Any] = {
            "project": PROJECT,
            "experimentId": f"run-{number}",
            "eventIds": [f"call-{number}"],
        }
        document = "mutation($e: ExperimentCreateInput!) { experimentCreate(input: $e) { userErrors { message } } }"
        experiment |= {"datapointIds": [f"point-{number}"], "eventIds": [f"call-{number}"]}
        experiment["datasetId"] = f"dataset-{number}"
        body = {"query": document, "variables": {"e": experiment}}
        assert (await client.post("/graphql", json=body)).json()["data"]["experimentCreate"]["userErrors"] == []
    for number in range(size):
        children = [{"name": f"metric-{number - 1}", "weight": 1}, {"name": f"metric-{number - 2}", "weight": 1}]
        metric = {"name": f"metric-{number}", "type": "COMPOSITE", "criteria": "?", "childMetrics": children}
        document = "mutation($m: MetricCreateInput!) { metricCreate(input: $m) { userErrors { message } } }"
        body = {"query": document, "variables": {"m": {"project": PROJECT, "definition": metric}}}
        assert (await client.post("/graphql", json=body)).json()["data"]["metricCreate"]["userErrors"] == []
    evaluations = [
        {
            **start(3 * size + number, models),
            **dict.fromkeys(("parent_id", "thread_id", "turn_id")),
            "trace_id": f"evaluation-{number}",
            "op_name": f"weave:///{PROJECT}/op/Evaluation.evaluate:1",
            "inputs": {"self": models[number], "model": models[number]},
            "wb_user_id": "evaluator",
        }
        for number in range(size)
    ]
    batch = [{"mode": "start", "req": {"start": each}} for each in evaluations]
    assert (await client.post("/call/upsert_batch", json={"batch": batch})).status_code == 200
    for number in range(size):
        ref = f"weave:///{PROJECT}/call/call-{number}"
        body = {"project_id": PROJECT, "weave_ref": ref, "feedback_type": "custom", "payload": {"n": number}}
        body |= {"wb_user_id": f"user-{number}", "queue_id": queues[number]}
        assert (await client.post("/feedback/create", json=body)).status_code == 200
        score = {"feedback_type": f"wandb.runnable.model-{number}", "payload": {"output": number}, "call_ref": ref}
        body |= {**score, "runnable_ref": models[number]}
        assert (await client.post("/feedback/create", json=body)).status_code == 200

    await fill_datasets(client, size)
    evaluation = {**evaluations[0], "id": "pairs", "trace_id": "pairs"}
    predictions = [
        {
            **evaluation,
            "id": f"pair-{number}",
            "parent_id": "pairs",
            "op_name": "Evaluation.predict_and_score",
            "inputs": {"example": {"n": number}},
        }
        for number in range(size)
    ]
    batch = [{"mode": "start", "req": {"start": each}} for each in [evaluation, *predictions]]
    assert (await client.post("/call/upsert_batch", json={"batch": batch})).status_code == 200


async def fill_datasets(client: httpx.AsyncClient, size: int) -> None:
    """``size`` datasets of two datapoints each, one of which is in the next one too; half of them are made from a
    call."""
    document = """mutation($dataset: DatasetCreateInput!
          $first: DatapointCreateInput! $second: DatapointCreateInput!) {
        datasetCreate(input: $dataset) { userErrors { message } }
        first: datapointCreate(input: $first) { userErrors { message } }
        second: datapointCreate(input: $second) { userErrors { message } } }"""
    for number in reversed(range(size)):
        both = [f"dataset-{number}", f"dataset-{min(number + 1, size - 1)}"]
        inputs = {"n": number}
        variables = {
            "dataset": {"project": PROJECT, "datasetId": both[0]},
            "first": {"project": PROJECT, "datasetIds": both, "inputs": inputs, "linkedCallId": f"call-{number}"}
            | {"datapointId": f"point-{number}"},
            "second": {"project": PROJECT, "datasetIds": both[:1], "inputs": inputs},
        }
        response = await client.post("/graphql", json={"query": document, "variables": variables})
        assert not any(payload["userErrors"] for payload in response.json()["data"].values()), response.text


@asynccontextmanager
async def filled(database_url: str, size: int) -> AsyncIterator[httpx.AsyncClient]:
    async with running_app(database_url) as client:
        await fill(client, size)
        if database_url.startswith("postgresql"):
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute("ANALYZE")  # as autovacuum does a minute later
        yield client


async def test_statements_do_not_grow_with_the_list(database_url: str) -> None:
    counts: dict[str, list[int]] = {}
    async with filled(database_url, SIZES[-1]) as client:
        for name, document in DOCUMENTS.items():
            counts[name] = await fewest(partial(statements_of, client, document), until=_is_steady)
    assert {name: found for name, found in counts.items() if not _is_steady(found)} == {}


async def statements_of(client: httpx.AsyncClient, document: str) -> list[int]:
    counts = []
    for size in SIZES:
        with counted() as statements:
            response = await client.post("/graphql", json={"query": document, "variables": {"n": size}})
        assert "errors" not in response.json(), response.text
        counts.append(len(statements))
    return counts


def _is_steady(counts: list[int]) -> bool:
    # One node may lack a link that others have, and the statement of that.
    return counts[0] <= counts[1] == counts[2]


async def test_nodes_and_entities_are_read_together(database_url: str) -> None:
    async with filled(database_url, 30) as client:
        refs = [{"__typename": "Call", "ref": f"weave:///{PROJECT}/call/call-{number}"} for number in range(30)]
        document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Call { id callId } } }"
        with counted() as statements:
            response = await client.post("/graphql", json={"query": document, "variables": {"r": refs}})
        entities = response.json()["data"]["_entities"]
        assert [entity["callId"] for entity in entities] == [f"call-{number}" for number in range(30)]
        assert len(statements) == 1
        with counted() as statements:
            ids = [entity["id"] for entity in entities]
            document = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Call { callId } } }"
            response = await client.post("/graphql", json={"query": document, "variables": {"ids": ids}})
        assert [node["id"] for node in response.json()["data"]["nodes"]] == ids
        assert len(statements) == 1


async def test_users_are_read_together_in_all_projects(database_url: str) -> None:
    async with filled(database_url, 30) as client:
        start_elsewhere = {**start(1, ["op"]), "project_id": "team/site"}
        await client.post("/call/start", json={"start": start_elsewhere})
        document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on User {{ {USER_FIELDS} }} }} }}"
        counts = {}
        for size in (2, 30):
            users = [{"__typename": "User", "id": f"user-{number}"} for number in range(size)]
            with counted() as statements:
                response = await client.post("/graphql", json={"query": document, "variables": {"r": users}})
            entities = response.json()["data"]["_entities"]
            assert [entity["callCount"] for entity in entities] == [1, 2, *[1] * (size - 2)]
            counts[size] = len(statements)
        assert counts[30] == counts[2], counts

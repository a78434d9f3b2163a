"""Queries and sorts of calls that reach beyond the call: into feedback on it, and through refs in its payloads."""

from typing import Any

import httpx
import orjson
import pytest

pytestmark = pytest.mark.anyio

PROJECT = "team/app"


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def record(client: httpx.AsyncClient, *calls: dict[str, Any]) -> None:
    """Calls with the given fields, started a second apart."""
    batch = [
        {
            "mode": "start",
            "req": {
                "start": {
                    "project_id": PROJECT,
                    "op_name": "predict",
                    "started_at": f"2026-01-01T00:00:{second:02}Z",
                    "attributes": {},
                    "inputs": {},
                    "trace_id": call["id"],
                    **call,
                }
            },
        }
        for second, call in enumerate(calls)
    ]
    await post(client, "/call/upsert_batch", {"batch": batch})


async def found(client: httpx.AsyncClient, expr: Any = None, **body: Any) -> list[str]:
    """Ids of the calls that a query selects, in order; the count must agree."""
    query = {"query": {"$expr": expr}} if expr is not None else {}
    response = await client.post(
        "/calls/stream_query", json={"project_id": PROJECT, "columns": ["id"], **query, **body}
    )
    assert response.status_code == 200, response.text
    ids = [orjson.loads(line)["id"] for line in response.text.splitlines()]
    expand = {"expand_columns": body["expand_columns"]} if "expand_columns" in body else {}
    stats = await post(client, "/calls/query_stats", {"project_id": PROJECT, **query, **expand})
    assert stats["count"] == len(ids)
    return ids


def field(path: str) -> dict[str, str]:
    return {"$getField": path}


def constant(value: Any) -> dict[str, Any]:
    return {"$literal": value}


def equal(path: str, value: Any) -> dict[str, Any]:
    return {"$eq": [field(path), constant(value)]}


class TestFeedback:
    @pytest.fixture
    async def scored(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        """Calls a (judged twice), b (judged and noted), c (noted) and d (nothing)."""
        await record(client, *({"id": name} for name in "abcd"))
        judge = f"weave:///{PROJECT}/op/judge:abc"
        trigger = f"weave:///{PROJECT}/object/Monitor:xyz"
        for call, score in (("a", 1), ("a", 5), ("b", 3)):
            await post(
                client,
                "/feedback/create",
                {
                    "project_id": PROJECT,
                    "weave_ref": f"weave:///{PROJECT}/call/{call}",
                    "feedback_type": "wandb.runnable.judge",
                    "payload": {"output": {"score": score, "floor": 3, "a.b": score}},
                    "runnable_ref": judge,
                    "call_ref": f"weave:///{PROJECT}/call/{call}",
                    **({"trigger_ref": trigger} if score == 5 else {}),
                },
            )
        for call, note in (("b", "fine"), ("c", "poor")):
            await post(
                client,
                "/feedback/create",
                {
                    "project_id": PROJECT,
                    "weave_ref": f"weave:///{PROJECT}/call/{call}",
                    "feedback_type": "wandb.note.1",
                    "payload": {"note": note},
                },
            )
        # Feedback of another project on a ref of this one does not count.
        await post(
            client,
            "/feedback/create",
            {
                "project_id": "team/other",
                "weave_ref": f"weave:///{PROJECT}/call/d",
                "feedback_type": "wandb.note.1",
                "payload": {"note": "fine"},
            },
        )
        return client

    async def test_a_comparison_holds_where_one_feedback_of_the_type_fulfils_it(
        self, scored: httpx.AsyncClient
    ) -> None:
        score = "feedback.[wandb.runnable.judge].payload.output.score"
        assert await found(scored, equal(score, 1)) == ["a"]
        assert await found(scored, equal(score, 3)) == ["b"]
        assert await found(scored, {"$gte": [field(score), constant(3)]}) == ["a", "b"]
        assert await found(scored, {"$in": [field(score), [constant(1), constant(3)]]}) == ["a", "b"]
        assert await found(scored, {"$lt": [field(score), constant(1)]}) == []
        assert await found(scored, equal(r"feedback.[wandb.runnable.judge].payload.output.a\.b", 5)) == ["a"]

    async def test_fields_of_one_comparison_are_of_the_same_feedback(self, scored: httpx.AsyncClient) -> None:
        output = "feedback.[wandb.runnable.judge].payload.output"
        assert await found(scored, {"$lt": [field(f"{output}.score"), field(f"{output}.floor")]}) == ["a"]
        assert await found(scored, {"$eq": [field(f"{output}.score"), field(f"{output}.floor")]}) == ["b"]

    async def test_fields_of_two_types_may_stand_in_one_comparison(self, scored: httpx.AsyncClient) -> None:
        score = field("feedback.[wandb.runnable.judge].payload.output.score")
        note = field("feedback.[wandb.note.1].payload.note")
        assert await found(scored, {"$gt": [note, score]}) == ["b"]

    async def test_not_selects_calls_whose_feedback_all_differs(self, scored: httpx.AsyncClient) -> None:
        assert await found(scored, {"$not": [equal("feedback.[wandb.note.1].payload.note", "fine")]}) == ["c"]

    async def test_null_means_no_such_feedback(self, scored: httpx.AsyncClient) -> None:
        note = "feedback.[wandb.note.1].payload.note"
        assert await found(scored, equal(note, None)) == ["a", "d"]
        assert await found(scored, {"$not": [equal(note, None)]}) == ["b", "c"]
        exists = {"$convert": {"input": field(note), "to": "exists"}}
        assert await found(scored, {"$eq": [exists, constant(True)]}) == ["b", "c"]

    async def test_a_star_is_any_type(self, scored: httpx.AsyncClient) -> None:
        assert await found(scored, {"$not": [equal("feedback.[*].payload", None)]}) == ["a", "b", "c"]
        assert await found(scored, equal("feedback.[*].payload.note", "poor")) == ["c"]

    async def test_refs_of_the_feedback(self, scored: httpx.AsyncClient) -> None:
        judged = equal("feedback.[wandb.runnable.judge].runnable_ref", f"weave:///{PROJECT}/op/judge:abc")
        assert await found(scored, judged) == ["a", "b"]
        triggered = equal("feedback.[*].trigger_ref", f"weave:///{PROJECT}/object/Monitor:xyz")
        assert await found(scored, triggered) == ["a"]

    @pytest.mark.parametrize(("direction", "order"), [("asc", "bacd"), ("desc", "abcd")])
    async def test_a_sort_takes_the_newest_feedback(
        self, scored: httpx.AsyncClient, direction: str, order: str
    ) -> None:
        key = {"field": "feedback.[wandb.runnable.judge].payload.output.score", "direction": direction}
        ids = await found(scored, sort_by=[key, {"field": "started_at", "direction": "asc"}])
        assert ids == list(order)

    async def test_sorted_pages_neither_repeat_nor_lose_calls(self, scored: httpx.AsyncClient) -> None:
        key = {"field": "feedback.[wandb.runnable.judge].payload.output.score", "direction": "DESC"}
        document = """query ($after: String, $key: SortByInput!) {
          project(slug: "team/app") {
            calls(first: 1, after: $after, orderBy: [$key]) { nodes { callId } pageInfo { hasNextPage endCursor } }
          }
        }"""
        ids: list[str] = []
        after = None
        while True:
            body = {"query": document, "variables": {"after": after, "key": key}}
            page = (await post(scored, "/graphql", body))["data"]["project"]["calls"]
            ids += [node["callId"] for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert ids == ["a", "b", "d", "c"]

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            (
                "feedback.[x].creator",
                (
                    "unknown field 'feedback.[x].creator': of feedback on calls there are payload.PATH, runnable_ref, "
                    "trigger_ref"
                ),
            ),
            ("feedback.x", "unknown field 'feedback.x': feedback is asked for as feedback.[TYPE].payload.PATH"),
            ("feedback", "unknown field 'feedback': feedback is asked for as feedback.[TYPE].payload.PATH"),
        ],
    )
    async def test_other_fields_are_refused(self, client: httpx.AsyncClient, path: str, message: str) -> None:
        body = {"project_id": PROJECT, "query": {"$expr": equal(path, 1)}}
        await record(client, {"id": "a"})
        response = await client.post("/calls/stream_query", json=body)
        assert response.status_code == 422
        assert response.json()["detail"][0]["msg"] == message


class TestRefs:
    @pytest.fixture
    async def linked(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        """Calls whose ``model`` is big, small, written out, gone, of another project, and not there."""
        settings = await self.publish(client, "settings", {"limits": {"tokens": 512}})
        big = await self.publish(client, "big", {"name": "big", "size": 70, "settings": settings})
        small = await self.publish(client, "small", {"name": "small\x00", "size": 7, "1": "one"})
        gone = await self.publish(client, "gone", {"name": "gone", "size": 1})
        await post(client, "/obj/delete", {"project_id": PROJECT, "object_id": "gone"})
        other = await self.publish(client, "big", {"name": "far", "size": 70}, project="team/other")
        written = {"name": "written", "size": 8}
        models = [big, small, written, gone, other]
        await record(
            client,
            *({"id": f"m{index}", "inputs": {"model": model}} for index, model in enumerate(models)),
            {"id": "none", "inputs": {}},
        )
        return client

    async def publish(self, client: httpx.AsyncClient, name: str, val: Any, project: str = PROJECT) -> str:
        body = {"obj": {"project_id": project, "object_id": name, "val": val}}
        digest = (await post(client, "/obj/create", body))["digest"]
        return f"weave:///{project}/object/{name}:{digest}"

    async def test_paths_go_on_inside_the_object(self, linked: httpx.AsyncClient) -> None:
        expand = ["inputs.model"]
        assert await found(linked, equal("inputs.model.name", "big"), expand_columns=expand) == ["m0"]
        assert await found(linked, equal("inputs.model.name", "small\x00"), expand_columns=expand) == ["m1"]
        assert await found(linked, equal("inputs.model.1", "one"), expand_columns=expand) == ["m1"]
        greater = {"$gt": [field("inputs.model.size"), constant(7)]}
        assert await found(linked, greater, expand_columns=expand) == ["m0", "m2"]
        known = {"$not": [equal("inputs.model.size", None)]}
        assert await found(linked, known, expand_columns=expand) == ["m0", "m1", "m2"]
        assert await found(linked, {"$not": [equal("inputs.model.size", 70)]}, expand_columns=expand) == ["m1", "m2"]

    async def test_without_expand_columns_nothing_is_followed(self, linked: httpx.AsyncClient) -> None:
        assert await found(linked, equal("inputs.model.name", "big")) == []
        assert await found(linked, equal("inputs.model.name", "written")) == ["m2"]

    async def test_the_path_itself_is_still_the_ref(self, linked: httpx.AsyncClient) -> None:
        refs = {"$contains": {"input": field("inputs.model"), "substr": constant("/object/big:")}}
        assert await found(linked, refs, expand_columns=["inputs.model"]) == ["m0", "m4"]

    async def test_a_deeper_ref_is_followed_where_its_path_is_expanded_too(self, linked: httpx.AsyncClient) -> None:
        tokens = equal("inputs.model.settings.limits.tokens", 512)
        assert await found(linked, tokens, expand_columns=["inputs.model"]) == []
        assert await found(linked, tokens, expand_columns=["inputs.model.settings", "inputs.model"]) == ["m0"]

    async def test_sorts_see_the_value(self, linked: httpx.AsyncClient) -> None:
        order = [{"field": "inputs.model.size", "direction": "desc"}]
        expand = ["inputs.model"]
        ids = await found(linked, sort_by=order, expand_columns=expand, return_expanded_column_values=False)
        assert ids == ["m0", "m2", "m1", "none", "m4", "m3"]

    async def test_rows_of_tables_are_followed(self, client: httpx.AsyncClient) -> None:
        rows = [{"question": "why"}, {"question": "how"}]
        table = await post(client, "/table/create", {"table": {"project_id": PROJECT, "rows": rows}})
        dataset = await self.publish(
            client, "questions", {"rows": f"weave:///{PROJECT}/table/{table['digest']}", "name": "q"}
        )
        refs = [f"{dataset}/attr/rows/id/{digest}" for digest in table["row_digests"]]
        await record(
            client, *({"id": f"r{index}", "output": ref, "inputs": {"x": [ref]}} for index, ref in enumerate(refs))
        )
        expand = ["inputs.x.0"]
        assert await found(client, equal("inputs.x.0.question", "how"), expand_columns=expand) == ["r1"]

    async def test_an_output_that_is_a_ref(self, client: httpx.AsyncClient) -> None:
        await record(client, {"id": "a"})
        ref = await self.publish(client, "answer", {"text": "42"})
        end = {"project_id": PROJECT, "id": "a", "ended_at": "2026-01-01T00:01:00Z", "summary": {}, "output": ref}
        await post(client, "/call/end", {"end": end})
        assert await found(client, equal("output.text", "42"), expand_columns=["output"]) == ["a"]

    async def test_ten_refs_in_a_row_are_followed_and_eleven_are_refused(self, client: httpx.AsyncClient) -> None:
        ref: Any = "end"
        for level in range(11):
            ref = await self.publish(client, f"level{level}", {"next": ref, "level": level})
        await record(client, {"id": "a", "inputs": {"next": ref}}, {"id": "b", "inputs": {}})
        paths = ["inputs" + ".next" * depth for depth in range(1, 12)]
        deepest = f"{paths[9]}.level"
        assert await found(client, equal(deepest, 1), expand_columns=paths[:10]) == ["a"]
        key = {"field": deepest, "direction": "asc"}
        assert await found(client, sort_by=[key], expand_columns=paths[:10]) == ["a", "b"]
        body = {"project_id": PROJECT, "query": {"$expr": equal(f"{paths[10]}.level", 0)}, "expand_columns": paths}
        response = await client.post("/calls/stream_query", json=body)
        assert response.status_code == 422
        message = f"the path '{paths[10]}.level' leads through 11 refs, at most 10 are followed"
        assert response.json()["detail"][0]["msg"] == message

    async def test_more_than_a_hundred_paths_are_refused(self, linked: httpx.AsyncClient) -> None:
        paths = [f"inputs.p{number}" for number in range(101)]
        response = await linked.post(
            "/calls/query_stats",
            json={"project_id": PROJECT, "query": {"$expr": equal("inputs.p0.x", 1)}, "expand_columns": paths},
        )
        assert response.status_code == 400
        assert response.json() == {"reason": "At most 100 paths can be expanded, not 101"}

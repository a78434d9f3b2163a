"""What was acknowledged stays: SIGKILL under load, several processes on one database, many starting at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kill.load import PROJECT, Load, assert_nothing_lost
from tests.processes import started, together

WRITERS = 8


@pytest.mark.parametrize(
    ("workers", "kills"),
    [
        (1, (10, 120)),  # acknowledged requests before each: from the first writes on to full flight
        pytest.param(1, (10, 30, 50, 70, 90, 200), marks=pytest.mark.big),
        pytest.param(2, (10, 30, 50, 70, 90, 200), marks=pytest.mark.big),
    ],
)
def test_sigkill_under_load_loses_no_acknowledged_write(
    database_url: str, workers: int, kills: tuple[int, ...]
) -> None:
    kept = []
    for acknowledgements in kills:
        with started(database_url, workers=workers) as server:
            load = Load([server.url], writers=WRITERS, until=acknowledgements, then=server.signal_kill)
            load.start()
            load.join()
            kept.append(load.acknowledged)
    with started(database_url) as again, again.client() as client:
        for acknowledged in kept:
            assert_nothing_lost(client, acknowledged)
        assert again.stop() == 0


@pytest.mark.big
def test_two_servers_on_one_database_lose_nothing(database_url: str) -> None:
    with together(database_url, 2) as servers:
        load = Load([server.url for server in servers], writers=WRITERS, rounds=18)
        load.start()
        load.join()
        for server in servers:
            with server.client() as client:
                assert_nothing_lost(client, load.acknowledged)


def test_two_workers_on_one_database_lose_nothing(database_url: str) -> None:
    with started(database_url, workers=2) as server, server.client() as client:
        load = Load([server.url], writers=WRITERS, rounds=12)
        load.start()
        load.join()
        assert_nothing_lost(client, load.acknowledged)
        assert server.stop() == 0


@pytest.mark.big
def test_versions_from_two_servers_are_numbered_without_a_gap(database_url: str) -> None:
    with together(database_url, 2) as servers:

        def publish(number: int) -> str:
            value = {"project_id": PROJECT, "object_id": "shared", "val": {"number": number}}
            answer: str = servers[number % 2].post("/obj/create", {"obj": value})["digest"]
            return answer

        with ThreadPoolExecutor(WRITERS) as threads:
            digests = set(threads.map(publish, range(40)))
        versions = servers[0].post("/objs/query", {"project_id": PROJECT, "filter": {"object_ids": ["shared"]}})["objs"]
    assert sorted(version["version_index"] for version in versions) == list(range(40))
    assert {version["digest"] for version in versions} == digests
    assert [version["version_index"] for version in versions if version["is_latest"]] == [39]


@pytest.mark.big
def test_a_call_written_through_two_servers_is_one(database_url: str) -> None:
    call = {"project_id": PROJECT, "id": "shared-call", "trace_id": "t"}
    start = {**call, "op_name": "op", "started_at": "2026-01-01T00:00:00Z", "attributes": {}, "inputs": {"a": 1}}
    end = {"project_id": PROJECT, "id": "shared-call", "ended_at": "2026-01-01T00:00:02Z", "output": 3, "summary": {}}
    with together(database_url, 3) as (first, second, third):
        second.post("/call/end", {"end": end})
        third.post("/call/update", {"project_id": PROJECT, "call_id": "shared-call", "display_name": "ours"})
        first.post("/call/start", {"start": start})
        for server in (first, second, third):
            read = server.post("/call/read", {"project_id": PROJECT, "id": "shared-call"})["call"]
            assert (read["inputs"], read["output"], read["display_name"]) == ({"a": 1}, 3, "ours")


@pytest.mark.big
def test_processes_that_start_at_once_share_an_empty_database(new_database_url: str) -> None:
    with together(new_database_url, 4) as servers:
        for number, server in enumerate(servers):
            value = {"project_id": PROJECT, "object_id": f"of-{number}", "val": number}
            server.post("/obj/create", {"obj": value})
        names = [
            sorted(each["object_id"] for each in server.post("/objs/query", {"project_id": PROJECT})["objs"])
            for server in servers
        ]
        assert names == [["of-0", "of-1", "of-2", "of-3"]] * 4
        assert [server.stop() for server in servers] == [0, 0, 0, 0]

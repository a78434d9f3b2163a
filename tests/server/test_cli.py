import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from server.cli import main

ROOT = Path(__file__).parents[2]
SLOW_SERVER = Path(__file__).with_name("slow_server.py")
SECONDS = 60  # until a process that hangs is given up


class Running:
    """A server process whose greeting has been read."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.greeting = process.stdout.readline().rstrip("\n")
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.greeting)
        assert found, (self.greeting, process.communicate(timeout=SECONDS))
        self.port = int(found[1])

    def get(self, path: str) -> str:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=SECONDS).text

    def end(self) -> tuple[int, str]:
        """Exit code and standard error, once every process that holds the standard output has gone."""
        _, errors = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, errors


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRACEGRAPH_")}
    return {**inherited, "TRACEGRAPH_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT), **more}


@contextmanager
def started(data_dir: Path, *flags: str, program: Path = SLOW_SERVER) -> Iterator[Running]:
    command = [sys.executable, str(program), "serve", "--port", "0", *flags]
    with subprocess.Popen(
        command, env=environment(data_dir), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


def run(data_dir: Path, *arguments: str, program: Path = SLOW_SERVER, **more: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        env=environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_greeting_tells_where_everything_is(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        url = f"http://127.0.0.1:{server.port}"
        database = f"sqlite:///{tmp_path}/tracegraph.db"
        assert server.greeting == f"Tracegraph is ready at {url} (GraphiQL: {url}/graphiql, database: {database})"
        assert server.get("/pid") == str(server.process.pid)
    assert (tmp_path / "tracegraph.db").is_file()


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_open_requests_finish(tmp_path: Path, workers: str, number: signal.Signals) -> None:
    with started(tmp_path, "--workers", workers) as server:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as client:
            client.sendall(b"POST /slow/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
            answer = b""
            while b"open " not in answer:
                answer += client.recv(4096)
            server.process.send_signal(number)
            wait_until_refused(server.port)
            client.sendall(b"cd")
            while part := client.recv(4096):
                answer += part
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"4\r\nabcd\r\n0\r\n\r\n")
        code, errors = server.end()
        assert code == 0
        first, *rest = errors.splitlines()
        assert first.endswith(
            " INFO tracegraph.serve: stopping; open requests have 30 seconds to finish, Ctrl-C ends them at once"
        )
        assert rest == ["lifespan closed"] * int(workers)


def wait_until_refused(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), SECONDS).close()
        except (ConnectionRefusedError, ConnectionResetError):  # reset: it waited in the backlog of the closed port
            return


def test_requests_that_pass_the_grace_are_cut_off(tmp_path: Path) -> None:
    with started(tmp_path, "--shutdown-grace", "0") as server:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as client:
            client.sendall(b"POST /slow/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
            answer = b""
            while b"open " not in answer:
                answer += client.recv(4096)
            server.process.send_signal(signal.SIGTERM)
            code, errors = server.end()
        assert code == 0
        assert "lifespan closed\n" in errors


def test_workers_end_with_their_supervisor(tmp_path: Path) -> None:
    with started(tmp_path, "--workers", "2") as server:
        assert server.get("/pid") != str(server.process.pid)
        server.process.kill()
        # Standard output ends when the last worker has gone.
        code, errors = server.end()
        assert code == -signal.SIGKILL
        assert errors.count("lifespan closed") == 2


def test_a_worker_that_died_is_replaced(tmp_path: Path) -> None:
    with started(tmp_path, "--workers", "2") as server:
        first = int(server.get("/pid"))
        os.kill(first, signal.SIGKILL)
        assert server.process.stderr is not None
        line = server.process.stderr.readline()
        assert re.search(r"WARNING tracegraph.serve: a worker process ended; process \d+ replaces it$", line)
        server.process.send_signal(signal.SIGTERM)
        assert server.end()[0] == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_application_that_cannot_start(tmp_path: Path, workers: str) -> None:
    code, out, errors = run(tmp_path, "serve", "--port", "0", "--workers", workers, FAIL_AT_START="1")
    assert (code, out) == (1, "")
    assert "no start today" in errors


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use(tmp_path: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run(tmp_path, "serve", "--port", str(port), "--workers", workers)
    assert result == (1, "", f"tracegraph: cannot listen on '127.0.0.1', port {port}: Address already in use\n")
    assert not (tmp_path / "tracegraph.db").exists()


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    flags = ["--host", "192.0.2.1", "--port", "0", "--auth", "off", "--expose-without-auth"]
    message = "tracegraph: cannot listen on '192.0.2.1', port 0: Cannot assign requested address\n"
    assert run(tmp_path, "serve", *flags) == (1, "", message)


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_an_unreachable_database(tmp_path: Path, command: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"postgresql://ada:s3cret@127.0.0.1:{port}/traces"
        flags = ["--port", "0"] if command == "serve" else []
        code, out, errors = run(tmp_path, command, "--database-url", url, *flags)
    assert (code, out, errors.count("\n")) == (1, "", 1)
    assert errors.startswith(f"tracegraph: cannot use the database postgresql://ada:***@127.0.0.1:{port}/traces: ")
    assert "Connection refused" in errors
    assert "s3cret" not in errors


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    flags = ["--port", "0"] if command == "serve" else []
    message = (
        f"tracegraph: cannot use the database sqlite:///{tmp_path}/file/data/tracegraph.db: "
        f"Not a directory: {tmp_path}/file/data\n"
    )
    assert run(tmp_path / "file" / "data", command, *flags) == (1, "", message)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "tracegraph.db").write_text("not a database, but long enough to be taken for one" * 20)
    message = f"tracegraph: cannot use the database sqlite:///{tmp_path}/tracegraph.db: file is not a database\n"
    assert run(tmp_path, "migrate") == (1, "", message)


def test_a_wrong_setting(tmp_path: Path) -> None:
    message = "tracegraph: --port: 'http' is not a whole number from 0 to 65535\n"
    assert run(tmp_path, "serve", "--port", "http") == (2, "", message)


def test_keys_are_refused_clearly(tmp_path: Path) -> None:
    message = "auth: 'keys' is not available yet, this version has no API keys; the only choice is 'off'"
    assert run(tmp_path, "serve", "--auth", "keys") == (2, "", f"tracegraph: {message}\n")


def test_migrate_makes_the_database_and_repeats(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate") == (0, "", "")
    assert (tmp_path / "tracegraph.db").is_file()
    assert run(tmp_path, "migrate") == (0, "", "")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"tracegraph {version('tracegraph')}\n"


def test_no_command_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("tracegraph: error: the following arguments are required: COMMAND\n")


def test_packages_of_the_user_do_not_shadow_ours(tmp_path: Path) -> None:
    for name in ("db", "server", "graph"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')")
    program = tmp_path / "program.py"
    program.write_text(f"import sys\nsys.path.append({str(ROOT)!r})\nfrom tracegraph import main\nsys.exit(main())\n")
    code, out, errors = run(tmp_path, "migrate", program=program, PYTHONPATH=str(tmp_path))
    assert (code, out, errors) == (0, "", "")

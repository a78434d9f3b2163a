"""Servers that take turns at the same request."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count

from bench.answers import Read, Seen, agree
from bench.contenders import OURS
from bench.http import Answer
from bench.processes import ServerProcess
from bench.results import Row, row_of

__all__ = ["Turns"]

WARM = 3  # answers that are not measured
LEAST = 3  # answers that a median is taken of
LONG = 1  # seconds after which one such answer is enough
TURN = 0.05  # seconds that the answers of a turn take, or the first alone


class Turns:
    """Some requests to each server, one server after the other, again and again.

    Were it one at a time, each would find the caches of the processor full of what the others did, and an answer of a
    millisecond would take two: that is how long a server takes to wake, and not what it does while it is asked.
    """

    def __init__(
        self,
        name: str,
        servers: Mapping[str, ServerProcess],
        requests: Mapping[str, bytes | Callable[[int], bytes]],
        check: Callable[[str, Answer], bool],
        seen: Read | None,
        stack: contextlib.ExitStack,
    ) -> None:
        self.notes: list[str] = []
        """Who takes no further part, and why."""

        self._name = name
        self._servers = servers
        self._requests = requests
        self._check = check
        self._read = seen
        self._connections = {label: stack.enter_context(server.connect()) for label, server in servers.items()}
        self._taking = list(servers)
        self._numbers = {label: count() for label in servers}
        self._seen: dict[str, Seen] = {}
        self._sizes: dict[str, int] = {}
        self._milliseconds: dict[str, list[float]] = {label: [] for label in servers}
        self._client: dict[str, float] = dict.fromkeys(servers, 0.0)
        self._cpu: dict[str, float] = {}

    def warm_up(self) -> None:
        """What is compiled, planned and cached at first is not measured."""
        for label in list(self._taking):
            with self._falling(label):
                for _ in range(WARM):
                    answer = self._ask(label)
                    if self._read and label not in self._seen:
                        self._compare(label, self._read(label, answer))
                    if answer.seconds > LONG:
                        break
                self._cpu[label] = self._servers[label].cpu()

    def take(self, repeats: int, seconds: float) -> None:
        """At most so many requests to each; a server that has taken so many seconds, and has given three answers unless
        each takes as long, waits for the others to end."""
        while waiting := [label for label in self._taking if self._goes_on(label, repeats, seconds)]:
            for label in waiting:
                with self._falling(label):
                    self._turn(label, repeats, seconds)

    def _goes_on(self, label: str, repeats: int, seconds: float) -> bool:
        taken = self._milliseconds[label]
        few = len(taken) < LEAST and max(taken, default=0) < seconds * 1000 * LEAST
        return len(taken) < repeats and (few or sum(taken) < seconds * 1000)

    def _turn(self, label: str, repeats: int, seconds: float) -> None:
        left = TURN
        while left > 0 and self._goes_on(label, repeats, seconds):
            began = time.process_time()
            answer = self._ask(label)
            self._client[label] += time.process_time() - began
            self._milliseconds[label].append(answer.seconds * 1000)
            left -= answer.seconds

    def size(self, label: str) -> int:
        """Bytes of the body of the last answer."""
        return self._sizes[label]

    def rows(self) -> list[Row]:
        found = []
        for label in self._taking:
            times = self._milliseconds[label]
            spent = (self._servers[label].cpu() - self._cpu[label]) * 1000 / len(times)
            share = self._client[label] * 1000 / sum(times)
            answer = self._seen[label].text if label in self._seen else ""
            found.append(row_of(label, times, cpu_ms=spent, milliseconds=times, client_share=share, answer=answer))
        return found

    def _ask(self, label: str) -> Answer:
        request = self._requests[label]
        answer = self._connections[label].expect(
            request if isinstance(request, bytes) else request(next(self._numbers[label]))
        )
        assert self._check(label, answer), (
            f"{label} answered {self._name} with {len(answer.body)} bytes that are not right: {answer.body[:200]!r}"
        )
        self._sizes[label] = len(answer.body)
        return answer

    def _compare(self, label: str, seen: Seen) -> None:
        first = next(iter(self._seen.values()), seen)
        self._seen[label] = seen
        why = agree(first, seen)
        assert not why, f"{label} answered {self._name} with {why}"

    @contextlib.contextmanager
    def _falling(self, label: str) -> Iterator[None]:
        """Go on without a peer that fails; ours does not fail."""
        try:
            yield
        except (AssertionError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
            if label.partition(",")[0] == OURS:
                raise
            self._taking.remove(label)
            self.notes.append(f"{label} takes no part: {type(error).__name__}: {str(error)[:300]}")

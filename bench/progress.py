"""What a run says of itself while it goes on: which scenario it is at, and how long the rest takes."""

import sys
import time
from collections.abc import Mapping, Sequence

__all__ = ["Progress", "say"]


def say(text: str) -> None:
    """A line on standard error, with the time."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


class Progress:
    """How far a run is, by what its scenarios took on a quiet machine, in seconds."""

    def __init__(self, names: Sequence[str], usual: Mapping[str, float]) -> None:
        self._names = names
        self._usual = usual
        self._begun = time.monotonic()

    def begin(self, place: int) -> None:
        """Say that a scenario begins, the first is 0."""
        say(f"{place + 1} of {len(self._names)}: {self._names[place]}, {self.remaining(place)} to go")

    def remaining(self, place: int) -> str:
        """The time from here on: what the rest usually takes, and as much slower as it was so far."""
        usual = [self._usual[name] for name in self._names]
        before, after = sum(usual[:place]), sum(usual[place:])
        slower = (time.monotonic() - self._begun) / before if before else 1.0
        return duration(after * slower)


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} seconds"
    return f"about {round(seconds / 60)} minutes"

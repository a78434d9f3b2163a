"""docs/settings.md, made from the table of settings: `python -m server.settings_docs` prints it."""

from server.settings import SETTINGS, Setting

__all__ = ["render"]

INTRODUCTION = """\
# Settings

`tracegraph serve` takes each setting as a flag or as an environment variable; the flag wins, and an empty variable
counts as unset. `tracegraph migrate` takes `data-dir` and `database-url`. A value that cannot be used ends the command
with exit code 2 and a line that names it.

This page is made from the table in `server/settings.py` by `make docs`.
"""


def render() -> str:
    """The page as Markdown, with a line end at its end."""
    return "\n".join([INTRODUCTION, *map(_section, SETTINGS.values())])


def _section(setting: Setting) -> str:
    flag = f"{setting.flag}, --no-{setting.flag[2:]}" if setting.type is bool else setting.flag
    return (
        f"## `{flag}`\n\n{setting.help}\n\n"
        f"- Environment: `{setting.variable}`\n- Values: {setting.values}\n- Default: {setting.default}\n"
    )


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201 -- the program's output

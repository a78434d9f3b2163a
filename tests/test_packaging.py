import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("db", "graph", "resolvers", "rest_compat", "server")
ASSETS = ("server/assets/graphiql/index.html", "server/assets/stamp.json")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the sources, whose pages are one file."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in (*PACKAGES, "web"):
        ignored = shutil.ignore_patterns("__pycache__", "assets", "node_modules")
        shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "tracegraph.py"):
        shutil.copy(ROOT / name, checkout)
    pages = runpy.run_path(str(checkout / "web" / "build.py"))
    page = pages["ASSETS"] / "graphiql" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("a page")
    # Says that the pages are up to date, so that the build leaves them.
    pages["STAMP"].write_text(json.dumps({"sources": pages["source_digest"]()}))
    subprocess.run([sys.executable, "-c", BUILD, "dist"], cwd=checkout, check=True, capture_output=True)
    (built,) = (checkout / "dist").glob("*.whl")
    return built


def sources(pattern: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob(pattern)}


def test_the_wheel_holds_what_runs_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = sources("*.py") | sources("*.graphql") | {"tracegraph.py", *ASSETS}
    assert names == expected


def test_the_wheel_names_its_command_and_licence(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        info = next(name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name)
        assert archive.read(f"{info}/entry_points.txt").decode() == "[console_scripts]\ntracegraph = tracegraph:main\n"
        metadata = archive.read(f"{info}/METADATA").decode()
        assert archive.read(f"{info}/licenses/LICENSE").decode() == (ROOT / "LICENSE").read_text("utf-8")
    assert "Requires-Python: >=3.11\n" in metadata
    assert "License-Expression: Apache-2.0\n" in metadata


def test_the_installed_command_finds_its_own_packages(wheel: Path, tmp_path: Path) -> None:
    site, work = tmp_path / "site", tmp_path / "work"
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    for name in ("db", "server"):
        (work / name).mkdir(parents=True)
        (work / name / "__init__.py").write_text("raise SystemExit('shadowed')")
    # As the installed script does: the user's folder comes first on the path, the installed packages later.
    script = "import sys; sys.path.append(sys.argv.pop(1)); from tracegraph import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script, str(site), "migrate"],
        cwd=work,
        env={**os.environ, "TRACEGRAPH_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "data" / "tracegraph.db").is_file()

"""What pyproject.toml cannot say: the web pages are built before they are packed.

An archive of the sources carries the built pages, so that only a build from a checkout needs Node.js, which comes from
PyPI where the machine has none.
"""

import runpy
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

PAGES = Path(__file__).resolve().parent / "web" / "build.py"


def build_pages() -> None:
    subprocess.run([sys.executable, str(PAGES)], check=True)


def build_requirements() -> list[str]:
    """Node.js as a package, where pages must be built on a machine that has none."""
    pages = runpy.run_path(str(PAGES))
    current = pages["built_digest"]() == pages["source_digest"]()
    return [] if current or pages["system_npm"]() else [pages["NODE_REQUIREMENT"]]


class BuildWithPages(build_py):
    """Build the packages, and the pages in them; an editable install leaves the pages to `make assets`."""

    def run(self) -> None:
        if not self.editable_mode:
            build_pages()
        super().run()


class ArchiveWithPages(sdist):
    """Archive the sources, and the pages built from them."""

    def run(self) -> None:
        build_pages()
        super().run()


setup(cmdclass={"build_py": BuildWithPages, "sdist": ArchiveWithPages}, setup_requires=build_requirements())

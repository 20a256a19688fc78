"""What `make up` tells the SAM CLI, as the SAM CLI takes it."""

import json
import subprocess
from pathlib import Path

import pytest

from local import stack
from tests.template.conftest import SAM

OVERRIDES = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
json.dump(CfnParameterOverridesType().convert(tuple(sys.argv[1:]), None, None), sys.stdout)
"""


def test_the_models_of_a_folder_whose_name_holds_a_space_are_deployed_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stack, "MODELS", Path("/srv/my dir/models"))
    overrides = stack.LocalStack(parameters=("EventTopic=true",)).parameter_overrides

    done = subprocess.run(  # noqa: S603 our own tool
        [SAM / "python", "-c", OVERRIDES, *overrides], capture_output=True, check=True, text=True
    )

    parameters = json.loads(done.stdout)
    assert parameters["ModelsDir"] == "/srv/my dir/models"
    assert parameters["EventTopic"] == "true"

"""What is asked for wrongly is answered before anything is built or imported."""

import subprocess
import sys

from local.template import ROOT


def test_a_mistyped_function_is_told_before_anything_heavy_is_imported() -> None:
    code = """
import sys
from local.invoke import main
try:
    main(["NoSuchFunction", "events/s3_face_uploaded.json"])
finally:
    heavy = {"boto3", "cfnlint", "numpy", "pydantic", "rich", "skimage"} & sys.modules.keys()
    print("heavy:", *sorted(heavy))
"""
    done = subprocess.run(  # noqa: S603 the interpreter that runs this test
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False, text=True
    )

    assert done.returncode == 2
    assert "invalid choice: 'NoSuchFunction'" in done.stderr
    assert done.stdout == "heavy:\n"

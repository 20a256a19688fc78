"""A built function under AWS's runtime interface emulator: AWS's own client calls the handler."""

import contextlib
import importlib.metadata
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from local.artifacts import HOST, python_path
from local.emulated_aws import EmulatedAws
from local.stack import REGION, ROOT, StackError
from local.template import ENVIRONMENTS, memory_of, read_template, timeout_of


@dataclass(frozen=True)
class Invocation:
    """What came of it: milliseconds, the handler's last answer, MB of 10^6 bytes."""

    first_ms: float
    first_cpu_ms: float  # of the function's process, whatever else the machine does
    warm_ms: tuple[float, ...]
    answer: Any
    peak_mb: float
    log: str


def invoke(
    function: str, event: dict[str, Any], aws: EmulatedAws, runs: int, folder: Path
) -> Invocation:
    """One fresh start of a built function and `runs` warm calls after it.

    Raises StackError when the handler raises.
    """
    client = _runtime_client(folder)
    here, api = _free_ports(2)
    template = read_template(folder / "template.yaml")
    environment = ENVIRONMENTS[function] | aws.environment
    if "MODELS_DIR" in environment:
        environment["MODELS_DIR"] = str(folder / "ModelsLayer" / "models")
    environment |= {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, [*python_path(function, folder), client])),
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_of(function, template)),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_of(function, template)),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # nosec B105 the emulator's root user
    }
    command: list[str | Path] = [_emulator(), "--log-level", "error"]
    command += ["--runtime-interface-emulator-address", f"127.0.0.1:{here}"]
    command += ["--runtime-api-address", f"127.0.0.1:{api}"]
    # -S: no site-packages but those of the artifact.
    python = Path(sys.base_prefix) / "bin" / "python3.13"
    command += [python, "-S", "-m", "awslambdaric", "app.lambda_handler"]
    log = tempfile.TemporaryFile()  # noqa: SIM115 it ends with the function
    process = subprocess.Popen(
        command,
        cwd=folder / function,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{here}/2015-03-31/functions/function/invocations"
    try:
        _wait_for(here, process)
        times = []
        first_cpu = 0.0
        answer: Any = None
        for _ in range(runs + 1):
            aws.prepare(event)
            begun = time.perf_counter()
            response = urllib3.request("POST", url, json=event, retries=False, timeout=60)
            times.append((time.perf_counter() - begun) * 1000)
            first_cpu = first_cpu or _cpu_ms(_runtime(process.pid))
            answer = response.json()
            if isinstance(answer, dict) and "errorType" in answer:
                raise StackError(f"{function} raised.\n{json.dumps(answer, indent=2)}")
        peak = _peak_mb(_runtime(process.pid))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    log.seek(0)
    text = log.read().decode(errors="replace")
    return Invocation(times[0], first_cpu, tuple(times[1:]), answer, peak, text)


def _emulator() -> Path:
    """AWS's runtime interface emulator, which the SAM CLI brings for its own containers."""
    name = f"aws-lambda-rie-{HOST}"
    places = (ROOT / ".tools" / "sam").glob(f"lib/*/site-packages/samcli/local/rapid/{name}")
    emulator = next(places, None)
    if platform.system() != "Linux" or emulator is None:
        raise StackError(
            "The runtime interface emulator runs on Linux and comes with `make setup`."
        )
    return emulator


def _runtime_client(folder: Path) -> Path:
    """awslambdaric and what it needs, alone in a folder, as in Lambda's /var/runtime."""
    target = folder / "runtime"
    target.mkdir(exist_ok=True)
    for package in ("awslambdaric", "simplejson", "snapshot-restore-py"):
        distribution = importlib.metadata.distribution(package)
        for name in {file.parts[0] for file in distribution.files or ()} - {".."}:
            if not (target / name).exists():
                (target / name).symlink_to(str(distribution.locate_file(name)))
    return target


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in sockets]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
            return
        time.sleep(0.02)
    raise StackError("The runtime interface emulator did not start.")


def _runtime(emulator: int) -> Path:
    """/proc folder of the Python below the emulator."""
    children = Path(f"/proc/{emulator}/task").glob("*/children")
    return next(Path("/proc") / pid for file in children for pid in file.read_text().split())


def _cpu_ms(process: Path) -> float:
    """CPU time so far, user and system."""
    after_name = (process / "stat").read_text().rpartition(")")[2].split()
    user, system = int(after_name[11]), int(after_name[12])  # fields 14 and 15 of proc(5)
    return (user + system) * 1000 / os.sysconf("SC_CLK_TCK")


def _peak_mb(process: Path) -> float:
    """Peak resident memory, in 10^6 bytes."""
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024 / 1e6

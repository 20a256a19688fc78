"""The real template on this machine: MiniStack on loopback, `sam build`, `sam deploy`.

Everything the stack writes lies in one folder, `.local/stack`, so that `make down` can end its
processes and remove it, after a crash as well.
"""

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psutil
import urllib3
from botocore.config import Config
from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".local" / "stack"
MODELS = ROOT / "layers" / "models" / "models"
REGION = "us-east-1"
PORT = 4666  # when it is free; else the system chooses
# What a running stack is made of: a part that changed is done again.
PARTS = {
    "template": (
        "template.yaml",
        "samconfig.toml",
        "functions/**/*",
        "layers/build_layer.py",
    ),
    "catalogue": ("data/skincare/*", "layers/shared/facet/catalogue/*"),
    # The functions import these from here. Models count by their metadata, which has their hashes.
    "code": ("layers/shared/facet/**/*", "layers/models/models/**/metadata.json"),
}

console = Console(stderr=True, highlight=False)


class StackError(Exception):
    """The local stack could not do what was asked; the message says what to look at."""


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Show `text` while the block runs, and how long it took once it is done."""
    begun = time.monotonic()
    with console.status(text):
        yield
    console.print(f"[green]✓[/] {text} [dim]{time.monotonic() - begun:.1f} s[/]")


# For who sends more within a minute than any person would: tests and benchmarks.
_LIMITS = ("UploadsAMinute", "AnalysesAMinute", "LooksAMinute", "WritesAMinute", "FeedbackADay")
NO_LIMITS = tuple(f"{name}=1000000" for name in _LIMITS)


@dataclass
class State:
    """What a later command needs to know of a running stack."""

    pid: int
    created: float  # seconds since the epoch, as the system says
    port: int
    digests: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LocalStack:
    """One MiniStack and the stack deployed to it.

    `enforce_iam` makes the emulator check every call of a function against its role.
    `parameters` (Name=value) are deployed beside those of samconfig.toml, `settings` are variables
    of the emulator's own environment.
    """

    home: Path = HOME
    enforce_iam: bool = False
    parameters: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    # What is running

    @property
    def state(self) -> State | None:
        """None when nothing was started, or its record is gone or broken."""
        try:
            return State(**json.loads((self.home / "state.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def _remember(self, state: State) -> None:
        (self.home / "state.json").write_text(json.dumps(asdict(state), indent=2))

    @property
    def endpoint(self) -> str:
        """The emulator's address, e.g. http://127.0.0.1:4666."""
        if (state := self.state) is None:
            raise StackError("The local stack is not running: start it with `make up`.")
        return f"http://127.0.0.1:{state.port}"

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the deployed stack, ApiUrl as this machine reaches it."""
        if (state := self.state) is None or not state.outputs:
            raise StackError("The local stack is not deployed: start it with `make up`.")
        return state.outputs

    def healthy(self) -> bool:
        """Whether the emulator of this folder answers."""
        if self._server() is None:
            return False
        try:
            url = f"{self.endpoint}/_ministack/health"
            return urllib3.request("GET", url, timeout=5, retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def ready(self) -> bool:
        """Whether the emulator answers and runs what the working tree says."""
        return self.healthy() and (state := self.state) is not None and state.digests == digests()

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, whatever credentials this machine has."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 # nosec B106 the emulator's root user
            config=Config(signature_version="s3v4") if service == "s3" else None,
        )

    # Up

    def up(self) -> None:
        """Start and deploy what is not yet; a second call changes nothing.

        Whatever this call started is ended again if it fails or is interrupted.
        """
        if self.ready():
            return
        started = not self.healthy()
        try:
            if started:
                self.stop()
                self.start()
            self.deploy()
        except BaseException as error:
            if started and isinstance(error, StackError):
                self._end_processes()  # its logs stay, to be read
                shutil.rmtree(self.home / "tmp", ignore_errors=True)
                (self.home / "state.json").unlink(missing_ok=True)
            elif started:
                self.stop()
            raise

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's: MiniStack hands its whole environment to the functions."""
        return {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.home / "tmp"),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",  # nosec B105 the emulator's root user
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def start(self) -> None:
        """Start the emulator with nothing deployed to it."""
        (self.home / "tmp").mkdir(parents=True, exist_ok=True)
        port = free_port()
        environment = self._environment() | {
            "PATH": os.pathsep.join([str(ROOT / ".tools/stack/bin"), os.defpath]),
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            # Its listener would bind every interface.
            "IOT_MTLS_ENABLED": "0",
            # It would look for containers of its own to remove at start.
            "DOCKER_HOST": f"unix://{self.home}/no-docker",
            "AUTH": str(self.enforce_iam).lower(),
            **self.settings,
        }
        with step("Starting MiniStack on loopback"):
            with (self.home / "ministack.log").open("wb") as log:
                process = subprocess.Popen(
                    [ROOT / ".tools/stack/bin/ministack"],
                    cwd=self.home,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C is for the command that waits, not for what it leaves running.
                    start_new_session=True,
                )
            created = psutil.Process(process.pid).create_time()
            self._remember(State(pid=process.pid, created=created, port=port))
            deadline = time.monotonic() + 30
            while not self.healthy():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise StackError(f"MiniStack did not start.\n{self._tail('ministack.log')}")
                time.sleep(0.1)

    def deploy(self) -> None:
        """Build, deploy and publish what changed since this stack was last deployed."""
        if (state := self.state) is None:
            raise StackError("The local stack is not running: start it with `make up`.")
        current = digests()
        if state.digests.get("template") != current["template"]:
            self._deploy_template(state)
        if state.digests.get("catalogue") != current["catalogue"]:
            self._publish_catalogue()
        self._end_workers()
        state.digests = current
        self._remember(state)

    def _deploy_template(self, state: State) -> None:
        built = self.home / "build"
        with step("sam build"):
            self._sam("build", "--build-dir", str(built))
        with step("sam deploy"):
            self._sam(
                *("deploy", "--template-file", str(built / "template.yaml")),
                *("--parameter-overrides", *self.parameter_overrides),
            )
        cloudformation = self.client("cloudformation")
        (stack,) = cloudformation.describe_stacks(StackName=samconfig()["stack_name"])["Stacks"]
        state.outputs = {out["OutputKey"]: out["OutputValue"] for out in stack["Outputs"]}
        state.outputs["ApiUrl"] = local_api_url(state.outputs["ApiUrl"], self.endpoint)

    @property
    def parameter_overrides(self) -> tuple[str, ...]:
        """Name=value of every parameter that is not deployed by its default."""
        usual = samconfig()["parameter_overrides"]
        # Quoted for sam, which else takes a value to end at a space.
        return (*usual, f'ModelsDir="{MODELS}"', *self.parameters)

    def _publish_catalogue(self) -> None:
        facet, out = ROOT / ".venv/bin/facet", str(self.home / "catalogue")
        with step("Publishing the catalogue"):
            self._run(facet, "catalog", "build", "--out", out)
            stack_name = samconfig()["stack_name"]
            self._run(facet, "catalog", "publish", "--stack-name", stack_name, "--out", out)

    def _sam(self, command: str, *arguments: str) -> None:
        config = ("--config-env", "local", "--config-file", str(ROOT / "samconfig.toml"))
        self._run(ROOT / ".tools/sam/bin/sam", command, *config, *arguments)

    def _run(self, program: Path, *arguments: str) -> None:
        """Run a tool as it would be run against AWS, its output in tools.log."""
        environment = self._environment() | {
            "PATH": os.pathsep.join([str(program.parent), os.defpath]),
            "AWS_ENDPOINT_URL": self.endpoint,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.2",
        }
        with (self.home / "tools.log").open("ab") as log:
            finished = subprocess.run(
                [program, *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if finished.returncode:
            command = f"{program.name} {arguments[0]}"
            raise StackError(f"{command} failed.\n{self._tail('tools.log')}")

    def _tail(self, name: str) -> str:
        log = self.home / name
        lines = log.read_text(errors="replace").splitlines()[-30:] if log.exists() else []
        return "\n".join([*lines, f"The whole of it: {log}"])

    # What works

    def workers(self) -> dict[psutil.Process, str]:
        """The functions' processes, each with the function's name in the template."""
        stack_name = f"-{samconfig()['stack_name']}-"  # its folder: ...-STACK-FUNCTION-number
        command_lines = {worker: " ".join(worker.info["cmdline"]) for worker in self._workers()}
        return {
            worker: line.partition(stack_name)[2].partition("-")[0]
            for worker, line in command_lines.items()
            if stack_name in line
        }

    # Down

    def stop(self) -> None:
        """End every process of the stack and remove its folder. Does nothing if there is none."""
        self._end_processes()
        shutil.rmtree(self.home, ignore_errors=True)
        with contextlib.suppress(OSError):  # other stacks may live beside it
            self.home.parent.rmdir()

    def _end_processes(self) -> None:
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(processes, timeout=5)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=5)

    def _end_workers(self) -> None:
        """Workers keep the code they imported; the next call starts a fresh one."""
        workers = self._workers()
        for worker in workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        psutil.wait_procs(workers, timeout=5)

    def _processes(self) -> list[psutil.Process]:
        server = self._server()
        return [*([server] if server else []), *self._workers()]

    def _server(self) -> psutil.Process | None:
        """The emulator, if it lives; after a while its number may be another program's."""
        if (state := self.state) is None:
            return None
        try:
            process = psutil.Process(state.pid)
            return process if process.create_time() == state.created else None
        except psutil.NoSuchProcess:
            return None

    def _workers(self) -> list[psutil.Process]:
        """The functions' processes, also those that a killed emulator left behind."""
        folder = str(self.home / "tmp")
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(folder in argument for argument in process.info["cmdline"] or ())
        ]


def free_port() -> int:
    """The usual port if nobody listens there, else one the system chooses."""
    for port in (PORT, 0):
        with socket.socket() as probe:
            # A port that was left a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StackError("There is no free port on 127.0.0.1.")


def samconfig() -> dict[str, Any]:
    """What samconfig.toml says of deploying to the emulator."""
    table = tomllib.loads((ROOT / "samconfig.toml").read_text())["local"]
    parameters: dict[str, Any] = table["global"]["parameters"] | table["deploy"]["parameters"]
    return parameters


def local_api_url(url: str, endpoint: str) -> str:
    """AWS's address of a REST API stage, https://ID.execute-api.REGION.../STAGE, as served here."""
    address = urllib3.util.parse_url(url)
    api_id = (address.host or "").partition(".")[0]
    return f"{endpoint}/_aws/execute-api/{api_id}/{(address.path or '').strip('/')}"


def digests() -> dict[str, str]:
    """The hash of every part of a stack, as the working tree has it."""
    return {part: digest(sources) for part, sources in PARTS.items()}


def digest(sources: Sequence[str]) -> str:
    """A hash of all files that match."""
    sha = hashlib.sha256()
    for pattern in sources:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                sha.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()

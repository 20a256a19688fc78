"""The built artifact under Lambda's own runtime interface client, without Docker.

    make invoke FUNCTION=AnalyzeFunction EVENT=events/s3_face_uploaded.json

Runs the built FUNCTION with its layers, as `sam build` packed them, and nothing else on the
path: AWS's runtime interface emulator calls awslambdaric, which calls the handler. The AWS it
talks to is an emulator on loopback that lives for this command alone and holds what the event
speaks of: the photo (--photo, by default a public-domain portrait), the analysis in the state the
function expects, tables, buckets, queue and catalogue, under the names of events/env.json. All of
it is set up again before each call.

Prints the first call (imports included), the warm ones, the answer and the peak memory. The first
call is that of files the system has read before: AWS adds what it takes to fetch them.
"""

import argparse
import contextlib
import fcntl
import importlib.metadata
import json
import os
import platform
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import urllib3
from cfnlint.decode import cfn_yaml
from rich.console import Console

from facet.adapters.account import AccountTable
from facet.adapters.belongings import BelongingsTable
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.s3 import Bucket
from facet.advice.makeup import recommend_makeup
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.domain.account import EXPORT_LIFE, Export
from facet.domain.advice import Profile
from facet.domain.analysis import Analysis, Kind, Size, Status, owner_of
from facet.domain.quota import Tier
from facet.services.current_catalogue import SNAPSHOT_KEY
from facet.services.keep_wardrobe import NewGarment, NewPhoto, keep_garment
from facet.vision.analyze import analyze_photo
from facet.vision.face.models import FaceModels
from facet.vision.photo.gates import load_gates
from local.demo import default_photo
from local.stack import MODELS, REGION, ROOT, LocalStack, StackError, digest, step

BUILDS = ROOT / ".aws-sam" / "host"
KEPT_BUILDS = 4
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}  # Python's name: Lambda's
HOST = ARCHITECTURES.get(platform.machine(), "arm64")
BUILD_SOURCES = (
    "template.yaml",
    "functions/**/*",
    "layers/Makefile",
    "layers/build_layer.py",
    "layers/trim.toml",
    "layers/*/requirements.txt",
    "layers/shared/facet/**/*",
    "layers/models/models/**/metadata.json",
)
ENVIRONMENTS: dict[str, dict[str, str]] = json.loads((ROOT / "events" / "env.json").read_text())


def build(arch: str = HOST) -> Path:
    """`sam build` for arm64 or x86_64; the folder of these very sources, built once.

    A folder is never written again, so whoever runs one is not disturbed by a newer build.
    """
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers ask at the same time
        folder = BUILDS / f"{digest(BUILD_SOURCES)[:12]}-{arch}"
        if not (folder / "template.yaml").exists():  # the last thing that is written
            _sam_build(folder, arch)
        folder.touch()
        by_use = sorted(BUILDS.glob("*/"), key=lambda path: path.stat().st_mtime)
        for old in by_use[:-KEPT_BUILDS]:
            shutil.rmtree(old)
    return folder


def _sam_build(folder: Path, arch: str) -> None:
    tools = ROOT / ".tools" / "sam" / "bin"
    built = subprocess.run(
        [tools / "sam", "build", "--build-dir", folder],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        | {
            "PATH": os.pathsep.join([str(tools), os.environ.get("PATH", os.defpath)]),
            "ARCH": arch,
            "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_TELEMETRY": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise StackError(f"sam build failed.\n{built.stderr[-2000:]}")


def layers_of(function: str, folder: Path) -> list[str]:
    """Logical ids of the layers a built function carries in the cloud."""
    resources = cfn_yaml.load(str(folder / "template.yaml"))["Resources"]
    return [layer["Ref"] for layer in resources[function]["Properties"]["Layers"]["Fn::If"][1]]


def python_path(function: str, folder: Path) -> list[Path]:
    """What Lambda puts on sys.path for a function: its code, then /opt/python of its layers."""
    layers = [folder / layer / "python" for layer in layers_of(function, folder)]
    return [folder / function, *(path for path in layers if path.exists())]


@dataclass(frozen=True)
class EmulatedAws:
    """What the functions find behind AWS_ENDPOINT_URL."""

    stack: LocalStack
    photo: bytes
    names: dict[str, str] = field(
        default_factory=lambda: {k: v for env in ENVIRONMENTS.values() for k, v in env.items()}
    )

    def create(self) -> None:
        """Tables with the template's keys, buckets, queues, the catalogue."""
        resources = cfn_yaml.load(str(ROOT / "template.yaml"))["Resources"]
        dynamodb = self.stack.client("dynamodb")
        for logical_id, name in (
            ("Table", "TABLE_NAME"),
            ("IdempotencyTable", "IDEMPOTENCY_TABLE_NAME"),
            ("ProductsTable", "PRODUCTS_TABLE_NAME"),
        ):
            wanted = resources[logical_id]["Properties"]
            keys = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
            schema = {key: json.loads(json.dumps(wanted[key])) for key in keys if key in wanted}
            dynamodb.create_table(TableName=self.names[name], **schema)
        for name in ("UPLOADS_BUCKET", "MEDIA_BUCKET"):
            self.stack.client("s3").create_bucket(Bucket=self.names[name])
        self.stack.client("s3").put_object(
            Bucket=self.names["MEDIA_BUCKET"],
            Key=SNAPSHOT_KEY,
            Body=self.catalogue,
        )
        for queue in self.queues.values():
            self.stack.client("sqs").create_queue(QueueName=queue)
        self.stack.client("cognito-idp").create_user_pool(PoolName="facet")
        self.stack.client("secretsmanager").create_secret(
            Name=self.names["WEBHOOK_SECRET_ARN"], SecretString=secrets.token_urlsafe(24)
        )

    @property
    def queues(self) -> dict[str, str]:
        """Variable -> name of the queue it is to hold the URL of."""
        return {
            variable: url.rpartition("/")[2]
            for variable, url in self.names.items()
            if variable.endswith("_QUEUE_URL")
        }

    @property
    def environment(self) -> dict[str, str]:
        """Overrides for events/env.json."""
        sqs = self.stack.client("sqs")
        urls = {
            variable: sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            for variable, queue in self.queues.items()
        }
        (pool,) = self.stack.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
        return {"AWS_ENDPOINT_URL": self.stack.endpoint, "USER_POOL_ID": pool["Id"], **urls}

    @cached_property
    def catalogue(self) -> bytes:
        return build_catalogue(ROOT / "data" / "skincare")

    @cached_property
    def measured(self) -> Any:
        """The photo as the analyze function would leave it. Raises PhotoRejectedError."""
        return analyze_photo(self.photo, FaceModels.load(MODELS), load_gates("moderate"))

    def prepare(self, event: dict[str, Any]) -> None:
        """Empty the tables and put there what the event expects to find."""
        dynamodb = boto3.resource(
            "dynamodb",
            endpoint_url=self.stack.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 the emulator's root user
        )
        for name in ("TABLE_NAME", "IDEMPOTENCY_TABLE_NAME"):
            table = dynamodb.Table(self.names[name])
            for item in table.scan()["Items"]:
                table.delete_item(
                    Key={
                        key["AttributeName"]: item[key["AttributeName"]] for key in table.key_schema
                    }
                )
        analyses = AnalysisTable(dynamodb.Table(self.names["TABLE_NAME"]))
        accounts = AccountTable(dynamodb.Table(self.names["TABLE_NAME"]))
        for record in event.get("Records", []):
            if "s3" in record:
                key = record["s3"]["object"]["key"]
                bucket = record["s3"]["bucket"]["name"]
                # The media bucket holds what analyze kept of a photo.
                kept = bucket == self.names["MEDIA_BUCKET"]
                photo = self.measured.photo_jpeg if kept else self.photo
                self.stack.client("s3").put_object(Bucket=bucket, Key=key, Body=photo)
                if key.startswith("garments/"):
                    _, user_id, item_id = key.split("/")
                    shelves = BelongingsTable(dynamodb.Table(self.names["TABLE_NAME"]))
                    self._await_garment(shelves, user_id, item_id)
                    continue
                self._start(analyses, *owner_of(key), analyzed=kept)
            elif "analysis_id" in (job := json.loads(record["body"])):
                advised = "kind" not in job  # then its looks are to be drawn
                owner = job["user_id"], job["analysis_id"]
                self._start(analyses, *owner, analyzed=True, advised=advised)
            elif export_id := job.get("export_id"):
                accounts.save_export(job["user_id"], self._export(export_id))
        if export_id := (event.get("pathParameters") or {}).get("export_id"):
            user_id = event["requestContext"]["authorizer"]["claims"]["sub"]
            accounts.save_export(user_id, self._export(export_id))
        if analysis_id := (event.get("pathParameters") or {}).get("analysis_id"):
            user_id = event["requestContext"]["authorizer"]["claims"]["sub"]
            self._start(analyses, user_id, analysis_id, analyzed=True)

    @staticmethod
    def _export(export_id: str) -> Export:
        now = datetime.now(UTC)
        return Export(export_id=export_id, requested_at=now, expires_at=now + EXPORT_LIFE)

    def _await_garment(self, shelves: BelongingsTable, user_id: str, item_id: str) -> None:
        garment = NewGarment(
            category="shirt",
            slot="top",
            formality=3,
            warmth=2,
            photo=NewPhoto(
                content_type="image/jpeg",
                content_length=len(self.photo),
                checksum_sha256=b64encode(sha256(self.photo).digest()).decode(),
            ),
        )
        keep_garment(
            user_id,
            item_id,
            garment,
            max_photo_bytes=len(self.photo),
            correlation_id="invoke",
            now=datetime.now(UTC),
            shelves=shelves,
        )

    def _start(
        self,
        analyses: AnalysisTable,
        user_id: str,
        analysis_id: str,
        *,
        analyzed: bool = False,
        advised: bool = False,
    ) -> None:
        now = datetime.now(UTC)
        analysis = Analysis(
            analysis_id=analysis_id,
            user_id=user_id,
            status=Status.AWAITING_UPLOAD,
            created_at=now,
            updated_at=now,
            expires_at=now + timedelta(days=1),
            wants=(Kind.MAKEUP if advised else Kind.SKINCARE,),
            content_type="image/jpeg",
            content_length=len(self.photo),
            checksum_sha256="",
            consent_version="invoke",
            correlation_id="invoke",
            quota_day=now.date().isoformat(),
        )
        analyses.create(analysis, Tier.FREE)
        if analyzed:
            analyses.claim(user_id, analysis_id, now)
            size = Size(width=self.measured.width, height=self.measured.height)
            analyses.save_reading(analysis, self.measured.reading, size, now)
            media = Bucket(self.stack.client("s3"), self.names["MEDIA_BUCKET"])
            media.put(analysis.photo_key, self.measured.photo_jpeg, "image/jpeg", "invoke")
            media.delete_below("overlays/")  # to be drawn by each call
        if advised:
            reading, catalogue = self.measured.reading, Catalogue.load(self.catalogue)
            makeup = recommend_makeup(reading, Profile(), (), catalogue)
            analyses.save_result(analysis, Kind.MAKEUP, makeup.model_dump(mode="json"))
            analyses.complete(user_id, analysis_id, now)


@contextlib.contextmanager
def emulated_aws(photo: bytes, name: str = "invoke") -> Iterator[EmulatedAws]:
    """An emulator on loopback, gone with the block; one of each name at a time."""
    stack = LocalStack(home=ROOT / ".local" / name)
    stack.stop()
    try:
        stack.start()
        aws = EmulatedAws(stack, photo)
        aws.create()
        yield aws
    finally:
        stack.stop()


@dataclass(frozen=True)
class Invocation:
    """What came of it: milliseconds, the handler's last answer, MB of 10^6 bytes."""

    first_ms: float
    first_cpu_ms: float  # of the function's process, whatever else the machine does
    warm_ms: tuple[float, ...]
    answer: Any
    peak_mb: float
    log: str


def memory_of(function: str, template: Mapping[str, Any]) -> int:
    """MB of a function, by its parameter's default where it has one."""
    properties = template["Resources"][function]["Properties"]
    memory = properties.get("MemorySize", template["Globals"]["Function"]["MemorySize"])
    return int(
        template["Parameters"][memory["Ref"]]["Default"] if isinstance(memory, dict) else memory
    )


def invoke(
    function: str, event: dict[str, Any], aws: EmulatedAws, runs: int, folder: Path
) -> Invocation:
    """One fresh start of a built function and `runs` warm calls after it.

    Raises StackError when the handler raises.
    """
    client = _runtime_client(folder)
    here, api = _free_ports(2)
    template = cfn_yaml.load(str(folder / "template.yaml"))
    properties = template["Resources"][function]["Properties"]
    environment = ENVIRONMENTS[function] | aws.environment
    if "MODELS_DIR" in environment:
        environment["MODELS_DIR"] = str(folder / "ModelsLayer" / "models")
    environment |= {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, [*python_path(function, folder), client])),
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_of(function, template)),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(_timeout(properties)),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
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


def _timeout(properties: dict[str, Any]) -> int:
    """Seconds, as the parameters' defaults have it: every condition of a timeout is then unmet."""
    timeout = properties.get("Timeout", 10)
    return int(timeout["Fn::If"][2] if isinstance(timeout, dict) else timeout)


def _emulator() -> Path:
    """AWS's runtime interface emulator, which the SAM CLI brings for its own containers."""
    name = f"aws-lambda-rie-{HOST}"
    found = list((ROOT / ".tools" / "sam").glob(f"lib/*/site-packages/samcli/local/rapid/{name}"))
    if platform.system() != "Linux" or not found:
        raise StackError(
            "The runtime interface emulator runs on Linux and comes with `make setup`."
        )
    return found[0]


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


def unzipped_mb(function: str, folder: Path) -> float:
    """Size of a function with all its layers, in Lambda's MB (2^20 bytes; the limit is 250)."""
    parts = [function, *layers_of(function, folder)]
    files = (file for part in parts for file in (folder / part).rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files) / 2**20


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="make invoke",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("function", choices=sorted(ENVIRONMENTS))
    parser.add_argument("event", type=Path, help="a file of events/, or one of your own")
    parser.add_argument("--runs", type=int, default=5, help="warm calls after the first (5)")
    parser.add_argument("--photo", type=Path, help="the photo that the event is about")
    parser.add_argument("--logs", action="store_true", help="print what the function logged")
    wanted = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        with step("sam build for this machine"):
            folder = build()
        photo = (wanted.photo or default_photo()).read_bytes()
        with emulated_aws(photo) as aws:
            event = json.loads(wanted.event.read_text())
            result = invoke(wanted.function, event, aws, wanted.runs, folder)
    except (StackError, OSError) as error:
        console.print(f"✗ {error}", style="red", markup=False)
        return 1
    if wanted.logs:
        console.print(result.log, markup=False)
    console.print_json(data=result.answer)
    warm = f"{statistics.median(result.warm_ms):.0f} ms" if result.warm_ms else "not asked for"
    console.print(
        f"first call {result.first_ms:.0f} ms ({result.first_cpu_ms:.0f} ms CPU) · "
        f"warm {warm} (median of {len(result.warm_ms)}) · peak {result.peak_mb:.0f} MB · "
        f"unzipped {unzipped_mb(wanted.function, folder):.1f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

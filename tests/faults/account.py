"""One process' AWS account: moto with the template's tables and buckets, and the real functions."""

import collections
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from unittest.mock import patch

import boto3
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from moto import mock_aws
from moto.core.model_instances import reset_model_data
from PIL import Image
from skimage import data as pictures

from contract.functions import function_module
from facet.adapters import aws as clients
from facet.catalogue.build import build_catalogue
from tests.conftest import ROOT, Receiver, listening
from tests.faults import reading
from tests.faults.deployment import OTHER, REGION, USER, Deployment, deployed
from tests.faults.remembered import remembering

CATALOGUE: Final = "catalogue/snapshot.json"
CLIENT_ID: Final = "3n4b5urk1ft4fl3mg5e62d9ado"  # the audience of the recorded events


def jpeg(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@dataclass(frozen=True)
class Photos:
    """Public-domain photos: a face, the same once more, none, and two shirts."""

    portrait: bytes = field(default_factory=lambda: jpeg(_shown("astronaut")))
    portrait_again: bytes = field(
        default_factory=lambda: jpeg(_shown("astronaut").crop((0, 0, 512, 510)))
    )
    no_face: bytes = field(default_factory=lambda: jpeg(_shown("coffee")))
    shirt: bytes = field(default_factory=lambda: _shirt((30, 60, 140)))
    other_shirt: bytes = field(default_factory=lambda: _shirt((150, 60, 40)))


def _shown(name: str) -> Image.Image:
    return Image.fromarray(getattr(pictures, name)())


def _shirt(colour: tuple[int, int, int]) -> bytes:
    picture = Image.new("RGB", (400, 500), (250, 250, 250))
    picture.paste(colour, (90, 80, 310, 420))
    return jpeg(picture)


class Account:
    """What stays from one run of a flow to the next: everything but rows, objects and users."""

    def __init__(self, deployment: Deployment, receiver: Receiver, catalogue: bytes) -> None:
        self.deployment = deployment
        self.receiver = receiver
        self.photos = Photos()
        self._functions: dict[tuple[str, int], ModuleType] = {}
        self.s3 = boto3.client("s3")
        self.users = boto3.client("cognito-idp")
        for name, properties in deployment.tables.items():
            _make_table(name, properties)
        for bucket in deployment.lifecycles:
            self.s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        self._catalogue = catalogue
        self.pool = self.users.create_user_pool(PoolName="facet")["UserPool"]["Id"]
        boto3.client("secretsmanager").create_secret(
            Name=deployment.environment["WEBHOOK_SECRET_ARN"],
            SecretString="abcdefghijklmnopqrstuvwxyz012345",
        )
        os.environ["USER_POOL_ID"] = self.pool

    @property
    def uploads(self) -> str:
        """Name of the bucket that photos come in by."""
        return self.deployment.environment["UPLOADS_BUCKET"]

    @property
    def media(self) -> str:
        """Name of the bucket that pictures go out by."""
        return self.deployment.environment["MEDIA_BUCKET"]

    def function(self, verb: str, instance: int = 0) -> ModuleType:
        """A function's module, imported once for each instance that runs beside others of it.

        One with routes has one instance alone: a second import would take the first's routers.
        """
        if (verb, instance) not in self._functions:
            self._functions[verb, instance] = function_module(verb)
        return self._functions[verb, instance]

    @contextmanager
    def beside(self, verb: str, running: int) -> Iterator[ModuleType]:
        """A function while so many instances of it run already, none of which it disturbs."""
        first = self.function(verb)
        if not hasattr(first, "app"):
            yield self.function(verb, running)
            return
        apps = [module.app for module in self._functions.values() if hasattr(module, "app")]
        contexts = [dict(app.context) for app in apps]
        request = {
            name: getattr(BaseRouter, name, None) for name in ("current_event", "lambda_context")
        }
        try:
            yield first
        finally:
            for name, value in request.items():
                setattr(BaseRouter, name, value)
            for app, context in zip(apps, contexts, strict=True):
                app.context.update(context)

    def forget(self, *verbs: str) -> None:
        """Have functions start cold: a new process knows nothing of the one before."""
        for (verb, _), module in self._functions.items():
            if not verbs or verb in verbs:
                wiring = vars(module.wiring)
                for name in [name for name in wiring if name != "_settings"]:
                    del wiring[name]

    def empty(self) -> None:
        """Remove every row and object, and make the users again."""
        for table in reading.backend().tables.values():
            table.items = collections.defaultdict(dict) if table.has_range_key else {}
        for bucket in reading.store().buckets.values():
            for kept in list(bucket.keys.values()):
                kept.dispose()
            bucket.keys.clear()
        reset_model_data()  # moto keeps a list of all it ever made
        self.receiver.got.clear()
        self.receiver.answers.clear()
        self.s3.put_object(Bucket=self.media, Key=CATALOGUE, Body=self._catalogue)
        for user_id in (USER, OTHER):
            if not self.has_user(user_id):
                self.users.admin_create_user(
                    UserPoolId=self.pool,
                    Username=user_id,
                    UserAttributes=[{"Name": "email", "Value": f"{user_id[-1]}@example.com"}],
                )
        self.forget()

    def has_user(self, user_id: str) -> bool:
        """Whether the user pool knows a user."""
        try:
            self.users.admin_get_user(UserPoolId=self.pool, Username=user_id)
        except self.users.exceptions.UserNotFoundException:
            return False
        return True


class _InTurn(Executor):
    """Threads that run one after the other, so that calls come in the same order every time."""

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers

    def submit[**P, R](self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def in_turn() -> Iterator[None]:
    """While this holds, the package's threads take turns."""
    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("facet.") and vars(module).get("ThreadPoolExecutor"):
                stack.enter_context(patch.object(module, ThreadPoolExecutor.__name__, _InTurn))
        yield


def _make_table(name: str, properties: Mapping[str, Any]) -> None:
    copied = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        **{key: properties[key] for key in copied if key in properties},
    )


@contextmanager
def opened() -> Iterator[Account]:
    """The account of this process, with everything that stands in for AWS around it."""
    with ExitStack() as stack:
        receiver = stack.enter_context(listening())
        deployment = deployed(receiver.url)
        variables = {
            **deployment.environment,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "USER_POOL_CLIENT_ID": CLIENT_ID,
            "MODELS_DIR": str(ROOT / "layers" / "models" / "models"),
            "POWERTOOLS_LOG_LEVEL": "CRITICAL",
            "POWERTOOLS_METRICS_DISABLED": "true",
        }
        stack.enter_context(patch.dict(os.environ, variables))
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            os.environ.pop(name, None)
        stack.enter_context(patch.object(boto3, "DEFAULT_SESSION", boto3.Session()))
        stack.enter_context(mock_aws())
        clients.client.cache_clear()
        clients.table.cache_clear()
        catalogue = build_catalogue(Path(ROOT) / "data" / "skincare")
        account = Account(deployment, receiver, catalogue)
        for verb in deployment.functions:
            account.function(verb)
        stack.enter_context(in_turn())
        stack.enter_context(remembering())
        # Thousands of errors are raised on purpose.
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module="aws_lambda_powertools")
        warnings.simplefilter("ignore", ResourceWarning)  # moto's objects, overwritten
        try:
            yield account
        finally:
            clients.client.cache_clear()
            clients.table.cache_clear()

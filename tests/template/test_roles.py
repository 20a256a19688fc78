"""The comparison of roles itself: that it finds what is missing, in excess, and idly excused."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.session import Session

from tests.roles import recorder
from tests.roles.comparison import Unrecorded, excess, missing, reasons
from tests.roles.recorder import UnknownCallError, Use, asked_for
from tests.roles.template import granted
from tests.template.conftest import ROOT, Template

READS = Use("ApiFunction", "s3:GetObject", "MediaBucket/looks/*")
LISTS = Use("ApiFunction", "s3:ListBucket", "MediaBucket?looks/*")
ERASES = Use("ApiFunction", "dynamodb:DeleteItem", "Table")
# What asks KMS for a data key where a bucket or a queue is encrypted with a key of one's own.
WRITES = ("s3:PutObject", "sqs:SendMessage")


@pytest.fixture(scope="module")
def grants(translated: Template) -> set[Use]:
    return {Use(*one) for one in granted(translated.resources)}


def test_what_is_missing_is_told_as_the_statement_to_add() -> None:
    put = ERASES._replace(action="dynamodb:PutItem")
    assert missing([READS, ERASES, put], [READS]) == [
        "ApiFunction: add {Effect: Allow, "
        "Action: [dynamodb:DeleteItem, dynamodb:PutItem], Resource: Table}"
    ]
    assert missing([READS], [READS, ERASES]) == []


@pytest.mark.parametrize(
    "grant",
    [
        READS._replace(function="SweepFunction"),
        READS._replace(action="s3:PutObject"),
        READS._replace(resource="MediaBucket/photos/*"),
    ],
)
def test_what_is_granted_otherwise_is_missing(grant: Use) -> None:
    assert missing([READS], [grant])


def test_what_is_in_excess_is_told_as_what_to_take_away() -> None:
    (told,) = excess([READS], [READS, ERASES], [])
    assert told.startswith("ApiFunction: remove dynamodb:DeleteItem on Table")
    assert excess([READS, ERASES], [READS, ERASES], []) == []


def test_a_reason_excuses_what_is_not_recorded_and_nothing_else() -> None:
    reason = Unrecorded("", ("ApiFunction",), ("dynamodb:DeleteItem",), ("Table",))
    assert excess([READS], [READS, ERASES], [reason]) == []
    (used,) = excess([ERASES], [ERASES], [reason])
    assert used.endswith("ApiFunction, dynamodb:DeleteItem, Table: a test uses it")
    (gone,) = excess([READS], [READS], [reason])
    assert gone.endswith("it is not granted")


def test_a_listing_is_bound_to_prefixes_where_the_function_has_objects() -> None:
    bucket = LISTS._replace(resource="MediaBucket")
    photos = LISTS._replace(resource="MediaBucket?photos/*")
    assert missing([photos], [bucket, LISTS])
    assert excess([LISTS], [bucket, LISTS], []) == []
    assert excess([READS, bucket], [READS, bucket, LISTS], []) == []  # for the 404 of a look
    (told,) = excess([READS, bucket], [READS, bucket, LISTS, photos], [])
    assert "MediaBucket?photos/*" in told


def test_every_reason_is_a_sentence() -> None:
    for entry in reasons():
        assert len(entry.reason) > 20
        assert entry.functions
        assert entry.actions
        assert entry.resources


def test_conditions_bind_a_listing(translated: Template, grants: set[Use]) -> None:
    """Else a function could read the names of what is not its own."""
    listing = {grant for grant in grants if grant.action.startswith("s3:List")}
    bound = {grant[:2] for grant in listing if "?" in grant.resource}
    assert {grant[:2] for grant in listing} == bound
    assert not any("?catalogue" in g.resource for g in listing if g.function == "AccountFunction")


# --- what a call asks for -------------------------------------------------------------------------


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, name in {
        "TABLE_NAME": "t",
        "UPLOADS_BUCKET": "u",
        "MEDIA_BUCKET": "m",
        "RECOMMEND_QUEUE_URL": "https://sqs/1/r",
        "EVENT_BUS_NAME": "default",
        "NARRATOR_MODEL_ID": "a.model-v1:0",
    }.items():
        monkeypatch.setenv(variable, name)


CALLS: list[tuple[str, str, dict[str, Any], set[tuple[str, str]]]] = [
    ("dynamodb", "GetItem", {"TableName": "t"}, {("dynamodb:GetItem", "Table")}),
    (
        "dynamodb",
        "Query",
        {"TableName": "t", "IndexName": "open-index"},
        {("dynamodb:Query", "Table/index/open-index")},
    ),
    (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "t"}}, {"Delete": {"TableName": "other"}}]},
        {("dynamodb:PutItem", "Table"), ("dynamodb:DeleteItem", "other")},
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"t": []}},
        {("dynamodb:BatchWriteItem", "Table")},
    ),
    (
        "s3",
        "HeadObject",
        {"Bucket": "u", "Key": "faces/user/id"},
        {("s3:GetObject", "UploadsBucket/faces/*")},
    ),
    (
        "s3",
        "CopyObject",
        {"Bucket": "m", "Key": "photos/a", "CopySource": {"Bucket": "u", "Key": "faces/a/b"}},
        {("s3:GetObject", "UploadsBucket/faces/*"), ("s3:PutObject", "MediaBucket/photos/*")},
    ),
    (
        "s3",
        "DeleteObjects",
        {
            "Bucket": "m",
            "Delete": {"Objects": [{"Key": "looks/a"}, {"Key": "exports/b", "VersionId": "1"}]},
        },
        {
            ("s3:DeleteObject", "MediaBucket/looks/*"),
            ("s3:DeleteObjectVersion", "MediaBucket/exports/*"),
        },
    ),
    (
        "s3",
        "ListObjectsV2",
        {"Bucket": "m", "Prefix": "looks/user/id/"},
        {("s3:ListBucket", "MediaBucket?looks/*")},
    ),
    ("s3", "ListObjectsV2", {"Bucket": "m"}, {("s3:ListBucket", "MediaBucket?")}),
    ("s3", "HeadBucket", {"Bucket": "m"}, {("s3:ListBucket", "MediaBucket")}),
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": "https://sqs/1/r"},
        {("sqs:SendMessage", "RecommendQueue")},
    ),
    (
        "events",
        "PutEvents",
        {"Entries": [{"EventBusName": "default"}]},
        {("events:PutEvents", "event-bus/EventBusName")},
    ),
    (
        "bedrock-runtime",
        "Converse",
        {"modelId": "a.model-v1:0"},
        {("bedrock:InvokeModel", "foundation-model/NarratorModelId")},
    ),
]


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(("service", "operation", "params", "expected"), CALLS)
def test_a_call_asks_for_actions_on_what_the_template_names(
    service: str, operation: str, params: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    assert set(asked_for(service, operation, params)) == expected


def test_a_call_that_nobody_explained_is_an_error() -> None:
    with pytest.raises(UnknownCallError, match="dynamodb ExecuteStatement"):
        list(asked_for("dynamodb", "ExecuteStatement", {}))


def test_every_operation_that_is_explained_exists() -> None:
    for service, operations in recorder.ACTIONS.items():
        known = Session().get_service_model(service).operation_names
        assert operations.keys() <= set(known), service


# --- what holds for every function ----------------------------------------------------------------


def roles(template: Template, policy: str) -> Iterator[str]:
    for role in template.resources[policy]["Properties"]["Roles"]:
        yield role["Fn::If"][1]["Ref"] if "Fn::If" in role else role["Ref"]


@pytest.mark.parametrize("policy", ["BoundsPolicy", "KeyPolicy"])
def test_no_function_is_left_out_of_what_holds_for_all(template: Template, policy: str) -> None:
    assert sorted(roles(template, policy)) == sorted(f"{name}Role" for name in template.functions)


def test_logs_and_buckets_of_others_are_out_of_reach(template: Template) -> None:
    statements = template.resources["BoundsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    logs, buckets = statements
    assert (logs["Effect"], logs["Action"]) == ("Deny", "logs:*")
    stacks = logs["NotResource"]["Fn::Sub"].rpartition(":log-group:")[2].removesuffix("*")
    for name, group in template.of_type("AWS::Logs::LogGroup").items():
        if name != "ApiAccessLogGroup":  # API Gateway's
            assert group["LogGroupName"]["Fn::Sub"].startswith(stacks), name
    assert (buckets["Effect"], buckets["Action"], buckets["Resource"]) == ("Deny", "s3:*", "*")
    owner = {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}
    assert buckets["Condition"] == {"StringNotEquals": owner}


def test_a_key_of_one_s_own_encrypts_all_that_is_stored(template: Template) -> None:
    """Every property of these types that takes a key is given it, where there is one."""
    key = {"Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
    where: dict[str, Callable[[dict[str, Any]], Any]] = {
        "AWS::DynamoDB::Table": lambda p: p["SSESpecification"]["KMSMasterKeyId"],
        "AWS::SQS::Queue": lambda p: p["KmsMasterKeyId"],
        "AWS::SNS::Topic": lambda p: p["KmsMasterKeyId"],
        "AWS::Logs::LogGroup": lambda p: p["KmsKeyId"],
        "AWS::SecretsManager::Secret": lambda p: p["KmsKeyId"],
    }
    for kind, of in where.items():
        assert template.of_type(kind)
        for name, properties in template.of_type(kind).items():
            assert of(properties) == key, name
    assert template.body["Globals"]["Function"]["KmsKeyArn"] == key
    for name, bucket in template.of_type("AWS::S3::Bucket").items():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        condition, own, _ = rule["ServerSideEncryptionByDefault"]["Fn::If"]
        assert condition == "HasKey", name
        assert own == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "KmsKeyArn"}}
    assert template.body["Parameters"]["KmsKeyArn"]["Default"] == ""


def test_functions_use_the_key_through_the_services_that_the_docs_name(template: Template) -> None:
    via: set[str] = set()
    for policy, action in {"KeyPolicy": "Decrypt", "DataKeyPolicy": "GenerateDataKey"}.items():
        document = template.resources[policy]["Properties"]["PolicyDocument"]
        (statement,) = document["Statement"]
        assert statement["Action"] == f"kms:{action}"
        for service in statement["Condition"]["StringEquals"]["kms:ViaService"]:
            via.add(service["Fn::Sub"].partition(".")[0])
    document = (ROOT / "docs" / "deploying.md").read_text()
    key_policy = json.loads(document.partition("```json")[2].partition("```")[0])
    told = re.findall(r'"(\w+)\.eu-central-1\.amazonaws\.com"', json.dumps(key_policy))
    assert via < set(told)


def test_who_writes_objects_or_sends_messages_may_make_data_keys(
    template: Template, grants: set[Use]
) -> None:
    writes = {grant.function for grant in grants if grant.action in WRITES}
    assert sorted(roles(template, "DataKeyPolicy")) == sorted(f"{name}Role" for name in writes)

"""docs/privacy.md names every store of the stack, and how long each keeps what it has."""

import re
from pathlib import Path
from typing import Any

import pytest

from facet.domain.places import MEDIA_PREFIXES, UPLOAD_PREFIXES
from local.template import read_template

from .conftest import Template

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "privacy.md"
DAY = 86_400
# Types of resources that keep something. Any other has to be named in KEEPS_NOTHING.
STORES = {
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
}
KEEPS_NOTHING = {
    *(f"AWS::ApiGateway::{kind}" for kind in ("Account", "Authorizer", "Deployment")),
    *(f"AWS::ApiGateway::{kind}" for kind in ("GatewayResponse", "RestApi", "Stage")),
    *(f"AWS::CloudFront::{kind}" for kind in ("OriginAccessControl", "ResponseHeadersPolicy")),
    "AWS::CloudFront::Distribution",
    "AWS::CloudFormation::Stack",  # whose own template is read as well
    *(f"AWS::CloudWatch::{kind}" for kind in ("Alarm", "Dashboard")),
    *(f"AWS::Cognito::UserPool{kind}" for kind in ("Client", "Domain", "Group")),
    "AWS::Cognito::UserPoolIdentityProvider",
    "AWS::Events::Rule",
    *(f"AWS::IAM::{kind}" for kind in ("ManagedPolicy", "Policy", "Role")),
    "AWS::KMS::Key",
    *(f"AWS::Lambda::{kind}" for kind in ("EventInvokeConfig", "EventSourceMapping", "Function")),
    *(f"AWS::Lambda::{kind}" for kind in ("LayerVersion", "Permission")),
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    *(f"AWS::WAFv2::{kind}" for kind in ("WebACL", "WebACLAssociation")),  # samples are off
}


def listed() -> dict[str, tuple[str, str]]:
    """Store, with its prefix where it has several -> (what of a person it holds, life)."""
    _, _, section = DOCUMENT.read_text().partition("## Stores")
    found: dict[str, tuple[str, str]] = {}
    for line in section.splitlines():
        if not line.startswith("| `"):
            if found and not line.startswith("|"):
                break  # the first table alone
            continue
        stores, holds, life, _ = (cell.strip() for cell in line.strip("|").split("|"))
        for name in stores.split(", "):
            found[" ".join(re.findall(r"`([^`]+)`", name))] = (holds, life)
    return found


@pytest.fixture(scope="module")
def resources(translated: Template) -> dict[str, dict[str, Any]]:
    """Logical id -> resource of the stack and of those within it."""
    nested = [read_template(path)["Resources"] for path in (ROOT / "infra").glob("*.yaml")]
    return {**translated.resources, **{k: v for each in nested for k, v in each.items()}}


def lives(name: str, resource: dict[str, Any]) -> dict[str, list[str]]:
    """Store, with its prefix -> what its life has to say, by the template."""
    properties = resource.get("Properties", {})
    words: list[str] = []
    match resource["Type"]:
        case "AWS::S3::Bucket":
            return bucket_lives(name, properties)
        case "AWS::SQS::Queue":  # SQS keeps four days where nothing is said
            words = [days(properties.get("MessageRetentionPeriod", 4 * DAY) / DAY)]
        case "AWS::Logs::LogGroup":
            words = [days(properties["RetentionInDays"])]
        case "AWS::DynamoDB::Table":
            kept = properties.get("PointInTimeRecoverySpecification", {})
            backups = f"backups {days(kept.get('RecoveryPeriodInDays', 35))}"
            words = [backups if kept.get("PointInTimeRecoveryEnabled") else "no backup"]
            if life := properties.get("TimeToLiveSpecification"):
                words.append(f"`{life['AttributeName']}`")
        case "AWS::Cognito::UserPool":
            words = ["until erased"]
        case "AWS::SNS::Topic":
            words = ["not kept"]
    return {name: words}


def bucket_lives(name: str, properties: dict[str, Any]) -> dict[str, list[str]]:
    """By prefix: the bucket's own rule, or the prefix' one, or none."""
    prefixes = {"UploadsBucket": UPLOAD_PREFIXES, "MediaBucket": MEDIA_PREFIXES}.get(name, ())
    if not prefixes:
        return {name: []}
    rules = {
        rule.get("Prefix", ""): rule["ExpirationInDays"]
        for rule in properties["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }
    return {
        f"{name} {prefix}/": [days(rules.get(f"{prefix}/", rules.get("")))] for prefix in prefixes
    }


def days(life: Any) -> str:
    if life is None:
        return "until deleted"
    if isinstance(life, dict):
        return str(life["Ref"])
    return "1 day" if life == 1 else f"{life:g} days"


def test_every_type_of_resource_keeps_something_or_nothing(
    resources: dict[str, dict[str, Any]],
) -> None:
    """A new one is to be thought about: what does it keep of a person, and how long?"""
    types = {resource["Type"] for resource in resources.values()}
    assert types - STORES - KEEPS_NOTHING == set()
    assert not STORES & KEEPS_NOTHING


def test_the_document_names_every_store_and_no_other(
    resources: dict[str, dict[str, Any]],
) -> None:
    there = {
        store
        for name, resource in resources.items()
        if resource["Type"] in STORES
        for store in lives(name, resource)
    }
    assert there - listed().keys() == set()
    assert listed().keys() - there == set()


def test_a_store_keeps_what_it_has_as_long_as_the_document_says(
    resources: dict[str, dict[str, Any]],
) -> None:
    for name, resource in resources.items():
        if resource["Type"] not in STORES:
            continue
        for store, expected in lives(name, resource).items():
            holds, life = listed()[store]
            if holds == "nothing":
                continue
            for words in expected:
                assert re.search(rf"(?<![\w.]){re.escape(words)}(?!\w)", life), (store, words, life)
            if not expected:
                assert not life, (store, life)


def test_what_holds_a_person_says_what_ends_it_or_how_long_it_lives() -> None:
    for store, (holds, life) in listed().items():
        assert holds, store
        assert (holds == "nothing") == (not life), store

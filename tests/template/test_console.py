"""Hosting the console: the page is closed to all but CloudFront, and is served as it is locally."""

from typing import Any

import pytest

from local.console import security_headers
from local.stack import ROOT
from local.template import read_template


@pytest.fixture(scope="module")
def nested() -> dict[str, Any]:
    return dict(read_template(ROOT / "infra" / "console.yaml"))


@pytest.fixture(scope="module")
def root() -> dict[str, Any]:
    return dict(read_template())


def directives(policy: str) -> dict[str, list[str]]:
    """Content-Security-Policy by directive; other hosts only as how many there are."""
    by_name = {}
    for directive in filter(None, (part.strip() for part in policy.split(";"))):
        name, *sources = directive.split()
        by_name[name] = [source for source in sources if not source.startswith("https://")]
    return by_name


def test_the_page_is_hosted_only_where_it_is_asked_for(root: dict[str, Any]) -> None:
    assert root["Parameters"]["HostConsole"]["Default"] == "false"
    assert root["Resources"]["Console"]["Condition"] == "HostsConsole"
    assert {"Condition": "IsCloud"} in root["Conditions"]["HostsConsole"]["Fn::And"]
    outputs = {
        name for name, out in root["Outputs"].items() if out.get("Condition") == "HostsConsole"
    }
    assert outputs == {"ConsoleUrl", "ConsoleBucketName", "ConsoleDistributionId"}


def test_the_bucket_is_read_by_its_own_distribution_alone(nested: dict[str, Any]) -> None:
    resources = nested["Resources"]
    closed = resources["ConsoleBucket"]["Properties"]["PublicAccessBlockConfiguration"]
    assert all(closed.values())
    assert len(closed) == 4
    allow, deny = resources["ConsoleBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allow["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allow["Action"] == "s3:GetObject"
    assert "${Distribution}" in allow["Condition"]["StringEquals"]["AWS:SourceArn"]["Fn::Sub"]
    assert deny["Effect"] == "Deny"


def test_the_api_is_at_the_same_address_and_never_cached(nested: dict[str, Any]) -> None:
    config = nested["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    (api,) = config["CacheBehaviors"]
    assert api["PathPattern"] == "/v1/*"
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert {"GET", "PUT", "POST", "DELETE"} <= set(api["AllowedMethods"])
    for behaviour in (config["DefaultCacheBehavior"], api):
        assert behaviour["ViewerProtocolPolicy"] in ("redirect-to-https", "https-only")


def test_cloudfront_sends_the_headers_of_the_local_page(nested: dict[str, Any]) -> None:
    config = nested["Resources"]["SecurityHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    _, parts = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Join"]
    hosted = " ".join(part if isinstance(part, str) else part["Fn::Sub"] for part in parts)
    here = security_headers(connect="https://a", pictures="https://b")
    assert directives(hosted) == directives(here["Content-Security-Policy"])
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == here["Referrer-Policy"]
    (permissions,) = config["CustomHeadersConfig"]["Items"]
    assert permissions["Value"] == here["Permissions-Policy"]


def test_the_page_may_reach_sign_in_and_the_two_buckets(nested: dict[str, Any]) -> None:
    config = nested["Resources"]["SecurityHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    _, parts = config["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"][
        "Fn::Join"
    ]
    pictures, connect = (part["Fn::Sub"] for part in parts if not isinstance(part, str))
    assert pictures.count("${MediaBucket}") == 2
    assert connect.count("${UploadsBucket}") == 2
    assert "cognito-idp" in connect

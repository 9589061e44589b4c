"""Roles may do what their policies say, and what they have done is on record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.access.policy import Permission, PolicyError, allows
from localaws.account import LocalAccount
from tests.local.conftest import START, TRUST
from tests.local.lab import RUNTIME, zipped

KEY = "arn:aws:kms:us-east-1:123456789012:key/k"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
ALLOWED = [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/in/*"},
    {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::*/*"},
    {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::shop/in/secret/*"},
    {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": "arn:aws:s3:::shop",
        "Condition": {"StringLike": {"s3:prefix": ["in/*"]}},
    },
    {"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": TABLE},
    {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
]


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAccount]:
    with LocalAccount(start=START) as account:
        s3, kms = account.client("s3"), account.client("kms")
        for bucket in ("shop", "vault"):
            s3.create_bucket(Bucket=bucket)
        for key in ("in/a", "out/a", "in/secret/a"):
            s3.put_object(Bucket="shop", Key=key, Body=b"a")
        rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms.create_key()["KeyMetadata"]["Arn"]}
        encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}
        s3.put_bucket_encryption(Bucket="vault", ServerSideEncryptionConfiguration=encryption)
        attribute = {"AttributeName": "k", "AttributeType": "S"}
        schema = [{"AttributeName": "k", "KeyType": "HASH"}]
        account.client("dynamodb").create_table(
            TableName="t", AttributeDefinitions=[attribute], KeySchema=schema, BillingMode="PAY_PER_REQUEST"
        )
        yield account
        assert account.failures() == []


@pytest.fixture(scope="module")
def role(account: LocalAccount) -> str:
    iam, policy = account.client("iam"), json.dumps({"Version": "2012-10-17", "Statement": ALLOWED})
    created = iam.create_role(RoleName="clerk", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    iam.put_role_policy(RoleName="clerk", PolicyName="p", PolicyDocument=policy)
    return str(created["Arn"])


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return f"{caught.value.response['Error']['Code']}: {caught.value.response['Error'].get('Message', '')}"


def test_objects_are_allowed_by_their_keys_and_a_denial_wins(account: LocalAccount, role: str) -> None:
    s3 = account.client("s3", role)
    assert s3.get_object(Bucket="shop", Key="in/a")["Body"].read() == b"a"
    s3.put_object(Bucket="shop", Key="new", Body=b"b" * 10)
    assert account.client("s3").get_object(Bucket="shop", Key="new")["Body"].read() == b"b" * 10
    for key in ("out/a", "in/secret/a"):
        told = refusal(s3.get_object, Bucket="shop", Key=key)
        assert told.startswith(f"AccessDenied: User: {role} is not authorized to perform: s3:GetObject on resource: ")
        assert f"arn:aws:s3:::shop/{key}" in told


def test_a_list_is_allowed_below_the_prefix_of_the_condition(account: LocalAccount, role: str) -> None:
    s3 = account.client("s3", role)
    assert s3.list_objects_v2(Bucket="shop", Prefix="in/")["KeyCount"] == 2
    assert "s3:ListBucket on resource: arn:aws:s3:::shop" in refusal(s3.list_objects_v2, Bucket="shop", Prefix="out/")
    assert "s3:ListBucket" in refusal(s3.list_objects_v2, Bucket="shop")


def test_what_is_written_to_an_encrypted_bucket_needs_its_key(account: LocalAccount, role: str) -> None:
    told = refusal(account.client("s3", role).put_object, Bucket="vault", Key="a", Body=b"a")
    assert "kms:GenerateDataKey on resource: arn:aws:kms:" in told


def test_a_transaction_needs_the_permission_of_each_part(account: LocalAccount, role: str) -> None:
    dynamodb, item = account.client("dynamodb", role), {"k": {"S": "1"}}
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": item}}])
    parts = [{"Put": {"TableName": "t", "Item": item}}, {"Delete": {"TableName": "t", "Key": item}}]
    told = refusal(dynamodb.transact_write_items, TransactItems=parts)
    assert told.startswith("AccessDeniedException")
    assert f"dynamodb:DeleteItem on resource: {TABLE}" in told


def test_handing_on_a_role_has_to_be_allowed(account: LocalAccount, role: str) -> None:
    statement = {"Effect": "Allow", "Action": "lambda:CreateFunction", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.client("iam").put_role_policy(RoleName="clerk", PolicyName="functions", PolicyDocument=document)
    code = {"ZipFile": zipped(index="")}
    create = account.client("lambda", role).create_function
    told = refusal(create, FunctionName="f", Code=code, Role=role, Runtime=RUNTIME, Handler="index.handler")
    assert f"iam:PassRole on resource: {role}" in told


def test_a_schedule_with_a_key_is_decrypted_on_behalf_of_its_role(account: LocalAccount, role: str) -> None:
    url = account.client("sqs").create_queue(QueueName="due")["QueueUrl"]
    queue = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.client("iam").put_role_policy(RoleName="clerk", PolicyName="queues", PolicyDocument=document)
    account.client("scheduler").create_schedule(
        Name="hourly",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        KmsKeyArn=KEY,
        Target={"Arn": queue["QueueArn"], "RoleArn": role, "Input": "{}"},
    )
    account.advance_to(account.now + timedelta(hours=1))
    found = [one for one in account.permissions() if one["resource"] == KEY]
    assert [(one["role"], one["action"], one["allowed"]) for one in found] == [(role, "kms:Decrypt", False)]


def test_a_function_has_the_permissions_of_its_role(account: LocalAccount, role: str) -> None:
    source = """
    import urllib.request, os
    def handler(event, context):
        return os.environ["AWS_SESSION_TOKEN"]
    """
    account.client("lambda").create_function(
        FunctionName="who", Code={"ZipFile": zipped(index=source)}, Role=role, Runtime=RUNTIME, Handler="index.handler"
    )
    answer = account.client("lambda").invoke(FunctionName="who")
    assert json.load(answer["Payload"]) == role
    done = {(one["role"], one["action"]) for one in account.permissions() if one["allowed"]}
    assert {(role, "logs:CreateLogStream"), (role, "logs:PutLogEvents")} <= done


def test_what_is_done_is_on_record_once_with_the_verdict(account: LocalAccount, role: str) -> None:
    for _ in range(2):
        account.client("s3", role).get_object(Bucket="shop", Key="in/a")
    found = [one for one in account.permissions() if one["resource"] == "arn:aws:s3:::shop/in/a"]
    read = {"role": role, "logical_id": None, "action": "s3:GetObject"}
    assert found == [{**read, "resource": "arn:aws:s3:::shop/in/a", "allowed": True}]


def test_a_packed_request_is_read_too(account: LocalAccount, role: str) -> None:
    data = [{"MetricName": f"m{number}", "Value": 1.0, "Unit": "Count"} for number in range(500)]
    told = refusal(account.client("cloudwatch", role).put_metric_data, Namespace="Shop", MetricData=data)
    assert "cloudwatch:PutMetricData on resource: *" in told


def test_the_owner_of_the_account_may_do_everything(account: LocalAccount) -> None:
    account.client("s3").get_object(Bucket="shop", Key="out/a")
    assert {one["role"].rsplit("/", 1)[-1] for one in account.permissions()} <= {"clerk"}


@pytest.mark.parametrize(
    ("condition", "context", "allowed"),
    [
        ({"StringEquals": {"kms:ViaService": "s3.amazonaws.com"}}, {"kms:ViaService": "s3.amazonaws.com"}, True),
        ({"StringEquals": {"kms:ViaService": "s3.amazonaws.com"}}, {}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "1"}}, {}, True),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": "2"}, False),
        ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, {"kms:GrantIsForAWSResource": "true"}, True),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, str], allowed: bool) -> None:
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": KEY, "Condition": condition}
    asked = Permission("kms:Decrypt", KEY, tuple(context.items()))
    assert allows([json.dumps({"Statement": [statement]})], asked) is allowed


@pytest.mark.parametrize("more", [{"NotResource": "*"}, {"Condition": {"IpAddress": {"aws:SourceIp": "::1"}}}])
def test_what_cannot_be_evaluated_is_refused_rather_than_guessed(more: dict[str, Any]) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", **more}
    with pytest.raises(PolicyError, match="evaluated on the local account"):
        allows([json.dumps({"Statement": statement})], Permission("s3:GetObject", "arn:aws:s3:::b/k"))

"""NIST 800-53 R5 as cdk-nag checks it: what does not apply anywhere in these stacks, and why.

Findings about single constructs are acknowledged where these are declared.
"""

from __future__ import annotations

from typing import Final

from constructs import IConstruct

from infra.constructs.nag import acknowledge_nist

_REASONS: Final = {
    "IAMNoInlinePolicy": (
        "Each policy belongs to one role alone and names its resources; a managed policy could be attached elsewhere."
    ),
    "LambdaInsideVPC": (
        "The functions listen to nothing and call only AWS APIs, over TLS, with roles that name what they reach; "
        "there is no resource in a VPC that they would need."
    ),
    "LambdaConcurrency": (
        "How many run at once is bounded where they are started: by schedules, by the concurrency of the state "
        "machine's maps, by one rule each. A reservation would be taken from the account's other functions."
    ),
    "CloudWatchAlarmAction": (
        "Every change of an alarm reaches people: by a rule on its state changes, or by alarm and OK actions. "
        "INSUFFICIENT_DATA is no message of its own: the heartbeat alarm tells that windows are missing."
    ),
    "DynamoDBInBackupPlan": (
        "Tables have point-in-time recovery; they hold which messages were sent, and incidents whose evidence is in "
        "the versioned bucket."
    ),
    "S3BucketReplicationEnabled": (
        "Which region may hold a second copy of captured data is the owner's decision; objects are versioned, and "
        "everything but captured data and labels can be made again from these."
    ),
}


def acknowledge_everywhere(scope: IConstruct) -> None:
    """Acknowledge what does not apply anywhere below `scope`."""
    for rule, reason in _REASONS.items():
        acknowledge_nist(scope, rule, reason)

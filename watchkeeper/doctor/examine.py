"""All questions, in order; what may not be asked is said, and the next one is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from infra.config import EndpointConfig
from watchkeeper.doctor import account, data, endpoint, managed, transform_jobs
from watchkeeper.doctor.finding import Finding, failed, unknown

QUESTIONS: Final[tuple[Callable[[EndpointConfig], Iterator[Finding]], ...]] = (
    account.identity,
    account.stack,
    endpoint.endpoint,
    endpoint.recent_capture,
    transform_jobs.transform_jobs,
    data.baseline,
    data.labels,
    data.images,
    managed.model_monitor,
    managed.quotas,
    account.dashboard,
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation"})


def examine(config: EndpointConfig) -> Iterator[Finding]:
    """Yield the answers to every question; without credentials there is just one."""
    for ask in QUESTIONS:
        about = ask.__name__.replace("_", " ")
        try:
            yield from ask(config)
        except NoCredentialsError:
            yield failed(about, "no AWS credentials", "set AWS_PROFILE, or log in: aws sso login")
            return
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchBucket":
                bucket = error.response["Error"].get("BucketName", "the bucket")
                yield failed(about, f"{bucket} does not exist", "check the URIs in the configuration, and the account")
                continue
            denied = code in _DENIED
            advice = f"allow this identity the call {error.operation_name}, or ignore it" if denied else "try again"
            yield unknown(about, str(error), advice)
        except BotoCoreError as error:
            yield unknown(about, str(error), "check region and network")

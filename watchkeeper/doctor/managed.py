"""Model Monitor and the quotas of its machines, asked only where a monitor runs there."""

from __future__ import annotations

from collections.abc import Iterator

from functions.common.clients import client
from infra.config import EndpointConfig
from infra.config.managed_runtime import ManagedRuntime
from infra.config.runtime import JobRuntime
from watchkeeper.doctor.finding import Finding, failed, ok, unknown


def model_monitor(config: EndpointConfig) -> Iterator[Finding]:
    """Look for signs that the account is a customer of Model Monitor, which takes no new ones since 30 July 2026.

    Only creating a schedule would tell for certain; listing works for everybody. So what is there counts: a schedule,
    or a job that one has started.
    """
    if not _is_managed(config):
        return
    sagemaker = client("sagemaker")
    if sagemaker.list_monitoring_schedules(MaxResults=1)["MonitoringScheduleSummaries"]:
        yield ok("model monitor", "the account has monitoring schedules in this region")
        return
    jobs = sagemaker.list_processing_jobs(NameContains="-monitoring-", MaxResults=1)["ProcessingJobSummaries"]
    if jobs:
        yield ok("model monitor", f"the account has run it before: {jobs[0]['ProcessingJobName']}")
        return
    yield unknown(
        "model monitor",
        "no schedule and no job of one in this region; it is closed to new customers since 30 July 2026",
        "a deployment asks before it creates anything; `runtime: auto` is the same analysis without Model Monitor",
    )


def quotas(config: EndpointConfig) -> Iterator[Finding]:
    """Compare the machines of jobs with the account's quota; machines that are busy already are not counted."""
    machines: list[ManagedRuntime | JobRuntime] = [config.runtime.managed] if _is_managed(config) else []
    machines += [machine for machine in (config.processing, config.spark) if machine is not None]
    if not machines:
        return
    allowed = _processing_quotas()
    for machine in machines:
        quota = allowed.get(f"{machine.instance_type} for processing job usage")
        about = f"{machine.instance_count} {machine.instance_type} for processing jobs"
        if quota is None:
            yield unknown("quota", f"{about}: no such quota is listed", "look it up in Service Quotas")
        elif quota < machine.instance_count:
            yield failed(
                "quota", f"{about}, allowed: {quota:g}", "ask for more in Service Quotas, or take another type"
            )
        else:
            yield ok("quota", f"{about}, allowed: {quota:g}")


def _is_managed(config: EndpointConfig) -> bool:
    return any(monitor.runtime == "managed" for monitor in config.monitors)


def _processing_quotas() -> dict[str, float]:
    pages = client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    return {str(quota["QuotaName"]): float(quota["Value"]) for page in pages for quota in page["Quotas"]}

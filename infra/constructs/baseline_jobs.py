"""Processing jobs that make the baselines of large data sets, and the state machine that runs them."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Duration, aws_iam
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.runtime import ProcessingRuntime
from infra.constructs.functions import MonitorFunction
from infra.constructs.image import ProductImage
from infra.constructs.permissions import Grant, Place
from infra.constructs.storage import Storage
from infra.runtimes.definition import FUNCTIONS_SECONDS, invoke
from infra.runtimes.jobs import FULL_SECONDS, START_SECONDS, JobData, OwnJobs
from infra.runtimes.state_machine import executions_arn, state_machine


class BaselineJobs(Construct):
    """State machine of two states: the job, and the function that asked for it, whatever has become of the job.

    Parameters
    ----------
    maker : MonitorFunction
        The function; it gets to start the state machine.
    sources : iterable of Place
        Data sets and model files.

    Attributes
    ----------
    arn : str
        Of the state machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        storage: Storage,
        machines: ProcessingRuntime,
        image: ProductImage,
        maker: MonitorFunction,
        sources: Iterable[Place],
    ) -> None:
        super().__init__(scope, construct_id)
        jobs = OwnJobs(
            self,
            "Jobs",
            config=config,
            storage=storage,
            machines=machines.model_copy(update={"instance_count": 1}),  # a data set is one file
            image=image,
            data=JobData(tuple(sources), config.decrypt_keys),
            arguments=["fit"],
        )
        tell = invoke(self, "Tell", maker.function, result_path="$")
        job = jobs.state(self, "Fit")
        job.add_catch(tell, result_path="$.error")
        machine = state_machine(
            self,
            "StateMachine",
            config=config,
            comment="baselines of large data sets",
            start=job.next(tell),
            functions=[maker.function],
            grants=jobs.starter_grants(),
            key=storage.key,
            timeout=Duration.seconds(jobs.timeout_seconds + FULL_SECONDS + START_SECONDS + FUNCTIONS_SECONDS),
        )
        self.arn = machine.state_machine_arn
        # The state machine calls the function, so the function's own policy cannot name the state machine.
        policy = aws_iam.Policy(self, "MayStart", roles=[maker.role])
        Grant(("states:ListExecutions", "states:StartExecution"), (self.arn,)).to_policy(policy)
        if config.promotion:  # which is told why a job has failed; a deployment hears it from the job
            executions = f"{executions_arn(self, machine)}:*"
            named = "Executions are named by what is fitted and who asks."
            Grant(("states:DescribeExecution",), (executions,), wildcard=named).to_policy(policy)

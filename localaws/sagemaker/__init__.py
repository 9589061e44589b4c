"""SageMaker on the local account: what moto answers from a canned list is done here for real.

``install`` puts these operations in the place of moto's; what it returns takes part in simulated time:

>>> sagemaker = install(account)                          # doctest: +SKIP
>>> clock.add(sagemaker)                                  # doctest: +SKIP
>>> server = sagemaker.in_front_of(moto)                  # doctest: +SKIP
>>> sagemaker.settle()                                    # doctest: +SKIP

Models, endpoints, jobs, pipelines and the registry live in a store of their own, not in moto's. Whatever else makes
them (CloudFormation, for one) has to go through the API.

Why each of moto 5.2.5's operations is replaced
-----------------------------------------------
- ``InvokeEndpoint`` is canned, captures nothing, and fails on a body that is not UTF-8.
- ``UpdateEndpoint``, ``ListPipelineExecutionSteps``, ``StopPipelineExecution``, ``StopTransformJob`` and everything
  about monitoring schedules, executions and alerts, and about ML Lineage, do not exist.
- Processing, training and transform jobs are ``Completed`` at once without running, and lose ``Environment``,
  ``ExitMessage`` and ``ProcessingResources``; pipelines "succeed" without running, and ignore ``ClientRequestToken``.
- Models and endpoint configurations lose fields (network isolation, shadow variants, explainer); endpoints report the
  capture configuration in the shape of the request; names can be taken twice; known instance types end in 2021.
- Model packages lose fields, and an update clears what it does not mention. No state change sends an event.
- Job definitions can be overwritten, and are listed under the endpoint "EndpointName".
- Tags of the above are kept here too, as their resources are.
- The limits of the API's model (lengths, patterns, choices) are not looked at.

Tuning and AutoML jobs, asynchronous invocations and ``Search``, which moto would pretend to do, are refused.
"""

from __future__ import annotations

from localaws.sagemaker.account import Account
from localaws.sagemaker.service import SageMaker

__all__ = ["Account", "SageMaker", "install"]


def install(account: Account) -> SageMaker:
    """Give `account` a working SageMaker.

    Call it once before the server takes requests; a second call replaces the first, for the whole process.

    Returns
    -------
    SageMaker
        A timeline for the clock (``next_time``, ``fire``), with ``in_front_of``, ``settle`` and ``close``.
    """
    service = SageMaker(account)
    service.plug_in()
    return service

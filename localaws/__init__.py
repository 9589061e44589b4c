"""An AWS account on loopback: moto, plus what moto lacks, under a clock that only moves when it is told to.

For demos and tests. What is run is real: the CDK CLI's own calls, the deployed Lambda zips in AWS's runtime client,
the state machines' own definitions, the alarms' own definitions. What is simulated is time, and what does not exist
here is quotas and networks.

Use it from Python through :class:`localaws.account.LocalAccount`, or from a shell with
``python -m localaws --port 5000``. It knows AWS only; nothing in here knows the product that is deployed into it.

How it is put together
----------------------
A server process (`localaws.server`) answers for moto and for the control interface (`localaws.control`) on one port.
Each service has a module or folder with an ``install`` that completes moto; its docstring says what of moto is replaced
and why. What the services need of each other is in `localaws.services.Services`. Whatever AWS does in the background
runs through one queue (`localaws.work`), time moves only through `localaws.clock`, and all of it is written down in
`localaws.journal`.
"""

"""IAM: who calls what with which role, and whether the role's policies allow it.

moto 5.2.5 takes every request. It can check permissions, but looks neither at conditions nor at resources of services
other than S3, and it would check what the account itself does, too.

Whatever acts with a role (a function, a state machine, a job, the container of a model, the target of a rule or
schedule) uses credentials whose session token is the role's ARN. Requests with such a token are looked at here before
they reach moto; all others are the account owner's. What AWS does with a role without a call of the API (Lambda writes
a function's logs, S3 encrypts with a bucket's key) is told by whoever plays that part, through `Access.check`.
"""

from localaws.access.access import Access
from localaws.access.policy import Permission

__all__ = ["Access", "Permission"]

"""The analysis: pure functions from bytes to a verdict.

No AWS, no environment, no clock, no network. Lambda functions, containers and the command line
call it, and give the same verdict because of that.
"""

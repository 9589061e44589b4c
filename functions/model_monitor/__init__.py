"""Custom resources for what CloudFormation cannot do with Model Monitor: ask first, set alerts, end in order."""

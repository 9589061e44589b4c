"""The deployment: one configuration file per endpoint -> one CloudFormation stack."""

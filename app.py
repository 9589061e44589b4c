"""CDK app: `cdk deploy -c config=examples/flights/monitoring.yaml`."""

import sys

from aws_cdk import App

from infra.app import build, config_paths
from monitoring_core.errors import ConfigError

app = App()
try:
    build(app, config_paths(app.node.try_get_context("config")))
except ConfigError as error:
    sys.exit(str(error))
app.synth()

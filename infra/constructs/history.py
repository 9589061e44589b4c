"""The history of all measurements as a table for Athena; partitions are computed, never crawled."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Stack, aws_glue, aws_s3
from constructs import Construct

from infra.config import EndpointConfig, FleetConfig
from infra.constructs.storage import Storage
from monitoring_core.history_schema import COLUMNS, PARTITION_KEYS, HistoryColumn

_FIRST_DAY = "2013-01-01"
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


class History(Construct):
    """Glue database and table over what was measured on one endpoint."""

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        _table(
            self,
            f"watchkeeper_{_glue_name(config.name)}",
            f"What Watchkeeper measured on {config.name}",
            storage.bucket,
            {
                "projection.endpoint.type": "enum",
                "projection.endpoint.values": config.name,
                "projection.monitor.type": "enum",
                "projection.monitor.values": ",".join(monitor.name for monitor in config.monitors),
            },
        )


class FleetHistory(Construct):
    """Glue database and table over what was measured on every endpoint of a fleet.

    A query names the endpoints and monitors that it is about (``endpoint IN (...)``), so the table need not list them.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: FleetConfig, bucket: aws_s3.IBucket) -> None:
        super().__init__(scope, construct_id)
        _table(
            self,
            f"watchkeeperfleet_{_glue_name(config.fleet)}",
            f"What Watchkeeper measured on the endpoints of {config.fleet}",
            bucket,
            {"projection.endpoint.type": "injected", "projection.monitor.type": "injected"},
        )


def _table(
    scope: Construct, database_name: str, description: str, bucket: aws_s3.IBucket, projection: Mapping[str, str]
) -> None:
    """Declare database and table.

    Parameters
    ----------
    projection : mapping of str to str
        How Athena computes the partitions of endpoint and monitor, instead of looking them up.
    """
    catalog = Stack.of(scope).account
    location = f"s3://{bucket.bucket_name}/history/"
    keys = "/".join(f"{column.name}=${{{column.name}}}" for column in PARTITION_KEYS)
    database = aws_glue.CfnDatabase(
        scope,
        "Database",
        catalog_id=catalog,
        database_input=aws_glue.CfnDatabase.DatabaseInputProperty(name=database_name, description=description),
    )
    table = aws_glue.CfnTable(
        scope,
        "Table",
        catalog_id=catalog,
        database_name=database_name,
        table_input=aws_glue.CfnTable.TableInputProperty(
            name="history",
            description="Every measurement of every run",
            table_type="EXTERNAL_TABLE",
            parameters={
                "classification": "parquet",
                "projection.enabled": "true",
                **projection,
                "projection.date.type": "date",
                "projection.date.format": "yyyy-MM-dd",
                "projection.date.range": f"{_FIRST_DAY},NOW+1DAYS",
                "storage.location.template": f"{location}{keys}/",
            },
            partition_keys=[_column(column) for column in PARTITION_KEYS],
            storage_descriptor=aws_glue.CfnTable.StorageDescriptorProperty(
                location=location,
                columns=[_column(column) for column in COLUMNS],
                input_format=f"{_PARQUET}.MapredParquetInputFormat",
                output_format=f"{_PARQUET}.MapredParquetOutputFormat",
                serde_info=aws_glue.CfnTable.SerdeInfoProperty(
                    serialization_library=f"{_PARQUET}.serde.ParquetHiveSerDe"
                ),
            ),
        ),
    )
    table.add_resource_dependency(database)


def _glue_name(name: str) -> str:
    return name.replace("-", "_").lower()


def _column(column: HistoryColumn) -> aws_glue.CfnTable.ColumnProperty:
    return aws_glue.CfnTable.ColumnProperty(name=column.name, type=column.glue_type, comment=column.comment)

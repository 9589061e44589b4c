"""The history of all measurements as a table for Athena; partitions are computed, never crawled."""

from __future__ import annotations

from aws_cdk import Stack, aws_glue
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.storage import Storage
from monitoring_core.history_schema import COLUMNS, PARTITION_KEYS, HistoryColumn

_FIRST_DAY = "2013-01-01"
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


class History(Construct):
    """Glue database and table over the stack's `history/`."""

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        catalog = Stack.of(self).account
        name = f"watchkeeper_{config.endpoint.name.replace('-', '_').lower()}"
        database = aws_glue.CfnDatabase(
            self,
            "Database",
            catalog_id=catalog,
            database_input=aws_glue.CfnDatabase.DatabaseInputProperty(
                name=name, description=f"What Watchkeeper measured on {config.endpoint.name}"
            ),
        )
        table = aws_glue.CfnTable(
            self,
            "Table",
            catalog_id=catalog,
            database_name=name,
            table_input=aws_glue.CfnTable.TableInputProperty(
                name="history",
                description="Every measurement of every run",
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "parquet", **_projection(config, storage)},
                partition_keys=[_column(column) for column in PARTITION_KEYS],
                storage_descriptor=aws_glue.CfnTable.StorageDescriptorProperty(
                    location=storage.uri("history/"),
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


def _projection(config: EndpointConfig, storage: Storage) -> dict[str, str]:
    """Partition projection: Athena computes the partitions from these ranges instead of looking them up."""
    keys = "/".join(f"{column.name}=${{{column.name}}}" for column in PARTITION_KEYS)
    return {
        "projection.enabled": "true",
        "projection.endpoint.type": "enum",
        "projection.endpoint.values": config.endpoint.name,
        "projection.monitor.type": "enum",
        "projection.monitor.values": ",".join(monitor.name for monitor in config.monitors),
        "projection.date.type": "date",
        "projection.date.format": "yyyy-MM-dd",
        "projection.date.range": f"{_FIRST_DAY},NOW+1DAYS",
        "storage.location.template": storage.uri(f"history/{keys}/"),
    }


def _column(column: HistoryColumn) -> aws_glue.CfnTable.ColumnProperty:
    return aws_glue.CfnTable.ColumnProperty(name=column.name, type=column.glue_type, comment=column.comment)

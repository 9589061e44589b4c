"""The Glue data catalogue, and SSM parameters."""

from __future__ import annotations

from collections.abc import Mapping

from tests.local.deploy.readers.shape import Client, Properties, Reader

_WRITTEN_BY_GLUE = ("CatalogId", "CreateTime", "DatabaseName", "IsRegisteredWithLakeFormation", "VersionId")


def _database(client: Client, physical_id: str, _: Properties) -> Properties:
    found = client("glue").get_database(Name=physical_id)["Database"]
    return {"CatalogId": found["CatalogId"], "DatabaseInput": _input(found)}


def _table(client: Client, physical_id: str, expected: Properties) -> Properties:
    found = client("glue").get_table(DatabaseName=expected["DatabaseName"], Name=physical_id)["Table"]
    known = {key: found[key] for key in ("CatalogId", "DatabaseName") if key in found}
    return {**known, "TableInput": _input(found)}


def _input(found: Properties) -> Properties:
    return {key: value for key, value in found.items() if key not in _WRITTEN_BY_GLUE}


def _parameter(client: Client, physical_id: str, _: Properties) -> Properties:
    found = client("ssm").get_parameter(Name=physical_id)["Parameter"]
    tags = client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=physical_id)["TagList"]
    return {
        **{key: found[key] for key in ("Name", "Type", "Value")},
        "Tags": {tag["Key"]: tag["Value"] for tag in tags},
    }


READERS: Mapping[str, Reader] = {
    "AWS::Glue::Database": _database,
    "AWS::Glue::Table": _table,
    "AWS::SSM::Parameter": _parameter,
}

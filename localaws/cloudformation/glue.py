"""The Glue data catalogue."""

from __future__ import annotations

from localaws.cloudformation.resource import ApiResource


class Database(ApiResource):
    """``AWS::Glue::Database``; its name lies inside ``DatabaseInput``, or beside it as ``DatabaseName``."""

    TYPE = "AWS::Glue::Database"
    NAME = "DatabaseName"

    def create(self) -> None:
        """Create the database."""
        definition = {"Name": self.name.lower(), **self.properties["DatabaseInput"]}
        self.physical_id = definition["Name"]
        self.client("glue").create_database(**{**self.properties, "DatabaseInput": definition})

    def remove(self) -> None:
        """Delete the database."""
        self.client("glue").delete_database(Name=self.physical_id)


class Table(ApiResource):
    """``AWS::Glue::Table``; its name lies inside ``TableInput``."""

    TYPE = "AWS::Glue::Table"

    def create(self) -> None:
        """Create the table."""
        definition = {"Name": self.name.lower(), **self.properties["TableInput"]}
        self.physical_id = definition["Name"]
        self.client("glue").create_table(**{**self.properties, "TableInput": definition})

    def remove(self) -> None:
        """Delete the table."""
        self.client("glue").delete_table(DatabaseName=self.properties["DatabaseName"], Name=self.physical_id)


TYPES = (Database, Table)

"""``python -m tests.local.permissions``: every permission of the roles, with the runs that use it, or the reason."""

from __future__ import annotations

from tests.local.permissions.book import Permission, listed, on_record


def main() -> None:
    """Print a line for each permission, role by role."""
    told: dict[Permission, str] = {}
    for run, permissions in on_record().items():
        for one in permissions:
            told[one] = f"{told[one]}, {run}" if one in told else f"used by: {run}"
    for (role, action), why in sorted({**told, **listed()}.items()):
        print(f"{role}  {action}  {why}")  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()

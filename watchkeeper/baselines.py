"""Baseline: the files of a baseline, and what to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Self

from monitoring_core.baseline_files import CONSTRAINTS, HISTOGRAMS, INFO, STATISTICS, BaselineFiles, load_baseline
from monitoring_core.errors import BaselineError, DataError
from monitoring_core.monitors.data_quality.analysis import load_limits, load_reference
from monitoring_core.spec import DataQualitySpec
from watchkeeper.inputs import Input, find
from watchkeeper.settings import MonitorSettings

SETTINGS: Final = "settings.json"
"""Not one of the files that ``baseline.json`` seals: limits may be changed in it."""
ANALYSIS: Final = "analysis.json"
UNSEALED: Final = frozenset({STATISTICS, CONSTRAINTS, HISTOGRAMS, ANALYSIS, "model"})
"""What is read of a baseline without ``baseline.json``: Amazon's files, exact counts, a model."""


@dataclass(frozen=True, slots=True, repr=False)
class Baseline:
    """What is normal: made by `fit`, or read from a folder.

    Attributes
    ----------
    files : BaselineFiles
        Immutable, named by their content.
    settings : MonitorSettings
        What is analysed and how.
    """

    files: BaselineFiles
    settings: MonitorSettings

    @classmethod
    def read(cls, location: str | Path, settings: MonitorSettings | None = None) -> Self:
        """Read a baseline: one of ours, checked against its hashes, or the files of Amazon's analyzers.

        Parameters
        ----------
        location : str or Path
            Folder or ``s3://`` URI.
        settings : MonitorSettings, optional
            What to analyse; by default what the baseline was made with, or data quality if nothing says that.

        Raises
        ------
        BaselineError
            If there is none, or it was changed.
        """
        found = _files_in(str(location))
        files = _load(found, str(location))
        kept = MonitorSettings.load(found[SETTINGS].read()) if SETTINGS in found else None
        if settings is None:
            return cls(files, kept or _data_quality(files, str(location)))
        if kept is not None:
            data = kept.model_dump(include={"time_column", "ignore", "answer", "columns"})
            settings = settings.model_copy(update=data)
        return cls(files, settings)

    def write(self, folder: str | Path) -> Path:
        """Write the files to a folder, which `read` and ``watchkeeper run`` take."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.files.items():
            (path / name).write_bytes(content)
        (path / SETTINGS).write_bytes(self.settings.dump())
        return path

    @property
    def baseline_id(self) -> str:
        """Content address."""
        return self.files.baseline_id

    @property
    def rows(self) -> int | None:
        """Rows that it rests on; None where that is not known."""
        return None if self.files.info is None else self.files.info.rows

    def __repr__(self) -> str:
        rows = "" if self.rows is None else f", {self.rows:,} rows"
        return f"<Baseline {self.baseline_id} of {self.settings.spec.name}{rows}>"


def read_baseline_files(location: str) -> BaselineFiles:
    """Read the files of a baseline alone, as `Baseline.read` does."""
    return _load(_files_in(location), location)


def _files_in(location: str) -> dict[str, Input]:
    """Return the files of a folder, without those below it, by name."""
    try:
        items = find(location)
    except DataError as error:
        raise BaselineError(f"no baseline: {error}; make one with `watchkeeper baseline`") from error
    folder = PurePosixPath(location)
    paths = ((PurePosixPath(item.name), item) for item in items)
    return {path.name: item for path, item in paths if path.parent == folder}


def _load(found: dict[str, Input], location: str) -> BaselineFiles:
    if INFO in found:
        names = found.keys() - {SETTINGS}
        return load_baseline({name: found[name].read() for name in names})
    if not found.keys() & {CONSTRAINTS, ANALYSIS}:
        raise BaselineError(
            f"no baseline in {location}: it needs {CONSTRAINTS} and {STATISTICS}, or {ANALYSIS}; "
            "make one with `watchkeeper baseline`"
        )
    return BaselineFiles({name: found[name].read() for name in found.keys() & UNSEALED})


def _data_quality(files: BaselineFiles, location: str) -> MonitorSettings:
    """Return what fits a baseline that nothing is known about, if it is of data quality."""
    try:
        load_reference(files.files)
        features = load_limits(files.files).features
    except (KeyError, BaselineError) as error:
        of = "" if files.info is None else f" of monitor {files.info.monitor!r}"
        raise BaselineError(
            f"nothing says how to analyse data with the baseline{of} in {location}: give its monitor with --config "
            "(and --monitor), or its specification with --spec"
        ) from error
    return MonitorSettings(spec=DataQualitySpec(), columns=tuple(feature.name for feature in features))

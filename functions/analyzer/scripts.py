"""Scripts of the user: ``preprocess_handler`` for every record, ``postprocess_handler`` after the run."""

from __future__ import annotations

import inspect
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

import msgspec

from functions.analyzer.inference_record import InferenceRecord
from monitoring_core.dataset.capture_record import CaptureData, CaptureRecord, RecordReader, Records, set_aside
from monitoring_core.dataset.ground_truth import decode_labels
from monitoring_core.dataset.lines import Numbered
from monitoring_core.dataset.payload import Payload
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window

PREPROCESS: Final = "preprocess_handler"
POSTPROCESS: Final = "postprocess_handler"
WITH_LOGGER: Final = 2
"""Arguments of a handler that takes a logger, too."""

logger = logging.getLogger("watchkeeper.script")

Argument = Callable[[CaptureRecord], Any]
"""What the handler is given for a record."""


def line_argument(record: CaptureRecord) -> Any:
    """Return the line of a batch data set: the text of a CSV row, the value of a JSON line."""
    line = record.capture_data.batch_transform_output
    assert line is not None  # noqa: S101 - the reader of lines makes only such records
    return json.loads(line.data) if line.encoding == "JSON" else line.data


class RecordScript:
    """A user's script with ``preprocess_handler(inference_record[, logger])``.

    The handler returns a dict of values by column, a list of such dicts (one per row), ``[]`` to drop the
    record, or the record itself to keep it as it is. Columns come in the order of their sorted keys.
    A record on which it fails goes to the quarantine, with the line of the script.

    Parameters
    ----------
    path : Path
        The script.

    Raises
    ------
    ConfigError
        If the script cannot be run, or has no such handler.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handler = _load(path, PREPROCESS)
        self._more = (logger,) if _arguments(self._handler, path, most=WITH_LOGGER) == WITH_LOGGER else ()
        self.calls = 0
        self.failures = 0
        self.first_failure = ""

    def around(self, reader: RecordReader, argument: Argument = InferenceRecord) -> RecordReader:
        """Return a reader of what the handler makes of the records that `reader` reads."""

        def read(
            source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine
        ) -> Iterator[Records]:
            for records in reader(source, window, quarantine, unplaced):
                yield Numbered.of(self._apply(records, argument, source, quarantine))

        return read

    def check(self) -> None:
        """Say how often the handler has failed; raise `ConfigError` if it has on every record."""
        if not self.failures:
            return
        if self.failures == self.calls:
            raise ConfigError(
                f"{PREPROCESS} failed on every one of {self.calls} records, first with {self.first_failure}; "
                f"correct {self._path}"
            )
        logger.warning(
            "%s failed on %d of %d records, which are left out, first with %s",
            PREPROCESS,
            self.failures,
            self.calls,
            self.first_failure,
        )

    def _apply(
        self, records: Records, argument: Argument, source: Source, quarantine: Quarantine
    ) -> Iterator[tuple[int, CaptureRecord]]:
        for line, record in records:
            self.calls += 1
            try:
                made = self._make(record, argument)
            except UnreadableRecordError as error:
                self.failures += 1
                self.first_failure = self.first_failure or error.detail
                set_aside(line, record, source, quarantine, error)
            else:
                if made is not None:
                    yield line, made

    def _make(self, record: CaptureRecord, argument: Argument) -> CaptureRecord | None:
        try:
            given = argument(record)
            returned = self._handler(given, *self._more)
            if returned is given:
                return record
            rows = _rows(returned)
            if not rows:
                return None
            data = CaptureData(endpoint_output=Payload(_encode(rows), "JSON"))
        except (Exception, SystemExit) as error:
            raise UnreadableRecordError(Reason.SCRIPT_FAILED, _explain(error, self._path)) from error
        label = record.ground_truth_data and _label(record.ground_truth_data, len(rows))
        return msgspec.structs.replace(record, capture_data=data, ground_truth_data=label)


def run_postprocess(path: Path) -> None:
    """Run ``postprocess_handler()`` of a script.

    Raises
    ------
    ConfigError
        If the script cannot be run, has no such handler, or fails; with the line of the script.
    """
    handler = _load(path, POSTPROCESS)
    _arguments(handler, path, most=0)
    try:
        handler()
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{POSTPROCESS} failed: {_explain(error, path)}") from error


def compile_script(path: Path) -> CodeType:
    """Compile a script; that alone says whether it can be run at all.

    Raises
    ------
    ConfigError
        If it cannot be read, or is not Python.
    """
    try:
        return compile(path.read_bytes(), str(path), "exec")
    except OSError as error:
        raise ConfigError(f"cannot read the script {path}: {error.strerror}; check its path") from error
    except (SyntaxError, ValueError) as error:
        raise ConfigError(f"the script {path} cannot be run: {_explain(error, path)}") from error


def _load(path: Path, name: str) -> Callable[..., Any]:
    code, module = compile_script(path), ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        exec(code, module.__dict__)  # noqa: S102 - running the user's script is what this is for
    except (Exception, SystemExit) as error:
        raise ConfigError(f"the script {path} cannot be run: {_explain(error, path)}") from error
    handler: Callable[..., Any] | None = getattr(module, name, None)
    if not callable(handler):
        raise ConfigError(f"the script {path} has no function {name}; define it")
    return handler


def _arguments(handler: Callable[..., Any], path: Path, *, most: int) -> int:
    """Return how many arguments the handler is to be given."""
    signature = inspect.signature(handler)
    for count in range(most, min(most, 1) - 1, -1):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        return count
    allowed = "(inference_record) or (inference_record, logger)" if most else "()"
    raise ConfigError(f"{path} defines {handler.__name__}{signature}; it must take {allowed}")


def _rows(returned: object) -> list[dict[str, Any]]:
    rows = [returned] if isinstance(returned, dict) else returned
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError(
            f"{PREPROCESS} returned a {type(returned).__name__}; "
            "return a dict, a list of dicts, or [] to drop the record"
        )
    return [_row(row) for row in rows if row]


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    for key, value in row.items():
        if not isinstance(key, int | str):
            raise TypeError(f"{PREPROCESS} returned a key {key!r}; keys must be int or str")
        if isinstance(value, dict | list | tuple | set):
            raise TypeError(f"{PREPROCESS} returned a {type(value).__name__} for {key!r}; give one value per key")
    return {str(key): row[key] for key in sorted(row, key=lambda key: (isinstance(key, str), key))}


def _encode(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows, enc_hook=_plain).decode()


def _plain(value: Any) -> Any:
    """Return a number of numpy as Python's, anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)


def _label(label: Payload, n_rows: int) -> Payload:
    """Return the label, missing in every row if it does not fit the rows that the script has made."""
    try:
        if len(decode_labels(label)) == n_rows:
            return label
    except UnreadableRecordError:
        pass
    return Payload(json.dumps({"instances": [None] * n_rows}), "JSON")


def _explain(error: BaseException, path: Path) -> str:
    """Return the error with the last line of the script that it passed through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if isinstance(error, SyntaxError):
        lines.append(error.lineno)
    place = f"{path.name}:{lines[-1]}" if lines else path.name
    return f"{place}: {type(error).__name__}: {error}"

"""Batch transform output with inference ids: the records that ground truth is joined to (contract 1.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import msgspec

from monitoring_core.dataset.capture_record import CaptureData, CaptureRecord, EventMetadata, Records, Time, keep_inside
from monitoring_core.dataset.lines import Numbered, check_keys, read_blocks
from monitoring_core.dataset.payload import Payload
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source
from monitoring_core.errors import DataError
from monitoring_core.window import Window

_ID, _TIME = "SageMakerInferenceId", "SageMakerInferenceTime"

_KEY_END = re.compile(r'"\s*:')

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_convert_time = partial(msgspec.convert, type=Time)

_Line = Callable[[str], CaptureRecord]


def read_batch_records(
    source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine
) -> Iterator[Records]:
    r"""Yield the rows of a transform's output object, with id and time taken out, a block at a time.

    CSV rows end in inference id and time; JSON Lines have the keys ``SageMakerInferenceId`` and
    ``SageMakerInferenceTime``. A line is one event, whatever the number of its rows.

    Parameters
    ----------
    source : Source
        What a transform job with ``GenerateInferenceId`` wrote, plain or gzip.
    window : Window or None
        Keeps rows with a time in it.
    quarantine, unplaced : Quarantine
        Where good records outside the window are counted, and where bad records go.

    Examples
    --------
    >>> source = Source("test.csv.out", b"41,2,0.07,8918e4b2-1,2023-01-19T05:32:51Z\n41,3,0.08\n")
    >>> quarantine = Quarantine()
    >>> (((line, record),),) = read_batch_records(source, None, quarantine, quarantine)
    >>> record.event_metadata.event_id, record.capture_data.batch_transform_output.data, quarantine.count
    ('8918e4b2-1', '41,2,0.07', 1)
    """
    read: _Line | None = None
    for block in read_blocks(source, unplaced):
        records = []
        for number, line in block.lines():
            read = read or (_from_json if line.lstrip().startswith(b"{") else _from_csv)
            try:
                records.append((number, read(line.decode())))
            except UnicodeDecodeError:
                unplaced.add(source.name, number, Reason.NOT_UTF8, excerpt=line)
            except UnreadableRecordError as error:
                unplaced.add(source.name, number, error.reason, detail=error.detail, excerpt=line)
        numbered = Numbered.of(records)
        yield numbered if window is None else keep_inside(numbered, window, source, quarantine, unplaced)


def manifest_objects(manifest: bytes) -> tuple[str, ...]:
    """Return the URIs of the objects that the capture of a batch transform points to.

    Raises
    ------
    DataError
        If it is not a manifest.

    Examples
    --------
    >>> manifest_objects(b'[{"prefix": "s3://bucket/out/"}, "test.csv.out"]')
    ('s3://bucket/out/test.csv.out',)
    >>> manifest_objects(b'[{"prefix": "s3://bucket/in/test.csv"}, ""]')
    ('s3://bucket/in/test.csv',)
    """
    try:
        head, *names = msgspec.json.decode(manifest)
        prefix = head["prefix"]
        return tuple([prefix + name for name in names])
    except (msgspec.MsgspecError, TypeError, ValueError, KeyError) as error:
        raise DataError(
            f"not a manifest of a batch transform's capture: {manifest[:100]!r}; "
            'expected [{"prefix": "s3://..."}, "name", ...]'
        ) from error


def _from_csv(line: str) -> CaptureRecord:
    parts = line.rsplit(",", maxsplit=2)
    if len(parts) != 3:  # noqa: PLR2004 - the row, its id, its time
        raise UnreadableRecordError(Reason.NOT_A_BATCH_OUTPUT, f"it has {len(parts)} columns")
    data, event_id, time = parts
    return _record(Payload(data, "CSV"), event_id.strip('"'), time.strip('"'))


def _from_json(line: str) -> CaptureRecord:
    try:
        document = _decode_object(line)
        event_id, time = _decode_text(document.pop(_ID)), _decode_text(document.pop(_TIME))
    except KeyError as error:
        raise UnreadableRecordError(Reason.NOT_A_BATCH_OUTPUT, f"it has no key {error}") from error
    except msgspec.ValidationError as error:
        raise UnreadableRecordError(Reason.NOT_A_BATCH_OUTPUT, str(error)) from error
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise UnreadableRecordError(Reason.NOT_JSON, str(error)) from error
    except RecursionError as error:
        raise UnreadableRecordError(Reason.TOO_DEEP) from error
    data = msgspec.json.encode(document).decode()  # raw values keep the text of every number: types are inferred on it
    if len(_KEY_END.findall(line)) != len(_KEY_END.findall(data)) + 2:
        check_keys(line)
    return _record(Payload(data, "JSON"), event_id, time)


def _record(data: Payload, event_id: str, time: str) -> CaptureRecord:
    try:
        answered: datetime = _convert_time(time)
    except msgspec.ValidationError as error:
        raise UnreadableRecordError(Reason.NOT_A_BATCH_OUTPUT, f"{time[:50]!r} is no time") from error
    return CaptureRecord(CaptureData(batch_transform_output=data), EventMetadata(event_id, inference_time=answered))

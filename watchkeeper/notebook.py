"""The analysis in a notebook: tables in, results out.

::

    from watchkeeper import evaluate, fit, specify

    baseline = fit(specify("model-quality", label="late", probability="probability"), january)
    result = evaluate(baseline, february)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitoring_core.dataset import Quarantine, read_table
from monitoring_core.errors import DataError
from monitoring_core.explain.archive import find_model_file
from monitoring_core.spec import MonitorSpec
from monitoring_core.window import Window
from watchkeeper.baselines import Baseline
from watchkeeper.fitting import Origin, learn
from watchkeeper.result import Result, judge
from watchkeeper.settings import MonitorSettings
from watchkeeper.specification import specify


def fit(
    monitor: MonitorSpec | str,
    table: Any,
    *,
    ignore: Sequence[str] = (),
    time_column: str | None = None,
    period: timedelta = timedelta(days=1),
    model_file: str | Path | None = None,
    model: str = "",
) -> Baseline:
    """Learn from good data what normal is.

    Parameters
    ----------
    monitor : MonitorSpec or str
        From `specify` or `monitoring_core.spec`; or the name of a kind that needs to be told nothing, such as
        ``data-quality``.
    table : pandas.DataFrame, or any object with ``__arrow_c_stream__``
        A pandas, polars or pyarrow table. It is held in memory.
    ignore : sequence of str
        Columns that are no features, such as an id. Later tables may have them or not.
    time_column : str, optional
        Column with the time of each row: limits are calibrated to the change from one `period` to the next.
    period : timedelta
        Length of the windows that will be evaluated.
    model_file : str or Path, optional
        The model, for ``model-explainability``: XGBoost as JSON or UBJSON, LightGBM as text, ONNX, a linear model as
        JSON, by itself or in a `model.tar.gz`.
    model : str
        Name of the model that the baseline belongs to.

    Raises
    ------
    ConfigError
        If the monitor needs to be told more.
    NoDataError
        If there are no rows.
    ColumnNotFoundError
        If a column is not in the table.
    UnsupportedFormatError
        If the table is another kind of object, or the model file cannot be read.
    DataError
        If a row has an infinite number: good data has none.

    Examples
    --------
    >>> import pandas as pd
    >>> fit("data-quality", pd.DataFrame({"age": [20, 30, 40] * 100})).rows
    300
    """
    settings = MonitorSettings(
        spec=specify(monitor) if isinstance(monitor, str) else monitor,
        time_column=time_column,
        period=period,
        ignore=tuple(ignore),
    )
    quarantine = Quarantine()
    content = None if model_file is None else find_model_file(Path(model_file).read_bytes(), str(model_file))
    baseline = learn(settings, read_table(table, quarantine), Origin("table in memory", model=model), content)
    if quarantine.count:
        raise DataError(f"{quarantine.count} rows have an infinite number; remove or correct them")
    return baseline


def evaluate(baseline: Baseline, table: Any, *, window: Window | str | None = None) -> Result:
    """Hold a table against a baseline: the verdict of the deployed monitor.

    Parameters
    ----------
    baseline : Baseline
        From `fit`, or ``Baseline.read(folder)``.
    table : pandas.DataFrame, or any object with ``__arrow_c_stream__``
        A pandas, polars or pyarrow table.
    window : Window or str, optional
        The time that the rows are of, as ``START/END``: for the report, and the freshness of the data. All rows count.

    Raises
    ------
    NoDataError
        If there are no rows.
    ColumnNotFoundError
        If a column that the monitor needs is not in the table.
    UnsupportedFormatError
        If the table is another kind of object.

    Examples
    --------
    >>> import pandas as pd
    >>> baseline = fit("data-quality", pd.DataFrame({"age": [20, 30, 40] * 100}))
    >>> evaluate(baseline, pd.DataFrame({"age": [70, 80, 90] * 100}))
    <Result of data-quality: 1 violation in 1 feature. Worst is age: distribution drift 0.853, 8.5 times its limit \
of 0.1, on 300 rows.>
    """
    quarantine = Quarantine()
    span = Window.parse(window) if isinstance(window, str) else window
    return judge(baseline, read_table(table, quarantine), quarantine, window=span)

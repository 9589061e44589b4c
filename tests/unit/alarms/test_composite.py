from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.alarms import AlarmState, CompositeAlarmDefinition, StateValue, evaluate_composite
from monitoring_core.errors import ConfigError

NOW = datetime(2020, 7, 7, 12, 25, 37, tzinfo=UTC)
ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:"
STATES = {
    "raised": AlarmState(StateValue.ALARM, "", NOW),
    "fine": AlarmState(StateValue.OK, "", NOW - timedelta(hours=1)),
    "blind one": AlarmState(StateValue.INSUFFICIENT_DATA, "", NOW - timedelta(hours=2)),
}


def composite(rule: str) -> CompositeAlarmDefinition:
    return CompositeAlarmDefinition.from_api({"AlarmName": "any", "AlarmArn": ARN + "any", "AlarmRule": rule})


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(raised)", True),
        ('ALARM("fine")', False),
        ("OK('fine')", True),
        ('INSUFFICIENT_DATA("blind one")', True),
        (f'ALARM("{ARN}raised")', True),
        ("NOT ALARM(raised)", False),
        ("ALARM(fine) OR ALARM(raised) AND OK(fine)", True),
        ("(ALARM(fine) OR ALARM(raised)) AND NOT OK(fine)", False),
        ("TRUE", True),
        ("FALSE OR ALARM(raised)", True),
        ('\n ALARM( "raised" )\n AND NOT ALARM("blind one")', True),
    ],
)
def test_rules(rule: str, *, holds: bool) -> None:
    state = evaluate_composite(composite(rule), STATES, NOW, AlarmState.initial(NOW))
    assert state.value == ("ALARM" if holds else "OK")


def test_the_reason_names_the_alarm_that_changed_last() -> None:
    state = evaluate_composite(composite("ALARM(raised) AND OK(fine)"), STATES, NOW, AlarmState.initial(NOW))
    assert state.reason == f"{ARN}raised transitioned to ALARM at Tuesday 07 July, 2020 12:25:37 UTC"
    assert evaluate_composite(composite("ALARM(raised)"), STATES, NOW, state) is state


def test_a_rule_over_an_alarm_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(
        ConfigError, match="names alarms that do not exist: gone; known alarms: blind one, fine, raised"
    ):
        evaluate_composite(composite("ALARM(gone) OR ALARM(raised)"), STATES, NOW, AlarmState.initial(NOW))


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "ALARM(",
        "ALARM()",
        "raised",
        "ALARM(a) + ALARM(b)",
        "AT_LEAST(1, ALARM, (a, b))",
        "exec('x')",
        "_0_",
        "ALARM(a b)",
    ],
)
def test_what_is_not_a_rule_is_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match="composite alarm 'any'"):
        composite(rule)


@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters='"\x00', exclude_categories=["Cc"]), min_size=1, max_size=30
    )
)
def test_any_name_can_be_quoted(name: str) -> None:
    if ":" not in name:
        assert composite(f'NOT ALARM("{name}")').children == {name}

"""From Model Monitor's schedules, job definitions and alarms to our configuration."""

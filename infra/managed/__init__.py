"""Model Monitor and Clarify: images, job definitions, schedules, and what turns their executions into runs."""

"""One file for each command. What is heavy is imported when the command runs."""

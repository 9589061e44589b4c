"""Speed, measured: every benchmark runs in a process of its own and reports processor time and memory."""

"""Turn finished executions of Model Monitor into our evaluation, report and manifest."""

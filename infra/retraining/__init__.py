"""The SageMaker pipeline that retrains a model: how its definition is generated, and the committed result.

`load` fills in the committed definition (``pipeline.json``); it is what the stacks use, and it needs nothing but
the standard library. `definition` generates that file with the SageMaker SDK, which nothing else imports.
"""

"""Model Monitor: job definitions, and what a schedule runs each time it fires.

``definition`` reads a job definition, ``sources`` knows where captured data lies, ``analysis`` and ``merge`` make the
requests of the two processing jobs of a run, ``merger`` is what runs in the place of Amazon's merge image.
"""

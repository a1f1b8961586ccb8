"""The Python API: what ``from importer import run`` gives. The front end for programs, beside the page and the command.

- ``file_functions.py``, ``run_functions.py``  the functions, each to await and to wait for
- ``arguments.py``  their arguments as values; ``argument_types.py`` wrong types refused; ``data_frame.py`` a DataFrame
  as a file
- ``callbacks.py``  what the caller hears and is asked; ``blocking.py`` how work is waited for, also when cancelled
- ``reports.py``    what they return
- ``embedded_sandbox.py``  the practice service inside a call or a command; ``practice_options.py`` its switches
- ``retention.py``  personal data of old runs, removed by the way
- ``clock.py``  the time that everything below goes by

Each function does what the command of its name does: arguments as values, one function of ``runs/``, the result as
data. This package exports one number and loads nothing: what a caller does not use is not loaded.
"""

MOST_SPEED = 600
"""How many times faster the time of a practice service may pass: at more, the windows are shorter than a call."""

"""The stages of an import, one after another. What every front end calls.

Nothing is offered here: a command that only looks at runs must not load what sends them.

- ``source.py``     a file opened, copied and examined; ``lookup.py`` the names in it
- ``session.py``    signed in, with the journal open; ``observer.py`` whoever watches
- ``plan.py``       what is known before a run begins
- ``run.py``        run, resume, retry, reconcile; ``batch.py`` several files at once
- ``reconcile.py``  rows in doubt settled around the sending
- ``verify.py``, ``undo.py``  afterwards
- ``status.py``, ``follow.py``  how runs stand; ``doctor.py`` what must be right before an import
"""

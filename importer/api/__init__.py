"""What the front ends for people and for programs have in common.

- ``embedded_sandbox.py``  the practice service inside a call or a command; ``practice_options.py`` its switches
- ``retention.py``  personal data of old runs, removed by the way
- ``clock.py``  the time that everything below goes by
"""

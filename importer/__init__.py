"""The map of the house. Data flows from top to bottom; an import points only to an earlier line.

    ../schemas/         one record type a file: a pandera model and where it lives in the API
    words.py            the nouns, and the catalogue of issues
    errors.py           what ends a command: exit codes and advice
    sentences.py        numbers, times and plans in words, the same in both doors
    credentials.py      the sign-in in the machine's keyring
    settings.py         defaults < files < environment < flags
    spreadsheet/        file -> Sheet: text cells with the addresses that the user sees
    checking/           Sheet -> typed records + issues; pure
    nexudus/            the remote service: signing in, calls, Reply; the only place that imports httpx
    delivery/           states and events, reply -> event, pacing, journal, sending, reconciling
    reporting/          a run -> CSV, XLSX, HTML, JSON, failed rows
    standing.py         how runs stand, from the journal alone
    mappings.py         columns that somebody chose, remembered
    sources.py          a file opened, kept and examined
    session.py          signed in, journal open, somebody watching
    following.py        a run as somebody watches it
    lookups.py          names of coworkers and resources looked up
    settling.py         rows in doubt settled before and after the sending
    planning.py         what is known before a run begins: names, rows that need no call, what the rest takes
    runs.py             the stages one after another: run, resume, retry, reconcile
    together.py         several files at once, each for its own account
    afterwards.py       what a run created, verified or taken back
    sandbox/            a local stand-in for the service; shares no code with the rest, on purpose
    practice.py         the sandbox as the doors use it
    doctor.py           what must be right before an import
    guide/              the manual, one page a topic, shown by the terminal and the page alike
    terminal.py         what the command line shows
    web/                the pages: routes, templates, static; keeps no state of its own
    cli/                the command line

Ten minutes: README's first screen, this map, words.py, delivery/states.py, runs.py.
"""

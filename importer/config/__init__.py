"""Settings, credentials, remembered columns, and the one store for every document that outlives a process.

- ``settings.py``       every setting, from defaults, files, environment and flags
- ``call_limits.py``    whether other limits keep the rate from being reached
- ``settings_file.py``  a file of settings to begin with
- ``spelling.py``       the setting or field that was meant by a mistyped name
- ``time_zone.py``      the time zone of this machine
- ``addresses.py``      when two addresses name one service
- ``notify_address.py``  where the message about the end of a run goes
- ``trust.py``          the folders whose settings file may say where secrets go
- ``credentials.py``    the sign-in in the machine's keyring
- ``saved_columns.py``  how files with a certain header are read
- ``probe_file.py``     what a probe of the service has shown
- ``installation.py``   the name of this installation
- ``home.py``           the importer's own folder, for its owner alone
- ``shelf.py``          where the documents lie that all machines of a journal must agree on
- ``store.py``          documents as private files, with the number of their format
"""

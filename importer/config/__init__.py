"""Settings, credentials, remembered columns, and the one store for every document that outlives a process."""

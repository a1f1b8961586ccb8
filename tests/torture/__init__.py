"""The importer killed at every place where it could hurt, and what is left compared with the file."""

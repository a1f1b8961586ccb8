"""Tests of the journal: what is durable, and what the database itself refuses."""

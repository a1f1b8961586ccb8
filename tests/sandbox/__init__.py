"""Tests of the practice service."""

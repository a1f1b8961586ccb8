"""Tests of settings and what is remembered."""

"""What `make test-later` changes for all tests at once, so that no thread of theirs can bring the process down."""

import ctypes
import os
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="libfaketime is for Linux")
def test_at_another_time_no_test_touches_the_environment_of_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libfaketime reads it in every thread; at this time it is set as ever, for programs that tests start."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    monkeypatch.setenv("IMPORTER_RATE", "none")
    assert os.environ["IMPORTER_RATE"] == "none"
    assert getenv(b"IMPORTER_RATE") == (None if "FAKETIME" in os.environ else b"none")

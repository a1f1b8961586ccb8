"""The record to probe with."""

import re
import uuid

import pytest

from importer.delivery.prober import subject
from schemas import RECORD_TYPES, RecordType

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("kind", RECORD_TYPES.values(), ids=lambda kind: kind.name)
def test_its_texts_look_like_ids_of_microsoft(kind: RecordType) -> None:
    """Those of the create and those of the update: a service may refuse anything else, and the probe tells nothing."""
    probe = subject(kind, kind.paths, {}, 1_900_000_000.0, TOKEN)
    texts = [text for text in (*probe.fields.values(), *probe.changes.values()) if re.search("-.*-", str(text))]
    assert len(texts) > 1
    assert {str(uuid.UUID(str(text))) for text in texts} == set(texts)

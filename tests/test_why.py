from pathlib import Path
def test_why(desk, service):
    done = desk.type("run", Path("/work/wt/trust/samples/google-calendars.csv"), "--yes", "--json")
    assert 0, (done.code, done.err)

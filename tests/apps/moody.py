"""An application whose import does what the file named by MOOD says, in workers."""

from __future__ import annotations

import os
import time
from pathlib import Path

from jobs_runtime import Jobs

path = Path(os.environ.get("MOOD", os.devnull))
mood = path.read_text()
if mood == "fine once":
    path.write_text("crash")
if mood == "hang aloud":
    print("hanging", flush=True)
if mood.startswith("hang"):
    time.sleep(600)
if mood == "crash":
    os._exit(7)

jobs = Jobs()


@jobs.job
def double(number: int) -> int:
    return number * 2

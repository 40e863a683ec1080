"""A pool of default workers that imports the jobs before it forks, as is documented."""

from __future__ import annotations

import os
import sys

from redis import Redis
from rq.worker_pool import WorkerPool

from benchmarks.peers.rq import app as app

if __name__ == "__main__":
    connection = Redis.from_url(os.environ["REDIS_URL"])
    WorkerPool(["default"], connection=connection, num_workers=int(sys.argv[1])).start()

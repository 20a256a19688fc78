"""One job in a process for each core; no worker outlives an interruption, or this process."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed


def each[Job: tuple[object, ...], Answer](
    do: Callable[..., Answer], jobs: Sequence[Job], workers: int
) -> Iterator[Answer]:
    """What `do` makes of the arguments of every job, as the answers come."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=_serve) as pool:
        begun = [pool.submit(do, *job) for job in jobs]
        try:
            for job in as_completed(begun):
                yield job.result()
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _serve() -> None:
    """In a worker: Ctrl-C is for the parent to handle, and without a parent there is no work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent:
            parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()

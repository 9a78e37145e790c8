"""A child process that ends when its parent does, however the parent dies."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None] | None:
    """A ``preexec_fn``: the kernel sends the child SIGTERM when its parent dies. Linux only.

    The signal follows the *thread* that starts the child, so start it from the main thread. Where
    there is no such thing (None is returned) the child may outlive a killed parent.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_kernel

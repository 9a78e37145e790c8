"""The worker process: ``python -m workers``. RQ runs one function, ``jobs.run_operation``."""

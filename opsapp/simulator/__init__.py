"""A local Microsoft Graph and login service over HTTPS, for the demo and the tests.

It runs as a process of its own (``python -m opsapp.simulator``) and keeps its state in memory.
Of OpsApp it uses only ``opsapp.exports``.
"""

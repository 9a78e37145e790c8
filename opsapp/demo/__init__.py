"""``make demo``: the whole application on made-up tenants, in one foreground command.

``supervisor`` starts and stops the processes, ``environment`` makes their configuration,
``tenants`` decides what the simulator holds, ``seed`` fills the database through the services.
"""


class DemoError(Exception):
    """The demo cannot start or go on. The message is for the person at the terminal."""

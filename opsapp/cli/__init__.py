"""``flask …``: parse, call a service, print."""

"""Notifications on their way out: e-mail and webhooks, tried until delivered or given up.

``outbox`` takes what is due; ``mail`` and ``webhook`` send it and know nothing of the application.
Only the workers send. Pages and commands write rows and read them.
"""

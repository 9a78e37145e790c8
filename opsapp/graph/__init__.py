"""Microsoft Graph for background work: tokens, throttling, paging, batches, typed errors.

A leaf: it knows nothing of the rest of OpsApp. Workers open a client with
``opsapp.graph.client.open_client`` and hand it to an operation. The web process imports only
``opsapp.graph.guard``, which makes any use of a client raise.
"""

"""Reading a tenant's configuration objects and keeping every version of them."""

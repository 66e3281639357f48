"""Routes of the HTTP API, a file per group. Each `router(service)` returns the routes of its group."""

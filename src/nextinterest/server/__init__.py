"""The HTTP server (extra ``serve``): recommendations, live events, items, probes and metrics."""

"""The control channel: HTTP and WebSocket on one port, and who may use them."""

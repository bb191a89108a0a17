"""The host's side: makes guests, asks them, ends them."""

"""Orders, and the receipts that are written for them."""

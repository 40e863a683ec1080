"""Orders, and the invoices that are rendered for them."""

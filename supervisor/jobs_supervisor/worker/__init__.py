"""A worker: claim, perform, finish, and the guard that hands back what a slow job holds up."""

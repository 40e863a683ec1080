"""Web applications that submit jobs in the transaction of their own rows."""

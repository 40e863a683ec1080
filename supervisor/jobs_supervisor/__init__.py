"""The process tree behind `jobs-supervisor`; `jobs_runtime` never imports it."""

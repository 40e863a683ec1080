-- Where an application has schedules that it wrote. Index: pgboss_schedule_pkey.
SELECT DISTINCT tables FROM jobs.pgboss_schedule WHERE owner = %(owner)s

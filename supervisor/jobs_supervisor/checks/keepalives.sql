-- What the server's end of this session goes by.
-- Index: none, four settings.
SELECT inet_client_addr() IS NULL,
       (SELECT setting::int FROM pg_settings WHERE name = 'tcp_keepalives_idle'),
       (SELECT setting::int FROM pg_settings WHERE name = 'tcp_keepalives_interval'),
       (SELECT setting::int FROM pg_settings WHERE name = 'tcp_keepalives_count'),
       (SELECT setting::int / 1000.0 FROM pg_settings WHERE name = 'tcp_user_timeout')::float8

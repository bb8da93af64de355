-- On the coordinator, once for every shard, as a superuser or a role that may use postgres_fdw. Shards are called shard0, shard1, shard2 …
--
--   psql -d COORDINATOR -v shard=shard0 -v host=10.0.0.10 -v port=5432 -v database=rag -v user=rag -v password=… -f coordinator_server.sql
--
-- With -v owner=ROLE that role may then run coordinator.sql; it need be no superuser.
-- Run again, it changes the address: after a shard has moved, or when its standby was promoted.

\set ON_ERROR_STOP on
\if :{?password} \else \set password '' \endif
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;

SELECT EXISTS (SELECT FROM pg_foreign_server WHERE srvname = :'shard') AS known \gset
\if :known
    ALTER SERVER :"shard" OPTIONS (SET host :'host', SET port :'port', SET dbname :'database');
    ALTER USER MAPPING FOR PUBLIC SERVER :"shard" OPTIONS (SET "user" :'user', SET password :'password');
\else
    CREATE SERVER :"shard" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
        host :'host', port :'port', dbname :'database',
        extensions 'vector',        -- without it the shards are not asked to order by distance: they would send every vector
        fetch_size '50',            -- a search wants some hundred rows of all shards together; a larger portion is sent for nothing
        async_capable 'true',       -- shards rank at the same time, not one after the other
        batch_size '1000',          -- rows of one INSERT while notes are put in
        connect_timeout '5', keepalives_idle '10', keepalives_interval '5', keepalives_count '3', tcp_user_timeout '30000',
        -- a shard is asked for its share of the candidates only: half of what one server that holds everything looks at
        options '-c hnsw.ef_search=100 -c hnsw.iterative_scan=relaxed_order -c jit=off -c plan_cache_mode=force_custom_plan'
    );
    CREATE USER MAPPING FOR PUBLIC SERVER :"shard" OPTIONS ("user" :'user', password :'password');
\endif
\if :{?owner}
    GRANT USAGE ON FOREIGN SERVER :"shard" TO :"owner";
\endif

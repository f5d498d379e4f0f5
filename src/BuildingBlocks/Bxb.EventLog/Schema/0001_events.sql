-- The log itself. Every text is compared by its bytes: COLLATE "C" is that, and is faster than a language's order.

create sequence event_log.position_seq as bigint start 1 cache 1 no cycle;

create table event_log.events (
    position             bigint not null,
    organization_id      integer not null,
    kind                 smallint not null,
    timestamp            timestamptz(3) not null,
    ingested_at          timestamptz(3) not null,
    digest               bigint not null,
    source               text collate "C" not null,
    transaction_id       text collate "C" not null,
    external_customer_id text collate "C" not null,
    code                 text collate "C" not null,
    properties           jsonb not null,
    trace_parent         text collate "C",
    primary key (position)
) partition by range (position);

-- Usage queries on PostgreSQL.
create index events_usage on event_log.events (organization_id, code, timestamp);

-- Which positions have a partition. Kept beside the catalog so that a changed partition size only concerns partitions still to be made.
create table event_log.event_partitions (
    from_position bigint primary key,
    to_position   bigint not null,
    table_name    text not null
);

-- What has been counted. transaction_id stands before source, so that an id is also found when nobody says its source.
create table event_log.event_keys (
    organization_id integer not null,
    transaction_id  text collate "C" not null,
    source          text collate "C" not null,
    position        bigint not null,
    digest          bigint not null,
    primary key (organization_id, transaction_id, source)
) with (
    -- Rows only ever come in: vacuum has to freeze them and keep the visibility map, in steps that stay small on a large table.
    autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 1000000,
    autovacuum_analyze_scale_factor = 0.05
);

-- Events whose identity was known with other content: what was sent, once per content.
create table event_log.conflicts (
    id                   bigint generated always as identity primary key,
    organization_id      integer not null,
    recorded_position    bigint not null,
    kind                 smallint not null,
    timestamp            timestamptz(3) not null,
    at                   timestamptz(3) not null default now(),
    digest               bigint not null,
    source               text collate "C" not null,
    transaction_id       text collate "C" not null,
    external_customer_id text collate "C" not null,
    code                 text collate "C" not null,
    properties           jsonb not null,
    trace_parent         text collate "C",
    unique (organization_id, transaction_id, source, digest)
);

create index conflicts_listing on event_log.conflicts (organization_id, id);

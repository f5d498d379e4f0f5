-- How far the relay has carried the log to a topic. position: everything up to it is in the topic, committed. offsets: per partition, the offset behind the last such record.
-- partitions: by this count the records behind position are spread. epoch grows with each take-over; whoever updates names his.
create table event_log.relay (
    topic text primary key,
    topic_id text not null,
    partitions integer not null check (partitions > 0),
    position bigint not null check (position >= 0),
    offsets bigint[] not null,
    epoch bigint not null,
    owner text not null,
    error text,
    updated_at timestamptz not null default clock_timestamp(),
    check (cardinality(offsets) = partitions)
) with (fillfactor = 50);

-- Some of the places that the relay has passed, for turning a position or a time into offsets: at the time, everything up to position stood below offsets, and nothing above it.
-- kept: the first one, and where the number of partitions changed; the others go with the topic's retention.
create table event_log.relay_flushes (
    topic text not null,
    position bigint not null,
    offsets bigint[] not null,
    at timestamptz not null default clock_timestamp(),
    kept boolean not null default false,
    primary key (topic, position)
);

create index relay_flushes_time on event_log.relay_flushes (topic, at);

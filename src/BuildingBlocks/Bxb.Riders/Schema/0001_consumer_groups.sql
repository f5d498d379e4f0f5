create schema if not exists event_log;

-- One row for each partition that a group reads; the PostgreSQL log has one. progress: everything up to it is processed. in_flight_*: edges of the batch in hand,
-- stored before the work. repeat_until: up to here everything was delivered before a rewind. owner_epoch grows with each take-over; whoever updates names his.
create table event_log.consumer_groups (
    group_name text not null,
    partition integer not null default 0,
    progress bigint not null,
    in_flight_first bigint,
    in_flight_last bigint,
    repeat_until bigint,
    owner text not null,
    owner_epoch bigint not null,
    error text,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (group_name, partition),
    check (progress >= 0),
    check ((in_flight_first is null) = (in_flight_last is null)),
    check (in_flight_first <= in_flight_last)
) with (fillfactor = 50);

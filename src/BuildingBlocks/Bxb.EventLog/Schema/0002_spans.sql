-- Access paths for the event list: a summary of each span of settled positions, written behind the appends (decision 13).

-- Spans that are summarized. They follow each other without holes and end where a partition ends.
create table event_log.spans (
    from_position bigint primary key,
    to_position   bigint not null,
    earliest      timestamptz(3), -- of the event times in it; null when it has no event
    latest        timestamptz(3),
    by_day        boolean not null
);

-- For each span, organization and term the positions of its events, as offsets from the span's first position. No positions: too many to be worth a list.
create table event_log.postings (
    from_position   bigint not null,
    organization_id integer not null,
    kind            smallint not null, -- 1: the term is a code, 2: a day of event time (UTC)
    term            text collate "C" not null,
    events          integer not null,
    positions       integer[],
    primary key (from_position, organization_id, kind, term)
) with (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 1000000);

-- For each span all of its events by customer, in 1,024 buckets of the hash of organization and customer: few rows, however many customers there are.
-- An entry is, from its highest bits down: 32 bits of the customer's hash, 10 of the code's, 17 of the offset from the span's first position.
create table event_log.customer_postings (
    from_position bigint not null,
    bucket        smallint not null,
    entries       bigint[] not null,
    primary key (from_position, bucket)
) with (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 1000000);

-- Hashes do not compress.
alter table event_log.postings alter column positions set storage external;
alter table event_log.customer_postings alter column entries set storage external;

create function event_log.customer_bucket(organization integer, customer text) returns smallint language sql immutable parallel safe
    return (hashtextextended(customer collate "C", organization) & 1023)::smallint;

create function event_log.customer_tag(organization integer, customer text) returns bigint language sql immutable parallel safe
    return (hashtextextended(customer collate "C", organization) >> 10) & 4294967295;

create function event_log.code_tag(code text) returns bigint language sql immutable parallel safe
    return hashtext(code collate "C") & 1023;

-- The positions that are in both lists. A list that is null says nothing.
create function event_log.common_positions(a integer[], b integer[]) returns integer[] language sql immutable parallel safe
    return case when a is null then b when b is null then a else array(select unnest(a) intersect select unnest(b)) end;

create aggregate event_log.all_positions(integer[]) (sfunc = array_cat, stype = integer[], parallel = safe);

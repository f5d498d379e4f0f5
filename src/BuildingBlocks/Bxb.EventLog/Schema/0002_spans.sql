-- Access paths for the event list: a summary of each span of settled positions, written behind the appends (decision 13).

-- Spans that are summarized. They follow each other without holes and end where a partition ends.
create table event_log.spans (
    from_position bigint primary key,
    to_position   bigint not null,
    by_day        boolean not null
);

-- For each span, organization and term the positions of its events, as offsets from the span's first position. No positions: too many to be worth a list.
create table event_log.postings (
    from_position   bigint not null,
    organization_id integer not null,
    kind            smallint not null, -- 1: the term is a customer, 2: a code, 3: a day of event time (UTC)
    term            text collate "C" not null,
    events          integer not null,
    earliest        timestamptz(3) not null,
    latest          timestamptz(3) not null,
    codes           bigint not null, -- one of 64 bits for each code; two codes can share one
    positions       integer[],
    primary key (from_position, organization_id, kind, term)
) with (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 1000000);

create function event_log.code_bit(code text) returns bigint language sql immutable parallel safe
    return 1::bigint << (hashtext(code collate "C") & 63);

-- The positions that are in both lists. A list that is null says nothing.
create function event_log.common_positions(a integer[], b integer[]) returns integer[] language sql immutable parallel safe
    return case when a is null then b when b is null then a else array(select unnest(a) intersect select unnest(b)) end;

create aggregate event_log.all_positions(integer[]) (sfunc = array_cat, stype = integer[], parallel = safe);

-- A replay delivers again what a group has processed: in place, or into a second copy of its store. ending: how it is to end once nobody works on it any more.
-- run grows with each host that takes a copy up; whoever updates names his.
-- reached: of a copy, what it surely holds; of a replay in place, where a partition left that did not come to its end. handed_out: what a copy was given up to, at least once.
create table event_log.replays (
    id bigint generated always as identity primary key,
    group_name text not null,
    target text not null check (target in ('live', 'shadow')),
    source text not null check (source in ('log', 'kafka')),
    note text,
    state text not null default 'running' check (state in ('running', 'verifying', 'swapping', 'done', 'cancelled', 'failed')),
    run bigint not null default 0,
    ending text check (ending in ('cancelled', 'failed')),
    error text,
    from_position bigint not null check (from_position >= 0),
    to_position bigint not null check (to_position >= from_position),
    estimate bigint not null,
    reached bigint,
    handed_out bigint not null default 0,
    events bigint not null default 0,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);

create unique index replays_one_of_a_group on event_log.replays (group_name) where state in ('running', 'verifying', 'swapping');
create index replays_of_a_group on event_log.replays (group_name, id);

-- A partition's part in a replay in place. Asked for: resume_at is null, and its owner begins it when he sees it. Begun: progress is the replay's, everything up to replay_until
-- comes again, and then progress goes on from resume_at, up to which everything was processed before and is all the while.
alter table event_log.consumer_groups
    add column replay_id bigint,
    add column replay_from bigint,
    add column replay_from_offset bigint,
    add column replay_until bigint,
    add column replay_events bigint not null default 0,
    add column resume_at bigint,
    add column resume_offset bigint,
    add check ((replay_id is null) = (replay_from is null) and (replay_id is null) = (replay_until is null)),
    add check (resume_at is null or replay_id is not null and replay_until <= resume_at);

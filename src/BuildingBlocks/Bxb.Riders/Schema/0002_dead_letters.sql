create table event_log.dead_letters (
    id bigint generated always as identity primary key,
    group_name text not null,
    position bigint not null,
    organization_id integer not null,
    code text not null,
    record jsonb not null,
    reason text not null,
    exception text not null,
    attempts integer not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    state text not null default 'pending' check (state in ('pending', 'requeued', 'discarded')),
    note text,
    unique (group_name, position)
);

create index dead_letters_requeued on event_log.dead_letters (group_name, id) where state = 'requeued';
create index dead_letters_organization on event_log.dead_letters (organization_id, id);

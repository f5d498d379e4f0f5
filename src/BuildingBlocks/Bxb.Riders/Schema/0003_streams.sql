-- Progress belongs to a stream: the log itself, or a topic. Positions mean the same in all of them; partitions and offsets do not. Offsets stand beside the positions
-- so that reading goes on without a search, and for tools.
alter table event_log.consumer_groups
    add column stream text not null default 'postgresql',
    add column next_offset bigint,
    add column in_flight_first_offset bigint,
    add column in_flight_last_offset bigint;
alter table event_log.consumer_groups alter column stream drop default;

-- Where a dead letter was read. A record of a topic that cannot be read at all has no position that anyone knows: it has 0, and goes by its offset.
alter table event_log.dead_letters
    add column topic text,
    add column partition integer not null default 0,
    add column record_offset bigint,
    drop constraint dead_letters_group_name_position_key;
create unique index dead_letters_position on event_log.dead_letters (group_name, position) where position > 0;
create unique index dead_letters_offset on event_log.dead_letters (group_name, topic, partition, record_offset) where position = 0;

-- How often a dead letter was written to its topic, where there is one; it is again after each further attempt.
alter table event_log.dead_letters add column published_attempts integer not null default 0;
create index dead_letters_unpublished on event_log.dead_letters (id) where attempts > published_attempts;

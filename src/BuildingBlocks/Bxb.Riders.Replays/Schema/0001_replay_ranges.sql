-- What a partition delivers again for a replay in place. The table event_log.replays is older than this set of migrations: the set riders created it.
-- progress: null until the owner of the partition begins the range; then everything up to it was delivered again. in_flight_*: edges of the batch in hand, stored before the work.
-- The progress of the group stays where it is meanwhile. Every write by an owner must match owner_epoch in consumer_groups.
create table event_log.replay_ranges (
    group_name text not null,
    partition integer not null,
    replay_id bigint not null references event_log.replays (id),
    from_position bigint not null,
    from_offset bigint,
    until_position bigint not null,
    progress bigint,
    next_offset bigint,
    in_flight_first bigint,
    in_flight_last bigint,
    in_flight_first_offset bigint,
    in_flight_last_offset bigint,
    events bigint not null default 0,
    primary key (group_name, partition),
    foreign key (group_name, partition) references event_log.consumer_groups (group_name, partition) on delete cascade,
    check ((in_flight_first is null) = (in_flight_last is null)),
    check (in_flight_first <= in_flight_last),
    check (progress is not null or in_flight_first is null)
) with (fillfactor = 50);
create index replay_ranges_of_a_replay on event_log.replay_ranges (replay_id);

-- Hosts of the earlier version may be at work: their writes end before the lock is granted, and afterwards they fail.
lock table event_log.consumer_groups in access exclusive mode;

insert into event_log.replay_ranges
    (group_name, partition, replay_id, from_position, from_offset, until_position, progress, next_offset, in_flight_first, in_flight_last, in_flight_first_offset, in_flight_last_offset, events)
select group_name, partition, replay_id, replay_from, replay_from_offset, replay_until, progress, next_offset,
    in_flight_first, in_flight_last, in_flight_first_offset, in_flight_last_offset, replay_events
from event_log.consumer_groups where resume_at is not null
union all
select group_name, partition, replay_id, replay_from, replay_from_offset, replay_until, null, null, null, null, null, null, 0
from event_log.consumer_groups where replay_id is not null and resume_at is null;

-- The new epoch refuses the owner that has a batch of the range in hand: it would store the batch as done for the group and not for the range.
update event_log.consumer_groups
set progress = resume_at, next_offset = resume_offset, in_flight_first = null, in_flight_last = null, in_flight_first_offset = null, in_flight_last_offset = null,
    owner_epoch = owner_epoch + 1
where resume_at is not null;

alter table event_log.consumer_groups
    drop column replay_id,
    drop column replay_from,
    drop column replay_from_offset,
    drop column replay_until,
    drop column replay_events,
    drop column resume_at,
    drop column resume_offset;

-- confirmed_at: when the owner of a partition last confirmed that it reads it; null once it has released it. The group counts as read while this is recent.
-- compared_epoch: the owner of this epoch has compared the consumer's store with the progress, and has gone back where the store held less.
-- last_record: no record of the partition lies between this position and progress. Progress also moves over gaps, this does not.
alter table event_log.consumer_groups
    add column confirmed_at timestamptz,
    add column compared_epoch bigint,
    add column last_record bigint not null default 0;
update event_log.consumer_groups set last_record = greatest(progress, in_flight_last, repeat_until, resume_at);

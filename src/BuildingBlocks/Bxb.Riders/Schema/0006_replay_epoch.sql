-- epoch grows with each host that takes over a replay into a copy. Every update by that host must match it.
alter table event_log.replays rename column run to epoch;

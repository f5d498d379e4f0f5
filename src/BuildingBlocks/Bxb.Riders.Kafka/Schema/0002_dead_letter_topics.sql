-- How often a dead letter was written to its topic; it is again after each further attempt.
alter table event_log.dead_letters add column published_attempts integer not null default 0;
create index dead_letters_unpublished on event_log.dead_letters (id) where attempts > published_attempts;

-- What an organisation's roles ask for: docs/training.md. No row before has it: the event is new.

alter table organizations add column required_training jsonb not null default '{}';  -- role: names of courses

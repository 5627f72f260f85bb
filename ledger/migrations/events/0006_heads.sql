-- Whom head counts count: a constraint row each, so that nobody is counted by heads and by name at once.
create table shift_heads (
    group_attendance text    primary key,
    shift            text    not null,
    heads            integer not null check (heads >= 0)
);
create index shift_heads_that_count on shift_heads (shift) where heads > 0;

-- What was counted before: the last figure said, or nobody when the last word is that it counts no more.
with told as (
    select distinct on (stream) stream, type, convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'head_count' as heads
    from events
    where type in ('group-attendance-recorded', 'group-attendance-corrected', 'group-attendance-withdrawn',
                   'group-hours-declined', 'group-hours-reversed')
    order by stream, version desc
)
insert into shift_heads (group_attendance, shift, heads)
select stream, array_to_string((string_to_array(stream, '/'))[1:4], '/'), coalesce(heads::integer, 0) from told;

grant select, insert, update on shift_heads to ledger_service;

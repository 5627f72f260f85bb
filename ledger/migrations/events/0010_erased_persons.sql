-- Whether somebody was erased is asked by every command that begins something under their name.
create unique index events_erasures on events (stream) where type in ('volunteer-erased', 'member-erased');

-- What an erased person is registered for is ended: registrations lie with their shifts, in any partition.
create index events_registrations_of_person on events (split_part(stream, '/', 6))
    where version = 1 and type in ('registration-accepted', 'registration-requested', 'registration-waitlisted');

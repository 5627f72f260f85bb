-- Open claims are looked for again and again, among all events.
create index events_claims on events (partition, position) where type = 'hours-claimed';

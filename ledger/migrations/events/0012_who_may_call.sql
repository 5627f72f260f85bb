-- Who may call is read from the events themselves (decision 19): these few types, wherever they stand.
create index events_of_access on events (partition, position)
where type in (
    'client-registered', 'client-updated', 'client-revoked',
    'member-appointed', 'appointment-ended', 'initiative-registered'
);

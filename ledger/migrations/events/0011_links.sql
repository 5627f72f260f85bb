-- Names that were ever linked: every verification asks for its person's.
create index events_linked on events (stream) where type = 'volunteer-linked';

-- Which names are linked now: who follows asks it when a link was made or ended.
create index events_links on events (stream, version) where type in ('volunteer-linked', 'volunteer-link-ended');

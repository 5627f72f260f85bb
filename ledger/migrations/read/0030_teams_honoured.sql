-- Teams that are honoured: docs/recognition.md. What was told before was told of persons, and says null.

alter table milestones add column persons_count integer;
alter table honours add column persons_count integer;
-- All hours served with an initiative. Lines of organisations, which are nearly all there are, are not in it.
create index journal_lines_of_initiative on journal_lines (hashtext(organization), partition, position)
    where starts_with(organization, 'initiatives/');

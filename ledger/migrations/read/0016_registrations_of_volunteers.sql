-- Whether a person serves with an organisation is asked for every look of its coordinators.
create index registrations_of_volunteer on registrations (volunteer);

-- What was typed into a form that came after its session had ended: for that person alone, for a day.
CREATE TABLE kept_forms (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    path TEXT NOT NULL,
    page TEXT NOT NULL,
    with_files BOOLEAN NOT NULL,
    fields_json TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX kept_forms_person_id ON kept_forms (person_id, at);

-- Popular lists are of days, and days are of a time zone, so the zone belongs to what the views are:
-- its IANA name. '' is written by releases that know no zone; they fold no popular list either.

ALTER TABLE checkpoint ADD COLUMN zone TEXT NOT NULL DEFAULT '';

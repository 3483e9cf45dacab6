-- A pay-in that is announced (camt.057) stands among the movements from the day it is announced, with the day on which it is expected. It books
-- nothing: only the settlement bank's confirmation does.
ALTER TABLE projections.movements ADD COLUMN expected_on date;

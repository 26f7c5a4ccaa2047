"""The life of the court's keys: steps and what they do, audit trail, drill and re-issue after a compromise."""

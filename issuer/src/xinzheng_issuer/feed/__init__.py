"""The re-listing feed: records of the public list come in, certificates they contradict go out of force."""

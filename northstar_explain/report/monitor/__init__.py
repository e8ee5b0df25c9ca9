"""Pages about runs and campaigns: the page of `explain monitor`, and the readout of a campaign."""

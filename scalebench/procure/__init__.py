"""From measured capacity and quoted prices to a decision: which offer, how many, at what cost, and how sure."""

"""What a person sees of a server: the page that the operator hands to the CRM, and what programs read of it."""

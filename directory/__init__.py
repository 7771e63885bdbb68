"""Who is who: the extensions of the company, and the telephones that stand for them."""

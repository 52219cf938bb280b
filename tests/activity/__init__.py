"""Small cases in which a chosen kind of rule, price or row is active in the optimum, found with the brute force."""

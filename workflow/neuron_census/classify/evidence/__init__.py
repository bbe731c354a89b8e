"""How sure the census is: documents as sampling units, what more of them would wake, and the text behind neurons."""

"""The library: what notebooks and the commands `look` and `ask` read of a census, and of a model beside it."""

"""Count: from recordings to exact counts, in which there is no threshold yet."""

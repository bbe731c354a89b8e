"""What a published census says of itself: a data card, Croissant metadata and an RO-Crate."""

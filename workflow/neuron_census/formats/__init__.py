"""Every file that one verb writes and another reads: verbs meet here and nowhere else."""

"""The report: pages that say what a run found, show its figures and judge the paper's claims."""

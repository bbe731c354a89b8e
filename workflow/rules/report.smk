"""The report: `snakemake --report report.html` once the figures are drawn.

Needs: results/figures/{figure}.png and .csv
Makes: one HTML file with every figure, its numbers and its caption, and how it was made
"""


report: "../report/workflow.rst"

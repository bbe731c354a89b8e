# The whole workflow in one image (docs/sharing.md):
#
#     docker build --tag neuron-census .
#     docker run --rm --volume "$PWD:/census" neuron-census --cores 4
FROM python:3.12-slim

LABEL org.opencontainers.image.title="neuron-census" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"

COPY pyproject.toml requirements.lock README.md LICENSE Snakefile /opt/neuron-census/
COPY workflow /opt/neuron-census/workflow
COPY config /opt/neuron-census/config
COPY envs /opt/neuron-census/envs
COPY profiles /opt/neuron-census/profiles
COPY resources /opt/neuron-census/resources

# The versions of the lock, of what a run needs and not of what tests need.
RUN pip install --no-cache-dir --constraint /opt/neuron-census/requirements.lock --editable /opt/neuron-census

WORKDIR /census
ENTRYPOINT ["snakemake", "--snakefile", "/opt/neuron-census/Snakefile"]

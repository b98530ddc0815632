# The package with all that it needs, for a user without rights; the network is needed for building alone.
#   docker build --tag open-model-downloads .
#   docker run --rm --network none open-model-downloads make verify
# The base is named by its tag: we could fetch no image, so that its digest is not known.
FROM python:3.12-slim-bookworm

# Any git and make do; what makes results is pinned by requirements.lock.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 reader \
    && install --directory --owner reader /srv/package
USER 1000
WORKDIR /srv/package

# The lock first: as long as it is the same, the packages are not installed again.
COPY --chown=1000 requirements.lock Makefile ./
RUN make .venv/ready
COPY --chown=1000 . .
# A lock that was copied again looks newer than what was installed by it.
RUN touch .venv/ready

CMD ["make", "all"]

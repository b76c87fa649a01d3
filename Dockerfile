# Two images from one file, each with only its own dependencies, compiled to bytecode, run by user 65532:
#   docker build --target operator .        watches PdfJobs; kopf and a Kubernetes client, no PDF library
#   docker build --target chunk-runner .    processes PDFs; PDF libraries, no Kubernetes client
#
# Stages: base (Python), build (an installer, and the locked requirements with their hashes), packages (the dependencies of
# one image, but for requirements-unused.txt, in /app), project (this project, in /app/project), and the images. An image
# gets its dependencies and the project as two layers: a new version with the same dependencies is a small download.
#
# The tag moves with Debian's security updates. To build on one known base image, give its digest:
#   docker build --build-arg BASE_IMAGE=debian:trixie-slim@sha256:… --target operator .
ARG BASE_IMAGE=debian:trixie-slim

FROM ${BASE_IMAGE} AS base
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
ENV PATH=/app/project/bin:/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1


FROM base AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
RUN python3 -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir uv==0.13.9
# The file makes Python look for packages in /app/project too.
RUN python3 -m venv --without-pip /app \
    && for packages in /app/lib/python3*/site-packages; do echo /app/project > $packages/project.pth; done
WORKDIR /src
COPY pyproject.toml requirements.lock requirements-unused.txt ./
ENV VIRTUAL_ENV=/app \
    UV_EXCLUDE=requirements-unused.txt \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never


FROM build AS project
COPY README.md LICENSE ./
COPY operator operator
COPY chunk-runner chunk-runner
COPY cli cli
RUN /opt/build/bin/uv build --wheel --build-constraint requirements.lock --out-dir /wheel \
    && /opt/build/bin/uv pip install --compile-bytecode --no-deps --target /app/project /wheel/*.whl


FROM build AS operator-packages
RUN /opt/build/bin/uv pip install --constraint requirements.lock --compile-bytecode --group operator


FROM build AS chunk-runner-packages
RUN /opt/build/bin/uv pip install --constraint requirements.lock --compile-bytecode --group chunk-runner


FROM base AS operator
COPY --from=operator-packages /app /app
COPY --from=project /app/project /app/project
USER 65532:65532
ENTRYPOINT ["pdfjob-operator"]


FROM base AS chunk-runner
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
COPY --from=chunk-runner-packages /app /app
COPY --from=project /app/project /app/project
USER 65532:65532
ENTRYPOINT ["chunk-runner"]

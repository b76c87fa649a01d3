# `make` alone lists the targets. Everything they write is in this folder, save for test-cluster, test-all, install-yaml,
# images and the cluster targets: these install Debian packages, and keep what they build in $PDFJOB_CACHE or
# ~/.cache/pdfjob.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := uv==0.13.9
ATHERIS := atheris>=3
CELERY := celery>=5.5
SAMPLE := samples/lighthouse.pdf
# The Python of the images, which is that of Debian trixie, and the platforms that they are built for.
IMAGE_PYTHON := 3.13
PLATFORMS := x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu
RELEASE := dist/release
EXAMPLE := 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
PYTEST := $(BIN)/python -m pytest --no-loadscope-reorder
WITH_CLUSTERS := --numprocesses=4
export UV_CACHE_DIR ?= $(abspath $(VENV))/cache
# Tests start hundreds of programs: without cached bytecode, each would compile its libraries again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-cluster test-all lint format lock soak soak-histories mutants fuzz bench dashboard chart-readme install-yaml sbom chart release-check images cluster-up cluster-down clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "PdfJob needs Python 3.11 or newer: set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir '$(UV)'
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --system-certs --constraint requirements.lock --build-constraint requirements.lock --group dev --editable .
	@touch $@

demo: $(READY) ## process a sample PDF locally: no cluster, no API key
	@mkdir -p out
	$(BIN)/pdfjob run $(SAMPLE) --output out/lighthouse.json

test: $(READY) ## tests that need only Python packages: 5 minutes on two cores, no root
	$(PYTEST) --numprocesses=3 -m 'not (cluster or corpus or exhaustive)'

test-cluster: $(READY) ## tests that need Redis, poppler, Helm, promtool or Kubernetes, which it installs or builds first
	$(BIN)/python -m tools.prerequisites
	$(PYTEST) $(WITH_CLUSTERS) --by-turns -m '(cluster or corpus or needs) and not exhaustive'

test-all: $(READY) ## every test, and a quarter of the exhaustive cases, another one with each commit (CASES=all for all)
	$(BIN)/python -m tools.prerequisites
	$(PYTEST) $(WITH_CLUSTERS) --hypothesis-profile=exhaustive $(if $(filter all,$(CASES)),,--by-turns)

bench: $(READY) ## measure a PdfJob on a cluster beside bare Jobs and Celery: ARGS='--seconds 5 --runs 3'
	$(BIN)/python -m tools.prerequisites
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --system-certs --target $(VENV)/bench '$(CELERY)'
	PYTHONPATH=$(VENV)/bench:. $(BIN)/python -m benchmarks.waves --picture docs/timeline.svg $(ARGS)

soak: $(READY) ## run endless PdfJobs against a real control plane while the operator is killed: HOURS=1 JOBS=200
	PDFJOB_SOAK_HOURS=$(or $(HOURS),1) PDFJOB_SOAK_JOBS=$(or $(JOBS),200) $(BIN)/python -m pytest --capture=no tests/control_plane/test_soak.py

fuzz: $(READY) ## fuzz everything that is parsed from outside, guided by coverage: HOURS=1
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --system-certs --target $(VENV)/fuzz '$(ATHERIS)'
	PYTHONPATH=$(VENV)/fuzz:.:tests $(BIN)/python -m fuzz --hours $(or $(HOURS),1) --corpus $(VENV)/corpus

soak-histories: $(READY) ## play random histories against the operator in virtual time: HOURS=1 SEED=
	PDFJOB_SOAK_HOURS=$(or $(HOURS),1) PDFJOB_SOAK_SEED=$(SEED) $(BIN)/python -m pytest --capture=no tests/simulation/random_histories/test_histories.py -k other

mutants: $(READY) ## take out one remedy after the other: the tests that docs/reliability.md names must fail (NAMES="…" for some)
	$(BIN)/python -m tools.mutants $(NAMES)

lint: $(READY) ## check formatting, style, types, the direction of imports, and that the images' packages have wheels for each platform
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/unit/test_dependencies.py
	for platform in $(PLATFORMS); do $(BIN)/uv pip install --quiet --system-certs --dry-run --target $(VENV)/wheels --only-binary :all: \
		--python-version $(IMAGE_PYTHON) --python-platform $$platform --constraint requirements.lock --excludes requirements-unused.txt --group operator --group chunk-runner \
		|| exit 1; done

format: $(READY) ## format the code and apply automatic fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: ## update requirements.lock to the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--upgrade --group dev --output-file requirements.lock pyproject.toml

dashboard: $(READY) ## generate the chart's Grafana dashboard from tools/generators/dashboard/panels.py
	$(BIN)/python -m tools.generators.dashboard.grafana > charts/pdfjob-operator/files/dashboard.json

chart-readme: $(READY) ## generate the chart's README table and schema from values.yaml
	$(BIN)/python -m tools.generators.chart.values

install-yaml: $(READY) ## render the chart to dist/install.yaml, for use without Helm: NAMESPACE=pdfjob VALUES=my-values.yaml
	@mkdir -p dist
	$$($(BIN)/python -m tools.generators.chart.helm) template pdfjob charts/pdfjob-operator --no-hooks --kube-version 1.33.0 \
		--namespace $(or $(NAMESPACE),pdfjob) $(addprefix --values=,$(VALUES)) > dist/install.yaml

sbom: $(READY) ## list each image's Python packages in CycloneDX files below dist
	@mkdir -p $(RELEASE)/sbom
	for image in operator chunk-runner; do \
		$(BIN)/uv pip compile --quiet --system-certs --generate-hashes --no-header --no-annotate --excludes requirements-unused.txt \
			--python-version $(IMAGE_PYTHON) --python-platform linux --constraint requirements.lock --group $$image \
			--output-file $(RELEASE)/sbom/$$image.txt > /dev/null \
		&& $(BIN)/cyclonedx-py requirements $(RELEASE)/sbom/$$image.txt --output-reproducible --output-file $(RELEASE)/sbom/$$image.cdx.json \
		&& rm $(RELEASE)/sbom/$$image.txt || exit 1; done

chart: $(READY) ## package the chart for published images: REGISTRY=registry.example.com/books OPERATOR=sha256:… CHUNK_RUNNER=sha256:…
	$(BIN)/python -m tools.release.chart $(REGISTRY) --operator $(OPERATOR) --chunk-runner $(CHUNK_RUNNER) --folder dist/chart

release-check: $(READY) ## check and build all of a release that needs no registry: TAG=v0.1.0 once the version is tagged
	rm -rf $(RELEASE) $(VENV)/installed
	@mkdir -p $(RELEASE)
	$(BIN)/python -m tools.release.version $(TAG) > $(RELEASE)/NEWS.md
	$(BIN)/python -m tools.release.workflows
	$(BIN)/uv build --quiet --system-certs --build-constraint requirements.lock --out-dir $(RELEASE)/python
	$(PYTHON) -m venv $(VENV)/installed
	VIRTUAL_ENV=$(VENV)/installed $(BIN)/uv pip install --quiet --system-certs --constraint requirements.lock --excludes requirements-unused.txt $(RELEASE)/python/*.whl
	$(VENV)/installed/bin/pdfjob --version
	$(VENV)/installed/bin/pdfjob run $(SAMPLE) --pages 1-2 --output $(VENV)/installed/lighthouse.json
	$(MAKE) sbom
	$(MAKE) chart REGISTRY=registry.example.com OPERATOR=sha256:$(EXAMPLE) CHUNK_RUNNER=sha256:$(EXAMPLE)

images: $(READY) ## build both images from the Dockerfile and load them into the running test cluster
	$(BIN)/python -m tools.testcluster images

cluster-up: $(READY) ## start a one-node Kubernetes cluster and print the lines that select it
	$(BIN)/python -m tools.testcluster up

cluster-down: $(READY) ## stop and remove that cluster
	$(BIN)/python -m tools.testcluster down

clean: ## remove everything that was built here, except the cache folder
	rm -rf $(VENV) out build dist

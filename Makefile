# Everything below needs only Python 3.11 or newer, pip and make; the environment lives in .venv.
# pip uses your own configuration (index, proxy, cache): nothing is set here.

PYTHON ?= python3
ARGS ?=
NAME ?=

ENV := .venv
RUN := $(ENV)/bin/python

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help compare test lint bench exhaustive golden clean FORCE

help: ## list the targets
	@echo 'make TARGET [ARGS="options passed on"] [PYTHON=python3.x]'
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

compare: $(ENV)/compare.ok ## set up, then compare activations on real data: ARGS="--data my.csv --target y"
	@$(RUN) -m actlab compare $(ARGS)

test: $(ENV)/test.ok ## set up, then run the tests: ARGS="-k relu -x"
	@$(RUN) -m pytest -n auto $(ARGS)

lint: $(ENV)/test.ok ## check style and types
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy

# JAX is a peer and nothing else needs it: where it cannot be installed, the rest is measured.
bench: $(ENV)/test.ok ## measure speed against PyTorch, JAX, NumPy and others: ARGS="--only A,B --functions silu"
	@$(RUN) -m pip show -q jax 2>/dev/null || \
		$(RUN) -m pip install --disable-pip-version-check -c constraints.txt jax || true
	@$(RUN) -m benchmarks $(ARGS)

exhaustive: $(ENV)/test.ok ## prove the accuracy for every float32, minutes a function: NAME=silu or NAME=all
	@$(RUN) -m actlab.verification $(NAME) $(ARGS)

golden: $(ENV)/test.ok ## rewrite the expected command-line output in tests/golden
	@ACTLAB_GOLDEN=write $(RUN) -m pytest -q tests/cli $(ARGS)

clean: ## delete the environment and everything that was built
	rm -rf $(ENV) build dist actlab-compare* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# ---------------------------------------------------------------------------------------------------------
# The environment. A stamp says which extras it holds; it is out of date when pyproject.toml or
# constraints.txt is newer, and void when the interpreter is gone or the folder was moved or copied, because
# the installed package would then be another folder's.

OURS = import importlib.util as u, os; assert os.path.samefile(u.find_spec("actlab").origin, "src/actlab/__init__.py")

ifneq ($(wildcard $(ENV)/*.ok),)
ifneq ($(shell $(RUN) -c '$(OURS)' 2>/dev/null && echo yes),yes)
$(ENV)/compare.ok $(ENV)/test.ok: FORCE
endif
endif

$(ENV)/compare.ok: pyproject.toml constraints.txt
	$(call install,compare)

$(ENV)/test.ok: pyproject.toml constraints.txt
	$(call install,compare$(comma)dev)
	@touch $(ENV)/compare.ok

comma := ,

# `unfinished` marks an installation that was interrupted: half-copied packages look installed to pip, so the
# environment is then made anew.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'actlab needs Python 3.11 or newer as $(PYTHON); name another one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo '$(PYTHON) cannot make environments (no venv or ensurepip); install your system package python3-venv' >&2; exit 1; }
	@rm -f $(ENV)/*.ok
	@test ! -e $(ENV)/unfinished && $(RUN) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(ENV)
	@touch $(ENV)/unfinished
	@echo 'installing actlab[$(1)] into $(ENV); the first time this takes a few minutes' >&2
	@$(RUN) -m pip install --disable-pip-version-check -c constraints.txt -e '.[$(1)]'
	@rm $(ENV)/unfinished
	@touch $@
endef

FORCE:

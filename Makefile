# Every target is one Python command, which README.md names for machines without make.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: serve book slides pdf exam notebooks lab test coverage bench clean

serve: book
	$(RUN) site/serve.py

book: $(VENV)/ready
	$(RUN) site/build.py

slides: $(VENV)/ready
	$(RUN) site/build.py --slides

pdf: book
	$(RUN) site/pdf.py

exam: $(VENV)/ready
	$(RUN) site/exam.py

notebooks: $(VENV)/ready
	$(RUN) site/build.py --notebooks

lab: notebooks
	$(RUN) -m jupyterlab _build/notebooks

test: $(VENV)/ready
	$(RUN) -m pytest

coverage: $(VENV)/ready
	$(RUN) -m pytest tests lrlib --ignore=tests/browser --ignore=tests/test_notebooks.py --ignore=tests/test_build.py --cov --cov-report=term-missing:skip-covered --cov-fail-under=95

bench: book
	$(RUN) bench/run.py

clean:
	rm -rf _build $(VENV) lrlib.egg-info

# Made anew when the lock has changed; a half-made environment has no stamp.
$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); sys.exit(None if ok else "This book needs Python 3.11, 3.12 or 3.13, but $(PYTHON) is %d.%d. Name another: make serve PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv --clear $(VENV)
	$(RUN) -m pip install --require-hashes -r requirements.lock
	$(RUN) -m pip install --no-build-isolation --no-deps -e .
	@touch $@

# The service's image. First the wheel is built with the locked tools, then only what runs is kept.
FROM python:3.12-slim AS build
WORKDIR /src
COPY deploy/tools/installer.lock ./
RUN python -m venv /tools && /tools/bin/pip install --no-cache-dir --require-hashes -r installer.lock
COPY requirements.lock requirements-runtime.lock ./
RUN VIRTUAL_ENV=/tools /tools/bin/uv pip install --require-hashes -r requirements.lock
RUN python -m venv /service && VIRTUAL_ENV=/service /tools/bin/uv pip install --require-hashes -r requirements-runtime.lock
COPY pyproject.toml hatch_build.py LICENSE ./
COPY protos protos
COPY third_party third_party
COPY ledger ledger
COPY consumers consumers
RUN /tools/bin/python -m hatchling build -t wheel -d /wheel \
    && VIRTUAL_ENV=/service /tools/bin/uv pip install --no-deps /wheel/*.whl \
    # Who runs it may not write there: every start would compile all of it first.
    && /service/bin/python -m compileall -q -j 0 /service/lib

FROM python:3.12-slim
# Arabic on statements is set in Amiri.
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-hosny-amiri \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home ledger \
    # A volume mounted here begins with this owner and mode.
    && install -d -m 0700 -o ledger -g ledger /var/lib/volunteer-hours-ledger/signer \
        /var/lib/volunteer-hours-ledger/signer-access \
        /var/lib/volunteer-hours-ledger/issuer
COPY --from=build /service /service
ENV PATH=/service/bin:$PATH PYTHONUNBUFFERED=1
USER ledger
WORKDIR /home/ledger
EXPOSE 50051 8080
ENTRYPOINT ["hours-ledger"]
CMD ["serve"]

# halfopen in a container. Written where no Docker was: each step was run by hand, the file itself never was.
#
#   docker build -t halfopen .
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:8400:8400 -e FEED_PASSWORD \
#     -v /etc/halfopen:/etc/halfopen:ro -v halfopen:/var/lib/halfopen halfopen
#
# A relative path in halfopen.toml counts from /etc/halfopen, which is mounted read only: let `state` and
# `limits.spool` point into /var/lib/halfopen and /tmp.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/bootstrap.txt requirements/runtime.txt requirements/
RUN python -m venv /opt/halfopen \
 && /opt/halfopen/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w wheels . \
 && /opt/halfopen/bin/pip install --no-cache-dir --no-deps wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/halfopen --create-home halfopen
COPY --from=build /opt/halfopen /opt/halfopen
ENV PATH=/opt/halfopen/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/lib/halfopen
EXPOSE 8400
HEALTHCHECK --interval=30s --timeout=5s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8400/healthz', timeout=4)"]
ENTRYPOINT ["halfopen"]
CMD ["serve", "--config", "/etc/halfopen/halfopen.toml", "--host", "0.0.0.0", "--port", "8400"]

# Web side and consumer in one container, for those who run everything in containers; compose.yaml starts it.
FROM python:3.11-slim-bookworm

RUN useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin estivador \
    && install -d -o estivador -g estivador -m 0700 /var/lib/estivador
WORKDIR /srv/estivador
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --requirement requirements.txt
COPY wsgi.py gunicorn.conf.py supervisord.conf ./
COPY app app
COPY tools tools
# A checkout made under a strict umask is readable by its owner only.
RUN chmod -R a+rX .

# In the container it listens on all addresses; which of the host's it is reached at, who starts it decides, and says so with
# ESTIVADOR_IN_FRONT: loopback (published on 127.0.0.1 alone, as by compose.yaml) or tls (behind a server that ends TLS).
ENV ESTIVADOR_HOST=0.0.0.0 \
    ESTIVADOR_INSTANCE=/var/lib/estivador \
    PYTHONDONTWRITEBYTECODE=1
USER estivador
VOLUME /var/lib/estivador
EXPOSE 8000
CMD ["python", "-m", "tools.run"]

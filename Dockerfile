# Madang in a container: `docker build -t madang .` and then, with the embedded files in a volume,
# `docker run -p 127.0.0.1:8080:8080 -v madang:/var/lib/madang madang`. docker-compose.yml has the whole stack.

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /build

# The dependencies, in a layer that lasts until one of them changes: the sources are stand-ins. Tests
# and benchmarks are named by the manifest, so they have to be there, too.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir src tests benches \
    && echo 'fn main() {}' >src/main.rs \
    && cp src/main.rs tests/main.rs \
    && cp src/main.rs benches/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --bin madang

# The sources. They are older than what was just built from the stand-ins, and cargo goes by age.
COPY migrations migrations
COPY src src
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin madang

# The same release of Debian: the binary is linked against its C library.
FROM debian:bookworm-20260824-slim

# For event stores whose certificate is of a public authority. The newest list is the right one.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 madang \
    && useradd --system --uid 10001 --gid madang --no-create-home --home-dir /var/lib/madang madang \
    && install -d -o madang -g madang -m 0750 /var/lib/madang

COPY --from=build /build/target/release/madang /usr/local/bin/madang
COPY deploy/health /usr/local/bin/madang-health

# A container's own 127.0.0.1 can be reached by nobody else.
ENV MADANG_LISTEN=0.0.0.0:8080 \
    MADANG_DATA_DIR=/var/lib/madang

# By number, so that whoever asks for a user that is not root can see that it is none.
USER 10001:10001
# A madang.toml may be mounted here.
WORKDIR /etc/madang
VOLUME /var/lib/madang
EXPOSE 8080

# Requests in flight get up to 20 s for their answers: whoever stops it waits longer than that.
STOPSIGNAL SIGTERM
# Live, not ready: what makes others restart a container must not be that one of its stores is away.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["madang-health", "live"]
ENTRYPOINT ["madang"]
CMD ["serve"]

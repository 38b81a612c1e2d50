FROM rust:1-slim-bookworm AS builder
WORKDIR /build
# The dependencies by themselves: this layer holds until Cargo.toml or Cargo.lock change.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir -p src benches/circle && touch src/lib.rs benches/circle/main.rs && echo 'fn main() {}' > src/main.rs \
 && cargo build --release --locked
COPY src src
COPY web web
# Newer than the empty sources, whatever times the checkout has.
RUN touch src/lib.rs src/main.rs && cargo build --release --locked --bin roda

FROM debian:bookworm-slim
# A new volume takes the owner of the folder that it is mounted on.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin roda \
 && install -d -o roda -g roda -m 700 /data /key
COPY --from=builder /build/target/release/roda /usr/local/bin/roda
ENV RODA_DATA=/data
USER 10001
VOLUME /data
EXPOSE 7400 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["roda", "health"]
ENTRYPOINT ["roda"]
CMD ["run"]

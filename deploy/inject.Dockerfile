# The image of `pannier inject` and of the admission webhook. From the root of the project:
#
#   docker build -f deploy/inject.Dockerfile -t pannier/inject:0.1.0-SNAPSHOT .
#   podman build --timestamp 0 -f deploy/inject.Dockerfile -t pannier/inject:0.1.0-SNAPSHOT .
#
# BUILD, BASE and MAVEN are as in the sidecar's Dockerfile.
ARG BUILD=maven:3-eclipse-temurin-25
ARG BASE=gcr.io/distroless/base-nossl-debian12:nonroot

FROM ${BUILD} AS assembled
WORKDIR /src
COPY . .
ARG MAVEN="mvn -q -B -Dmaven.test.skip=true -Dexec.skip=true -pl deploy/inject -am package"
RUN set -eu; \
    if [ "$MAVEN" != true ]; then rm -rf deploy/inject/target; fi; \
    $MAVEN; \
    home=/opt/pannier-inject; \
    jdk=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}; \
    mkdir -p $home; \
    cp -r deploy/inject/target/inject/lib $home/lib; \
    cp $(ls deploy/inject/target/pannier-inject-*.jar | grep -v -e '-tests.jar' -e '-sources.jar') $home/lib/pannier-inject.jar; \
# The first is for picocli's dates, the last for TLS.
    "$jdk/bin/jlink" --add-modules java.sql,java.logging,jdk.httpserver,jdk.crypto.ec \
      --strip-debug --no-man-pages --no-header-files --output $home/java; \
    chmod -R a+rX $home; \
    find $home -exec touch -h -d @0 {} +

FROM ${BASE}
LABEL org.opencontainers.image.title="Pannier inject" \
      org.opencontainers.image.description="Puts Pannier, a logging and telemetry sidecar, into Pods: a command and an admission webhook."
COPY --from=assembled /opt/pannier-inject /opt/pannier-inject
ENV PATH=/opt/pannier-inject/java/bin:/usr/bin:/bin \
    MALLOC_ARENA_MAX=1 \
    LANG=C.UTF-8
USER 65532:65532
ENTRYPOINT ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-XX:-UsePerfData", "-cp", "/opt/pannier-inject/lib/*", "dev.pannier.inject.Main"]
CMD ["--help"]

# The host alone, for servers of PostgreSQL, ClickHouse and Kafka: the embedded engines are not in it.
#   docker build -t bxb-host:0.1.0 .

# librdkafka, on the same system as the image that runs it, so that the libraries it was linked with are the ones it finds.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble AS native
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev make npm libssl-dev libsasl2-dev zlib1g-dev libzstd-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /native
COPY src/BuildingBlocks/Bxb.Riders.Kafka/Native/build-librdkafka.mjs src/BuildingBlocks/Bxb.Embedded/Binaries/machine-cache.mjs ./
ENV BXB_ENGINE_CACHE=/cache
RUN node build-librdkafka.mjs \
 && for feature in tls scram oauthbearer gssapi gzip zstd; do grep -qw "$feature" /cache/librdkafka-2.15.1/librdkafka.features || { echo "librdkafka lacks $feature"; exit 1; }; done

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/Bxb.Host -c Release -o /app -p:BxbFetchEngines=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
RUN apt-get update \
 && apt-get install -y --no-install-recommends curl tzdata libsasl2-2 libsasl2-modules-gssapi-mit zlib1g libzstd1 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app ./
COPY --from=native /cache/librdkafka-2.15.1/librdkafka.* ./
ENV ASPNETCORE_URLS=http://+:8080
EXPOSE 8080
# The user of the base image that may do nothing but run: it owns no file of the application.
USER $APP_UID
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["curl", "-fsS", "-o", "/dev/null", "http://localhost:8080/health/live"]
ENTRYPOINT ["dotnet", "Bxb.Host.dll"]

# The host alone, for servers of PostgreSQL, ClickHouse and Kafka: the embedded engines are not in it.
#   docker build -t bxb-host:0.1.0 .

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source
COPY . .
# For this system only: the Kafka client's library comes for seven of them.
RUN dotnet publish src/Bxb.Host -c Release -o /app --use-current-runtime --self-contained false -p:BxbFetchEngines=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
RUN apt-get update \
 && apt-get install -y --no-install-recommends curl \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app ./
ENV ASPNETCORE_URLS=http://+:8080
EXPOSE 8080
# The user of the base image that may do nothing but run: it owns no file of the application.
USER $APP_UID
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["curl", "-fsS", "-o", "/dev/null", "http://localhost:8080/health/live"]
ENTRYPOINT ["dotnet", "Bxb.Host.dll"]

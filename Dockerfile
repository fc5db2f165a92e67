# The processor as a container runs it: without the embedded servers, as a user without rights.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
# What tidemark_build_info says: --build-arg TIDEMARK_COMMIT=$(git rev-parse HEAD)
ARG TIDEMARK_COMMIT=unknown
RUN npm run build

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    TIDEMARK_DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY bin bin
COPY schemas schemas
COPY clickhouse clickhouse
# For what producers register while SCHEMA_REGISTRY_URL is unset.
RUN install -d -o node -g node /data
VOLUME /data
# The user node of the image; by number, so that a host can see that it is not root.
USER 1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT || 8080}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/tidemark.js"]
CMD ["run"]

FROM node:24-alpine AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci --include=dev --ignore-scripts
COPY bin ./bin
COPY lib ./lib
COPY pipelines ./pipelines
RUN npm run build
# What runs is in the bundle. --build-arg STORE_CLIENT=redis adds the client for TOKEN_STORE, without what only developers
# read of it.
ARG STORE_CLIENT=
RUN mkdir program && mv dist package.json program \
  && if [ "$STORE_CLIENT" = redis ]; then \
    mkdir program/node_modules && mv node_modules/@redis program/node_modules \
    && find program/node_modules \( -name '*.map' -o -name '*.d.ts' \) -delete; \
  fi

FROM node:24-alpine
# Not below /app: a volume that is mounted there, as users of the original do, would hide the program.
WORKDIR /opt/droid2api
ENV NODE_ENV=production HOST=:: DATA_DIR=/app/data
COPY --from=build /build/program ./
COPY config.json ./
# Whoever runs it, also as a user that this image does not know, can keep the renewed login; its files are 0600.
RUN mkdir -p /app/data && chmod 1777 /app/data
USER node
VOLUME /app/data
EXPOSE 3000
# Where the program listens only its configuration tells.
HEALTHCHECK --interval=30s --timeout=10s --start-period=5s CMD ["node", "dist/bin/droid2api.js", "health"]
CMD ["node", "dist/bin/droid2api.js"]

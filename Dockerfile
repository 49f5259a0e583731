FROM node:24-alpine AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY .build ./.build
COPY bin ./bin
COPY lib ./lib
COPY pipelines ./pipelines
# --build-arg STORE_CLIENT=redis keeps the client for TOKEN_STORE, without what only developers read of it.
ARG STORE_CLIENT=
RUN npm run build \
  && mv node_modules/@redis /tmp && npm prune --omit=dev --ignore-scripts \
  && if [ "$STORE_CLIENT" = redis ]; then \
    mv /tmp/@redis node_modules && find node_modules/@redis \( -name '*.map' -o -name '*.d.ts' \) -delete; \
  fi

FROM node:24-alpine
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/app/data
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json config.json ./
# Whoever runs it, also as a user that this image does not know, can keep the renewed login; its files are 0600.
RUN mkdir data && chmod 1777 data
USER node
VOLUME /app/data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/bin/droid2api.js"]

# The server and the command line in one image: docker build -t rampart . && docker run -p 4001:4001 -v rampart:/data rampart
# What stands here is checked by test/house/deploy.test.ts; see docs/operations.md for what it means.

FROM node:24-bookworm-slim AS build
# better-sqlite3 is compiled where its prebuilt binary can't be had.
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 make g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /rampart
COPY . .
RUN npx -y pnpm@10.34.9 install --frozen-lockfile \
    && node scripts/run.mjs build \
    && npx -y pnpm@10.34.9 --filter @rampart/cli --prod --legacy deploy /app

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    RAMPART_HOST=0.0.0.0 \
    RAMPART_DATA_DIR=/data \
    NODE_COMPILE_CACHE=/data/compile-cache
RUN mkdir /data && chown 1000:1000 /data
COPY --from=build /app /app
# By number, so that an orchestrator can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 4001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.RAMPART_PORT??4001)+'/health').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/bin.js"]
CMD ["server"]

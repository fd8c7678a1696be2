-- What was done, what is being done, and by which replicas.

CREATE TABLE audit_events (
    id TEXT NOT NULL PRIMARY KEY,
    -- May be a tenant whose namespace an administrator labelled, so not one of `tenants`.
    tenant_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_label TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT,
    request_id TEXT NOT NULL,
    detail TEXT
);
CREATE INDEX audit_events_page ON audit_events (tenant_id, at, id);
CREATE INDEX audit_events_at ON audit_events (at);

CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    status BIGINT,
    body TEXT,
    PRIMARY KEY (scope, idempotency_key)
);
CREATE INDEX idempotency_started_at ON idempotency (started_at);

CREATE TABLE replicas (
    id TEXT NOT NULL PRIMARY KEY,
    heartbeat_at BIGINT NOT NULL,
    key_version BIGINT NOT NULL,
    session_seq BIGINT NOT NULL
);

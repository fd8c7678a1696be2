-- Who may sign in, who did, and what that gave them. Both engines run this same text: TEXT and
-- BIGINT only. Times are Unix milliseconds, digests SHA-256 in base64url.

-- A counter is also a lock: whoever raises one holds its row until the transaction ends, so the
-- numbers are committed in their own order. A sequence would not do that.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('allow_list', 0), ('ended_sessions', 0), ('signing_keys', 0);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    -- `@` and what follows the last one of `email`: the pattern of the whole domain.
    email_domain TEXT NOT NULL,
    name TEXT,
    created_at BIGINT NOT NULL,
    signed_in_at BIGINT NOT NULL
);
CREATE INDEX users_email ON users (email);
CREATE INDEX users_email_domain ON users (email_domain);

CREATE TABLE identities (
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    user_id TEXT NOT NULL REFERENCES users (id),
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, tenant_id)
);

CREATE TABLE allow_list (
    pattern TEXT NOT NULL PRIMARY KEY,
    -- An entry stands while an administrator or the configuration wants it.
    by_admin BIGINT NOT NULL,
    by_config BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    bound_provider TEXT,
    bound_subject TEXT
);

-- The entry of an exact address decides alone about that address; else the one of its domain does.
CREATE VIEW covered_users AS
SELECT u.id AS id
FROM users u
WHERE EXISTS (
        SELECT 1 FROM allow_list a
        WHERE a.pattern = u.email
          AND (a.bound_subject IS NULL OR EXISTS (
                SELECT 1 FROM identities i
                WHERE i.user_id = u.id AND i.provider = a.bound_provider AND i.subject = a.bound_subject))
    )
   OR (EXISTS (SELECT 1 FROM allow_list a WHERE a.pattern = u.email_domain)
       AND NOT EXISTS (SELECT 1 FROM allow_list a WHERE a.pattern = u.email));

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ends_at ON sessions (ends_at);

CREATE TABLE refresh_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE ended_sessions (
    seq BIGINT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL,
    ended_at BIGINT NOT NULL
);

CREATE TABLE cli_codes (
    hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT,
    again_at BIGINT,
    minted_key TEXT
);
CREATE INDEX cli_codes_expires_at ON cli_codes (expires_at);

CREATE TABLE device_codes (
    device_hash TEXT NOT NULL PRIMARY KEY,
    user_code_hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    interval_ms BIGINT NOT NULL,
    polls BIGINT NOT NULL,
    polled_at BIGINT,
    approved BIGINT,
    user_id TEXT,
    tenant_id TEXT,
    session_id TEXT,
    redeemed_at BIGINT
);
CREATE INDEX device_codes_expires_at ON device_codes (expires_at);

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    ordinal BIGINT NOT NULL UNIQUE,
    sealed TEXT NOT NULL,
    public TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retires_at BIGINT NOT NULL
);

CREATE TABLE proofs (
    hash TEXT NOT NULL PRIMARY KEY,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX proofs_expires_at ON proofs (expires_at);
